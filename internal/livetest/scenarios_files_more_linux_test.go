package livetest

func storageScenarios() []*scenario {
	return []*scenario{
		{
			name:     "rsync",
			packages: "rsync", programs: "rsync",
			files:     map[string]string{"rsyncd.conf": "use chroot = no\n[files]\n\tpath = $DIR\n"},
			server:    "exec rsync --daemon --no-detach --config=$DIR/rsyncd.conf --port=$PORT",
			client:    "rsync rsync://$SERVER:$PORT/files/",
			transport: "tcp", port: 8211,
			protocols: "rsync", verdict: "unregistered", process: "rsync",
		},
		{
			name:     "git daemon",
			packages: "git", programs: "git",
			prepare:   "git init -q --bare repo.git",
			server:    "exec git daemon --reuseaddr --port=$PORT --base-path=$DIR --export-all $DIR",
			client:    "git ls-remote git://$SERVER:$PORT/repo.git",
			transport: "tcp", port: 8212,
			protocols: "git", verdict: "unregistered", process: "git-daemon git",
		},
		{
			name:     "svnserve",
			packages: "subversion", programs: "svnserve svn svnadmin",
			prepare:   "svnadmin create repo",
			server:    "exec svnserve -d --foreground --listen-port $PORT -r $DIR",
			client:    "svn info --non-interactive svn://$SERVER:$PORT/repo",
			transport: "tcp", port: 8213,
			protocols: "svn", verdict: "unregistered", process: "svnserve",
		},
		{
			name:     "cvs pserver",
			packages: "cvs inetutils-inetd", programs: "cvs inetutils-inetd",
			files:     map[string]string{"inetd.conf": "$PORT stream tcp nowait root /usr/bin/cvs cvs -f --allow-root=$DIR/root pserver\n"},
			prepare:   "cvs -d $DIR/root init",
			server:    "exec inetutils-inetd -d $DIR/inetd.conf",
			client:    "cvs -d :pserver:alice:secret@$SERVER:$PORT$DIR/root version",
			transport: "tcp", port: 8214,
			protocols: "cvspserver", verdict: "unregistered", process: "inetutils-inetd cvs",
		},
		{
			name:     "nbdkit",
			packages: "nbdkit libnbd-bin", programs: "nbdkit nbdinfo",
			server:    "exec nbdkit -f -p $PORT memory 1M",
			client:    "nbdinfo nbd://$SERVER:$PORT",
			transport: "tcp", port: 8215,
			protocols: "nbd", verdict: "unregistered", process: "nbdkit",
		},
		{
			name:     "tgt",
			packages: "tgt libiscsi-bin", programs: "tgtd iscsi-ls",
			server: `mkdir -p /run/tgtd
tgtd -f --iscsi portal=0.0.0.0:$PORT &
until tgtadm --lld iscsi --op new --mode target --tid 1 -T iqn.2001-04.example:disk; do sleep 0.1; done
tgtadm --lld iscsi --op bind --mode target --tid 1 -I ALL
echo bound
wait`,
			ready:     "bound",
			client:    "iscsi-ls iscsi://$SERVER:$PORT",
			transport: "tcp", port: 8216,
			protocols: "iscsi", verdict: "unregistered", process: "tgtd",
		},
		{
			name:     "diod",
			packages: "diod", programs: "diod diodls",
			server:    "exec diod -f -n -c /dev/null -l 0.0.0.0:$PORT -e $DIR",
			client:    "diodls -s $SERVER:$PORT -a $DIR",
			transport: "tcp", port: 8217,
			protocols: "9p", verdict: "unregistered", process: "diod",
		},
	}
}

