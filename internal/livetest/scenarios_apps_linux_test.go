package livetest

import "fmt"

// torrent is a metainfo file of BEP 3 whose tracker is at ANNOUNCE.
func torrent(announce string) string {
	return fmt.Sprintf("d8:announce%d:%s", len(announce), announce) + `4:infod6:lengthi6e4:name9:hello.txt12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaaee`
}

func appScenarios() []*scenario {
	return []*scenario{
		{
			name:     "coap-server",
			packages: "libcoap3-bin", programs: "coap-server-notls coap-client-notls",
			server:    "exec coap-server-notls -A $SERVER -p $PORT",
			client:    "coap-client-notls -m get coap://$SERVER:$PORT/.well-known/core",
			transport: "udp", port: 53,
			protocols: "coap", verdict: "mismatch", process: "coap-server-notls coap-server-not",
		},
		{
			name:     "yaz-ztest",
			packages: "yaz", programs: "yaz-ztest yaz-client",
			server:    "exec yaz-ztest tcp:$SERVER:$PORT",
			client:    "printf 'find computer\\nquit\\n' | yaz-client tcp:$SERVER:$PORT",
			transport: "tcp", port: 443,
			protocols: "z3950", verdict: "mismatch", process: "yaz-ztest",
		},
		{
			name:     "aria2 dht",
			packages: "aria2", programs: "aria2c",
			files:     map[string]string{"hello.torrent": torrent("udp://192.0.2.20:8053/announce")},
			prepare:   "mkdir one two",
			server:    "HOME=$DIR/one exec aria2c --no-conf --enable-dht=true --dht-listen-port=$PORT --dht-file-path=$DIR/one/dht --listen-port=8661 --dir=$DIR/one --seed-time=9 --bt-tracker-connect-timeout=1 $DIR/hello.torrent",
			client:    "HOME=$DIR/two exec aria2c --no-conf --enable-dht=true --dht-listen-port=8662 --dht-file-path=$DIR/two/dht --dht-entry-point=$SERVER:$PORT --dir=$DIR/two $DIR/hello.torrent",
			transport: "udp", port: 1900,
			protocols: "bt-dht", verdict: "mismatch", process: "aria2c",
		},
		{
			name:     "xvfb",
			packages: "xvfb x11-utils", programs: "Xvfb xdpyinfo",
			server:    "exec Xvfb :2443 -ac -screen 0 320x240x16 -nolock -nolisten unix -nolisten local -listen tcp", // a display's port is 6000 + its number
			client:    "xdpyinfo -display $SERVER:2443",
			transport: "tcp", port: 8443,
			protocols: "x11", verdict: "mismatch", process: "Xvfb",
		},
		{
			name:     "xtigervnc",
			packages: "tigervnc-standalone-server tigervnc-viewer xvfb", programs: "Xtigervnc xtigervncviewer Xvfb",
			server: "exec Xtigervnc :97 -rfbport $PORT -SecurityTypes None -nolock -nolisten tcp -nolisten unix -listen local",
			client: `Xvfb :98 -nolock -screen 0 320x240x16 -nolisten tcp -nolisten unix -listen local &
while ! grep -q /X98 /proc/net/unix; do sleep 0.1; done
DISPLAY=:98 xtigervncviewer $SERVER::$PORT`,
			transport: "tcp", port: 22,
			protocols: "vnc", verdict: "mismatch", process: "Xtigervnc",
		},
		{
			name:     "fcgiwrap",
			packages: "fcgiwrap libfcgi-bin", programs: "fcgiwrap cgi-fcgi",
			server:    "exec fcgiwrap -s tcp:$SERVER:$PORT",
			client:    "REQUEST_METHOD=GET SCRIPT_FILENAME=/bin/true QUERY_STRING= cgi-fcgi -bind -connect $SERVER:$PORT",
			transport: "tcp", port: 25,
			protocols: "fastcgi", verdict: "mismatch", process: "fcgiwrap",
		},
		{
			name:     "c-icap",
			packages: "c-icap", programs: "c-icap c-icap-client",
			files: map[string]string{
				"c-icap.conf": "PidFile $DIR/pid\nCommandsSocket $DIR/ctl\nStartServers 1\nMaxServers 1\nMinSpareThreads 1\nMaxSpareThreads 2\nThreadsPerChild 2\nPort $SERVER:$PORT\nUser nobody\nGroup nogroup\nTmpDir /tmp\n" +
					"ModulesDir /usr/lib/x86_64-linux-gnu/c_icap\nServicesDir /usr/lib/x86_64-linux-gnu/c_icap\nServerLog $DIR/icap.log\nAccessLog $DIR/access.txt\nService echo srv_echo.so\n",
			},
			server:    "chmod 777 $DIR; exec c-icap -N -f $DIR/c-icap.conf",
			client:    "c-icap-client -i $SERVER -p $PORT -s echo",
			transport: "tcp", port: 8143,
			protocols: "icap", verdict: "unregistered", process: "c-icap",
		},
		{
			name:     "haproxy",
			packages: "haproxy curl", programs: "haproxy curl",
			files: map[string]string{
				"haproxy.cfg": "defaults\n  mode http\n  timeout connect 5s\n  timeout client 5s\n  timeout server 5s\nfrontend f\n  bind $SERVER:$PORT accept-proxy\n  http-request return status 200 content-type text/plain string hello\n",
			},
			server:    "exec haproxy -db -f $DIR/haproxy.cfg",
			client:    "curl -sS --haproxy-protocol http://$SERVER:$PORT/",
			transport: "tcp", port: 445,
			protocols: "proxy/http", confidence: "likely", verdict: "mismatch", process: "haproxy",
		},
		{
			name:     "websocketd",
			packages: "websocketd python3-websockets", programs: "websocketd python3",
			server:    "exec websocketd --address=$SERVER --port=$PORT cat",
			client:    "{ sleep 0.3; echo hello; sleep 3; } | /usr/bin/python3 -m websockets ws://$SERVER:$PORT/",
			transport: "tcp", port: 3389,
			protocols: "http/websocket", verdict: "mismatch", process: "websocketd",
		},
		{
			name:     "openssl ocsp",
			packages: "openssl", programs: "openssl",
			files:     map[string]string{"index.txt": ""},
			prepare:   certificate,
			server:    "exec openssl ocsp -port $PORT -index index.txt -CA tls.crt -rsigner tls.crt -rkey tls.key",
			client:    "openssl ocsp -issuer tls.crt -cert tls.crt -noverify -url http://$SERVER:$PORT/",
			transport: "tcp", port: 5432,
			protocols: "http/ocsp", verdict: "mismatch", process: "openssl",
		},
		{
			name:     "openssl cmp",
			packages: "openssl", programs: "openssl",
			prepare:   certificate,
			server:    "exec openssl cmp -port $PORT -srv_ref 1 -srv_secret pass:secret -rsp_cert tls.crt -rsp_capubs tls.crt",
			client:    "openssl cmp -cmd ir -server $SERVER:$PORT -path pkix/ -ref 1 -secret pass:secret -recipient /CN=server.example -newkey tls.key -subject /CN=alice -certout got.pem -unprotected_errors",
			transport: "tcp", port: 6379,
			protocols: "http/cmp", verdict: "mismatch", process: "openssl",
		},
		{
			name:     "nginx webdav",
			packages: "nginx libnginx-mod-http-dav-ext curl", programs: "nginx curl",
			files: map[string]string{
				"nginx.conf": `load_module /usr/lib/nginx/modules/ngx_http_dav_ext_module.so;
daemon off;
worker_processes 1;
pid $DIR/nginx.pid;
error_log stderr;
user root;
events {}
http {
	access_log off;
	client_body_temp_path $DIR/body;
	root $DIR;
	server { listen $PORT; dav_methods PUT DELETE; dav_ext_methods PROPFIND OPTIONS; }
}
`,
			},
			server:    nginx,
			client:    "curl -sS -X PROPFIND -H 'Depth: 0' http://$SERVER:$PORT/",
			transport: "tcp", port: 53,
			protocols: "http/webdav", verdict: "mismatch", process: "nginx",
		},
		{
			name:     "modbus",
			packages: "python3-pymodbus python3-serial-asyncio mbpoll", programs: "python3 mbpoll",
			files: map[string]string{
				"server.py": "from pymodbus.server import StartTcpServer\nfrom pymodbus.datastore import ModbusServerContext, ModbusSlaveContext\n" +
					"StartTcpServer(context=ModbusServerContext(slaves=ModbusSlaveContext(), single=True), address=(\"$SERVER\", $PORT))\n",
			},
			server:    "exec /usr/bin/python3 $DIR/server.py",
			client:    "mbpoll -m tcp -p $PORT -1 -r 1 -c 4 $SERVER",
			transport: "tcp", port: 80,
			protocols: "modbus", verdict: "mismatch", process: "python3 python3.11",
		},
		{
			name:     "dnsmasq dhcp",
			packages: "dnsmasq-base isc-dhcp-client", programs: "dnsmasq dhclient",
			server:    "exec dnsmasq -k -C /dev/null -p 0 --no-ping --user=root --pid-file= --log-facility=- --dhcp-alternate-port=$PORT,8068 --dhcp-range=192.0.2.100,192.0.2.110 --dhcp-leasefile=$DIR/leases",
			client:    "dhclient -4 -d -1 -p 8068 -sf /bin/true -lf $DIR/client.leases -pf $DIR/client.pid live0",
			transport: "udp", port: 8067,
			protocols: "dhcp", confidence: "likely", verdict: "unregistered", process: "dnsmasq",
		},
		{
			name:     "pulseaudio",
			packages: "pulseaudio pulseaudio-utils", programs: "pulseaudio pactl",
			server: "XDG_RUNTIME_DIR=$DIR/run exec pulseaudio --daemonize=no --system=no --exit-idle-time=-1 -n -F /dev/null --use-pid-file=no " +
				`-L "module-null-sink" -L "module-native-protocol-tcp port=$PORT listen=$SERVER auth-anonymous=1"`,
			client:    "XDG_RUNTIME_DIR=$DIR/run2 pactl -s tcp:$SERVER:$PORT info",
			transport: "tcp", port: 443,
			protocols: "pulseaudio", verdict: "mismatch", process: "pulseaudio",
		},
	}
}
