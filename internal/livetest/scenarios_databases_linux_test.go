package livetest

func databaseScenarios() []*scenario {
	return []*scenario{
		{
			name:     "postgresql",
			packages: "postgresql postgresql-client", programs: "initdb postgres psql",
			prepare: `install -d -o postgres data socket
runuser -u postgres -- "$(command -v initdb)" -D $DIR/data -A trust -N
echo 'host all all 192.0.2.0/24 trust' >>data/pg_hba.conf`,
			server: `exec runuser -u postgres -- "$(command -v postgres)" -D $DIR/data -p $PORT -c listen_addresses=$SERVER \
	-c unix_socket_directories=$DIR/socket`,
			ready:     "database system is ready to accept connections",
			client:    "psql 'host='$SERVER' port='$PORT' user=postgres sslmode=disable' -c 'select 1'",
			transport: "tcp", port: 3306,
			protocols: "pgsql", verdict: "mismatch", process: "postgres",
		},
		{
			name:     "mariadb",
			packages: "mariadb-server mariadb-client", programs: "mariadbd mariadb-install-db mariadb",
			files: map[string]string{"init.sql": "create user alice@'192.0.2.%' identified by 'secret';\n"},
			prepare: `install -d -o mysql mysql
mariadb-install-db --no-defaults --user=mysql --datadir=$DIR/mysql --auth-root-authentication-method=normal --skip-test-db`,
			server: `exec mariadbd --no-defaults --user=mysql --datadir=$DIR/mysql --port=$PORT --bind-address=$SERVER \
	--socket=$DIR/mysql/socket --pid-file=$DIR/mysql/pid --skip-name-resolve --init-file=$DIR/init.sql`,
			ready:     "ready for connections",
			client:    "mariadb --no-defaults --skip-ssl -h $SERVER -P $PORT -u alice -psecret -e 'select 1'",
			transport: "tcp", port: 8306,
			protocols: "mysql", verdict: "unregistered", process: "mariadbd",
		},
		{
			name:     "redis",
			packages: "redis-server redis-tools", programs: "redis-server redis-cli",
			server:    "exec redis-server --port $PORT --bind $SERVER --protected-mode no --save '' --dir $DIR",
			client:    "redis-cli -h $SERVER -p $PORT SET name value",
			transport: "tcp", port: 53,
			protocols: "redis", verdict: "mismatch", process: "redis-server",
		},
		{
			name:     "redis started late",
			packages: "redis-server redis-tools", programs: "redis-server redis-cli",
			server:    "exec redis-server --port $PORT --bind $SERVER --protected-mode no --save '' --dir $DIR",
			late:      true,
			client:    "redis-cli -h $SERVER -p $PORT PING",
			transport: "tcp", port: 8306,
			protocols: "redis", verdict: "unregistered", process: "redis-server",
		},
		{
			name:     "memcached",
			packages: "memcached", programs: "memcached bash",
			server:    "exec memcached -u nobody -p $PORT",
			client:    `bash -c 'exec 3<>"/dev/tcp/$SERVER/$PORT"; printf "set name 0 60 5\r\nvalue\r\nget name\r\nquit\r\n" >&3; cat <&3'`,
			transport: "tcp", port: 8211,
			protocols: "memcache", verdict: "unregistered", process: "memcached",
		},
	}
}