func desktopScenarios() []*scenario {
	return []*scenario{
		{
			name:     "telnetd",
			packages: "telnetd inetutils-inetd inetutils-telnet", programs: "inetutils-inetd telnet",
			files:     map[string]string{"inetd.conf": "$PORT stream tcp nowait root /usr/sbin/telnetd telnetd\n"},
			server:    "exec inetutils-inetd -d $DIR/inetd.conf",
			client:    "(sleep 2; echo exit) | telnet $SERVER $PORT",
			transport: "tcp", port: 8218,
			protocols: "telnet", verdict: "unregistered", process: "inetutils-inetd telnetd",
		},
		{
			name:     "x11",
			packages: "xvfb x11-utils", programs: "Xvfb xdpyinfo",
			server:    "exec Xvfb :2219 -listen tcp -ac -nolock",
			client:    "DISPLAY=$SERVER:2219 xdpyinfo",
			transport: "tcp", port: 8219,
			protocols: "x11", verdict: "unregistered", process: "Xvfb",
		},
		{
			name:     "tigervnc",
			packages: "tigervnc-standalone-server xtightvncviewer xvfb", programs: "Xtigervnc xtightvncviewer Xvfb",
			server:    "exec Xtigervnc :77 -rfbport $PORT -SecurityTypes None -nolock",
			client:    "Xvfb :78 -nolock >/dev/null 2>&1 & DISPLAY=:78; export DISPLAY; sleep 0.5; timeout 5 xtightvncviewer $SERVER::$PORT",
			transport: "tcp", port: 8220,
			protocols: "vnc", verdict: "unregistered", process: "Xtigervnc",
		},
		{
			name:     "gdbserver",
			packages: "gdbserver gdb", programs: "gdbserver gdb",
			server:    "exec gdbserver --multi :$PORT",
			client:    `gdb -batch -nx -ex "target extended-remote $SERVER:$PORT"`,
			transport: "tcp", port: 8221,
			protocols: "gdb", verdict: "unregistered", process: "gdbserver",
		},
		{
			name:     "adb",
			packages: "adb", programs: "adb",
			server:    "exec adb -a -P $PORT nodaemon server",
			client:    "adb -H $SERVER -P $PORT devices",
			transport: "tcp", port: 8222,
			protocols: "adb_cs", verdict: "unregistered", process: "adb",
		},
		{
			name:     "distcc",
			packages: "distcc gcc libc6-dev", programs: "distccd distcc gcc",
			server:    "exec distccd --no-detach --daemon --user root --port $PORT --allow 192.0.2.0/24 --log-stderr",
			client:    "echo 'int x;' >x.c; DISTCC_HOSTS=$SERVER:$PORT distcc gcc -c x.c -o x.o",
			transport: "tcp", port: 8223,
			protocols: "distcc", verdict: "unregistered", process: "distccd",
		},
		{
			name:     "epmd",
			packages: "erlang-base", programs: "epmd erl",
			server:    "exec epmd -port $PORT",
			client:    `ERL_EPMD_PORT=$PORT erl -noshell -eval 'net_adm:names("server"), halt().'`,
			transport: "tcp", port: 8224,
			protocols: "epmd", verdict: "unregistered", process: "epmd",
		},
	}
}

// relayed runs nginx at the client's end, which passes requests on.
const relayed = `nginx -c $DIR/relay.conf -p $DIR -e stderr & sleep 0.3; curl -sS http://$CLIENT:8099/; kill $!`

func relay(how string) string {
	return "daemon off;\npid $DIR/relay.pid;\nevents {}\nhttp {\n\taccess_log off;\n\tserver {\n\t\tlisten 8099;\n\t\tlocation / {\n\t\t\t" + how + "\n\t\t}\n\t}\n}\n"
}

const websocketServer = `import asyncio, sys, websockets

async def echo(ws):
    async for text in ws:
        await ws.send(text)

async def main():
    async with websockets.serve(echo, "0.0.0.0", int(sys.argv[1])):
        await asyncio.Future()

asyncio.run(main())
`

const websocketClient = `import asyncio, sys, websockets

async def main():
    async with websockets.connect(sys.argv[1]) as ws:
        for i in range(3):
            await ws.send("hello %d" % i)
            print(await ws.recv())

asyncio.run(main())
`

