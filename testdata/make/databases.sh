#!/usr/bin/env bash
# PostgreSQL, MariaDB, Redis, memcached and the MQTT broker Mosquitto.

. "$(dirname "$0")/lib.sh"
for POSTGRES in /usr/lib/postgresql/*/bin; do :; done # the newest
[ -x "$POSTGRES/postgres" ] || die "postgres is missing; it is in the Debian package postgresql"
need psql postgresql-client
need mariadbd mariadb-server
need mariadb mariadb-client
need redis-server redis-server
need redis-cli redis-tools
need memcached memcached
need mosquitto mosquitto
need mosquitto_pub mosquitto-clients
certificate db
POSTGRES_PACKAGE=$(dpkg-query -S "$POSTGRES/postgres" | cut -d: -f1)

scene
install -d -o postgres "$WORK/pg" "$WORK/pg-run"
install -o postgres -m 600 "$WORK/db.key" "$WORK/pg.key"
in_server runuser -u postgres -- "$POSTGRES/initdb" -D "$WORK/pg/data" -A trust -U postgres >"$WORK/initdb.log"
echo 'host all all 192.0.2.0/24 scram-sha-256' >>"$WORK/pg/data/pg_hba.conf"
start_postgres() {
	start_in_server postgres runuser -u postgres -- "$POSTGRES/postgres" -D "$WORK/pg/data" -p "$1" -c listen_addresses='*' \
		-c unix_socket_directories="$WORK/pg-run" -c ssl=on -c ssl_cert_file="$WORK/db.crt" -c ssl_key_file="$WORK/pg.key"
	wait_tcp "$1"
	wait_for 20 in_server psql -h "$WORK/pg-run" -p "$1" -U postgres -c "alter role postgres password 'secret'"
}
query() { PGPASSWORD=secret in_client psql "host=$SERVER user=postgres $*" -c 'select 1' >>"$WORK/psql.log"; }
start_postgres 5432
record pgsql/usual.pcap 'tcp port 5432'
query sslmode=disable
keep "$POSTGRES_PACKAGE" postgresql-client -- 'login and a query in clear, port 5432' -- 'pgsql.type == "Simple query"' 'pgsql.type == "Data row"'
record pgsql/tls.pcap 'tcp port 5432'
query sslmode=require
keep "$POSTGRES_PACKAGE" postgresql-client -- 'SSLRequest, S, then TLS' -- 'pgsql.type == "SSL request"' tls.handshake.type==2
end_services
rm -f "$WORK/pg/data/postmaster.pid" # the server was killed
start_postgres 8432
record pgsql/odd-port.pcap 'tcp port 8432'
query port=8432 sslmode=prefer
keep "$POSTGRES_PACKAGE" postgresql-client -- 'SSLRequest and TLS on port 8432' -- -d tcp.port==8432,pgsql tls.handshake.type==2
record pgsql/odd-port-clear.pcap 'tcp port 8432'
query port=8432 sslmode=disable
keep "$POSTGRES_PACKAGE" postgresql-client -- 'login and a query in clear, port 8432' -- -d tcp.port==8432,pgsql 'pgsql.type == "Data row"'

scene
install -d -o mysql "$WORK/mysql"
in_server mariadb-install-db --no-defaults --user=mysql --datadir="$WORK/mysql" --auth-root-authentication-method=normal \
	--skip-test-db >"$WORK/mysql-install.log" 2>&1
printf "create user alice@'192.0.2.%%' identified by 'secret';\n" >"$WORK/init.sql"
start_mariadb() {
	start_in_server mariadb mariadbd --no-defaults --user=mysql --datadir="$WORK/mysql" --port="$1" --bind-address=0.0.0.0 \
		--socket="$WORK/mysql/socket" --pid-file="$WORK/mysql/pid" --skip-name-resolve "${@:2}"
	wait_tcp "$1"
}
select_one() { in_client mariadb --no-defaults -h "$SERVER" -u alice -psecret -e 'select 1' "$@" >>"$WORK/mysql.log"; }
start_mariadb 3306 --init-file="$WORK/init.sql" --ssl-cert="$WORK/db.crt" --ssl-key="$WORK/db.key"
record mysql/usual.pcap 'tcp port 3306'
select_one --skip-ssl
keep mariadb-server mariadb-client -- 'login and a query in clear, port 3306' -- mysql.server_greeting 'mysql.query == "select 1"'
record mysql/tls.pcap 'tcp port 3306'
select_one --ssl
keep mariadb-server mariadb-client -- 'greeting in clear, then TLS' -- mysql.server_greeting tls.handshake.type==2
end_services
start_mariadb 8306
record mysql/odd-port.pcap 'tcp port 8306'
select_one --skip-ssl -P 8306
keep mariadb-server mariadb-client -- 'login and a query in clear, port 8306' -- -d tcp.port==8306,mysql mysql.server_greeting

for case in usual:6379 odd-port:8379; do
	port=${case#*:}
	scene
	start_in_server redis redis-server --port "$port" --bind "$SERVER" --protected-mode no --save '' --dir "$WORK"
	wait_tcp "$port"
	record "redis/${case%:*}.pcap" "tcp port $port"
	for command in 'SET name value' 'GET name' 'INCR name'; do
		# shellcheck disable=SC2086 # words of the command
		in_client redis-cli -h "$SERVER" -p "$port" $command >>"$WORK/redis.log" 2>&1
	done
	keep redis-server redis-tools -- "a key is set and read, an error, on port $port" -- -d "tcp.port==$port,resp" resp 'tcp contains "-ERR"'
done

for case in usual:11211 odd-port:8211; do
	port=${case#*:}
	scene
	start_in_server memcached memcached -u nobody -p "$port"
	wait_tcp "$port"
	record "memcache/${case%:*}.pcap" "tcp port $port"
	# shellcheck disable=SC2016 # the inner shell expands them
	in_client bash -c 'exec 3<>"/dev/tcp/$0/$1"; printf "set name 0 60 5\r\nvalue\r\nget name\r\nquit\r\n" >&3; cat <&3' "$SERVER" "$port" >>"$WORK/memcache.log"
	keep memcached bash -- "a key is set and read in the text protocol on port $port" -- -d "tcp.port==$port,memcache" 'memcache.command == "set"' 'memcache.response == "STORED"'
done

scene
cat >"$WORK/mosquitto.conf" <<EOF
allow_anonymous true
listener 1883
listener 8083
listener 8883
certfile $WORK/db.crt
keyfile $WORK/db.key
EOF
start_in_server mosquitto mosquitto -c "$WORK/mosquitto.conf"
wait_tcp 8883
# publish PORT VERSION [OPTION...]: one subscriber, one message.
publish() {
	start_in_client subscriber mosquitto_sub -h server.example -p "$1" -V "$2" -i subscriber -t room/light -C 1 -W 10 "${@:3}"
	sleep 1
	in_client mosquitto_pub -h server.example -p "$1" -V "$2" -i publisher -q 1 -t room/light -m on "${@:3}"
}
record mqtt/v311.pcap 'tcp port 1883'
publish 1883 mqttv311
keep mosquitto mosquitto-clients -- 'MQTT 3.1.1: subscribe and publish on port 1883' -- mqtt.ver==4 mqtt.msgtype==3
record mqtt/v5-odd-port.pcap 'tcp port 8083'
publish 8083 mqttv5
keep mosquitto mosquitto-clients -- 'MQTT 5: subscribe and publish on port 8083' -- -d tcp.port==8083,mqtt mqtt.ver==5 mqtt.msgtype==3
record mqtt/tls.pcap 'tcp port 8883'
publish 8883 mqttv311 --cafile "$WORK/db.crt"
keep mosquitto mosquitto-clients -- 'MQTT 3.1.1 in TLS on port 8883' -- -d tcp.port==8883,tls tls.handshake.type==2
