#!/usr/bin/env bash
# TDS: FreeTDS's tsql. Debian has no SQL Server: a responder that knows three
# answers (tds.py) stands for it, so only the client's side is real.

. "$(dirname "$0")/lib.sh"
need tsql freetds-bin

printf '[server]\nhost = %s\ntds version = 7.4\nencryption = off\nclient charset = UTF-8\n' "$SERVER" >"$WORK/freetds.conf"
export FREETDSCONF=$WORK/freetds.conf
for case in usual:1433 odd-port:8433; do
	port=${case#*:}
	scene
	start_in_server responder /usr/bin/python3 "$MAKE/tds.py" "$port"
	wait_tcp "$port"
	record "tds/${case%:*}.pcap" "tcp port $port"
	printf 'select 1\ngo\nexit\n' | TDSPORT=$port in_client tsql -S server -U alice -P secret >>"$WORK/tsql.log" 2>&1
	keep 'mock (tds.py)' freetds-bin -- "prelogin, login, a query on port $port; the server is a mock" -- -d "tcp.port==$port,tds" \
		tds.type==18 tds.type==16 tds.type==4 tds.type==1
done
