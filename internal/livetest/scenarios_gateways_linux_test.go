package livetest

// relayed runs nginx at the client's end, which passes requests on.
const relayed = `nginx -c $DIR/relay.conf -p $DIR -e stderr & sleep 0.3; curl -sS http://$CLIENT:8099/; kill $!`

func relay(how string) string {
	return "daemon off;\npid $DIR/relay.pid;\nevents {}\nhttp {\n\taccess_log off;\n\tserver {\n\t\tlisten 8099;\n\t\tlocation / {\n\t\t\t" + how + "\n\t\t}\n\t}\n}\n"
}

const wsgi = `def application(environ, start):
    start("200 OK", [("Content-Type", "text/plain")])
    return [b"hello\\n"]
`

func gatewayScenarios() []*scenario {
	return []*scenario{
		{
			name:     "uwsgi",
			packages: "uwsgi-core uwsgi-plugin-python3 nginx curl", programs: "uwsgi nginx curl",
			files:     map[string]string{"relay.conf": relay("include /etc/nginx/uwsgi_params; uwsgi_pass $SERVER:$PORT;"), "hello.py": wsgi},
			server:    "exec uwsgi --plugin python3 --socket 0.0.0.0:$PORT --wsgi-file $DIR/hello.py",
			client:    relayed,
			transport: "tcp", port: 8226,
			protocols: "uwsgi", verdict: "unregistered", process: "uwsgi uwsgi-core",
		},
		{
			name:     "scgi",
			packages: "uwsgi-core uwsgi-plugin-python3 nginx curl", programs: "uwsgi nginx curl",
			files:     map[string]string{"relay.conf": relay("include /etc/nginx/scgi_params; scgi_pass $SERVER:$PORT;"), "hello.py": wsgi},
			server:    "exec uwsgi --plugin python3 --scgi-socket 0.0.0.0:$PORT --wsgi-file $DIR/hello.py",
			client:    relayed,
			transport: "tcp", port: 8227,
			protocols: "scgi", verdict: "unregistered", process: "uwsgi uwsgi-core",
		},
		{
			name:     "named, DNS over HTTP",
			packages: "bind9 bind9-dnsutils", programs: "named dig",
			files: map[string]string{
				"named.conf":   "options {\n\tdirectory \"$DIR\";\n\tpid-file none;\n\tsession-keyfile none;\n\tlisten-on port $PORT tls none http default { any; };\n\tlisten-on-v6 { none; };\n\trecursion no;\n};\ncontrols {};\nzone \"example\" { type primary; file \"example.zone\"; };\n",
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