func gatewayScenarios() []*scenario {
	return []*scenario{
		{
			name:     "fcgiwrap",
			packages: "fcgiwrap libfcgi-bin", programs: "fcgiwrap cgi-fcgi",
			server:    "exec fcgiwrap -s tcp:0.0.0.0:$PORT",
			client:    "SCRIPT_FILENAME=/nothing REQUEST_METHOD=GET cgi-fcgi -bind -connect $SERVER:$PORT",
			transport: "tcp", port: 8225,
			protocols: "fastcgi", verdict: "unregistered", process: "fcgiwrap",
		},
		{
			name:     "uwsgi",
			packages: "uwsgi-core nginx curl", programs: "uwsgi nginx curl",
			files:     map[string]string{"relay.conf": relay("include /etc/nginx/uwsgi_params; uwsgi_pass $SERVER:$PORT;")},
			server:    "exec uwsgi --socket 0.0.0.0:$PORT --static-index relay.conf --check-static $DIR",
			client:    relayed,
			transport: "tcp", port: 8226,
			protocols: "uwsgi", verdict: "unregistered", process: "uwsgi uwsgi-core",
		},
		{
			name:     "scgi",
			packages: "uwsgi-core nginx curl", programs: "uwsgi nginx curl",
			files:     map[string]string{"relay.conf": relay("include /etc/nginx/scgi_params; scgi_pass $SERVER:$PORT;")},
			server:    "exec uwsgi --scgi-socket 0.0.0.0:$PORT --static-index relay.conf --check-static $DIR",
			client:    relayed,
			transport: "tcp", port: 8227,
			protocols: "scgi", verdict: "unregistered", process: "uwsgi uwsgi-core",
		},
		{
			name:     "haproxy behind a proxy",
			packages: "haproxy curl", programs: "haproxy curl",
			files: map[string]string{
				"haproxy.cfg": "defaults\n\tmode http\n\ttimeout client 5s\n\ttimeout server 5s\n\ttimeout connect 5s\nfrontend odd\n\tbind *:$PORT accept-proxy\n\thttp-request return status 200 content-type text/plain string hello\n",
			},
			server:    "exec haproxy -db -f $DIR/haproxy.cfg",
			client:    "curl -sS --haproxy-protocol http://$SERVER:$PORT/",
			transport: "tcp", port: 8228,
			protocols: "proxy/http", verdict: "unregistered", process: "haproxy",
		},
		{
			name:     "websocket",
			packages: "python3-websockets", programs: "python3",
			files:     map[string]string{"server.py": websocketServer, "client.py": websocketClient},
			server:    "exec /usr/bin/python3 $DIR/server.py $PORT",
			client:    "/usr/bin/python3 $DIR/client.py ws://$SERVER:$PORT/",
			transport: "tcp", port: 8229,
			protocols: "http/websocket", verdict: "unregistered", process: "python3",
		},
		{
			name:     "dtls",
			packages: "openssl", programs: "openssl",
			prepare:   certificate,
			server:    "sleep 60 | openssl s_server -dtls -accept $PORT -cert tls.crt -key tls.key -quiet",
			client:    "(sleep 1; echo hello; sleep 1) | timeout 5 openssl s_client -dtls -connect $SERVER:$PORT -quiet",
			transport: "udp", port: 8232,
			protocols: "dtls", verdict: "unregistered", process: "openssl",
		},
		{
			name:     "c-icap",
			packages: "c-icap", programs: "c-icap c-icap-client",
			files: map[string]string{
				"c-icap.conf": "PidFile $DIR/c-icap.pid\nCommandsSocket $DIR/c-icap.ctl\nPort 0.0.0.0:$PORT\nModulesDir /usr/lib/x86_64-linux-gnu/c_icap\nServicesDir /usr/lib/x86_64-linux-gnu/c_icap\nTmpDir $DIR\nServerLog $DIR/icap.log\nAccessLog $DIR/access.log\nService echo srv_echo.so\n",
			},
			server:    "exec c-icap -N -D -f $DIR/c-icap.conf",
			client:    "c-icap-client -i $SERVER -p $PORT -s echo",
			transport: "tcp", port: 8233,
			protocols: "icap", verdict: "unregistered", process: "c-icap",
		},
		{
			name:     "ngtcp2",
			packages: "ngtcp2-server ngtcp2-client openssl", programs: "gtlsserver gtlsclient openssl",
			prepare:   certificate,
			server:    "exec gtlsserver --htdocs $DIR '*' $PORT tls.key tls.crt",
			client:    "timeout 5 gtlsclient --exit-on-all-streams-close $SERVER $PORT https://server.example:$PORT/hosts",
			transport: "udp", port: 8234,
			protocols: "quic", verdict: "unregistered", process: "gtlsserver",
		},
		{
			name:     "gophernicus",
			packages: "gophernicus inetutils-inetd curl", programs: "gophernicus inetutils-inetd curl",
			files:     map[string]string{"inetd.conf": "$PORT stream tcp nowait root /usr/sbin/gophernicus gophernicus -h server.example -r $DIR\n"},
			server:    "exec inetutils-inetd -d $DIR/inetd.conf",
			client:    "curl -sS gopher://$SERVER:$PORT/1/",
			transport: "tcp", port: 8235,
			protocols: "gopher", verdict: "unregistered", process: "inetutils-inetd gophernicus",
		},
		{
			name:     "named, DNS over HTTP",
			packages: "bind9 bind9-dnsutils", programs: "named dig",
			files: map[string]string{
				"named.conf": "options {\n\tdirectory \"$DIR\";\n\tpid-file none;\n\tsession-keyfile none;\n\tlisten-on port $PORT tls none http default { any; };\n\tlisten-on-v6 { none; };\n\trecursion no;\n};\ncontrols {};\nzone \"example\" { type primary; file \"example.zone\"; };\n",
				"example.zone": "@ 60 SOA server hostmaster 1 60 60 60 60\n@ NS server\nserver A $SERVER\n",
			},
			server:    "exec named -g -c $DIR/named.conf",
			client:    "dig @$SERVER -p $PORT +http-plain +tries=1 +time=3 server.example A",
			transport: "tcp", port: 8236,
			protocols: "http2/doh", verdict: "unregistered", process: "named",
		},
		{
			name:     "cupsd",
			packages: "cups-daemon cups-ipp-utils", programs: "cupsd ipptool",
			files: map[string]string{
				"cupsd.conf":      "Listen $SERVER:$PORT\nServerAlias *\nDefaultAuthType None\n<Location />\n  Order allow,deny\n  Allow all\n</Location>\n",
				"cups-files.conf": "ServerRoot $DIR\nRequestRoot $DIR/spool\nCacheDir $DIR\nStateDir $DIR\nTempDir $DIR\nErrorLog stderr\nAccessLog $DIR/access\nDocumentRoot $DIR\nSystemGroup root\nUser nobody\nGroup nogroup\nPrintcap\n",
			},
			prepare:   "mkdir spool",
			server:    "exec cupsd -f -c $DIR/cupsd.conf -s $DIR/cups-files.conf",
			client:    "ipptool -t ipp://$SERVER:$PORT/ get-printers.test",
			transport: "tcp", port: 8237,
			protocols: "http/ipp", verdict: "unregistered", process: "cupsd",
		},
	}
}
