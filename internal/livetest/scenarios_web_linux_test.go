package livetest

// nginxConf has master and workers, as a distribution's has: all of them hold
// the listening socket, one of them the connection. LISTEN takes the words
// after the address, REST what TLS needs.
func nginxConf(listen, rest string) map[string]string {
	return map[string]string{
		"index.html": "<title>Hello</title>\n",
		"nginx.conf": `daemon off;
worker_processes 2;
pid $DIR/nginx.pid;
error_log stderr;
user root;
events {}
http {
	access_log off;
	client_body_temp_path $DIR/body;
	proxy_temp_path $DIR/proxy;
	fastcgi_temp_path $DIR/fastcgi;
	uwsgi_temp_path $DIR/uwsgi;
	scgi_temp_path $DIR/scgi;
	root $DIR;
	server { listen $PORT` + listen + `; ` + rest + ` }
}
`,
	}
}

const nginx = "exec nginx -e stderr -c $DIR/nginx.conf"

func webScenarios() []*scenario {
	return []*scenario{
		{
			name:     "nginx http",
			packages: "nginx curl", programs: "nginx curl",
			files:     nginxConf("", ""),
			server:    nginx,
			client:    "curl -sS http://$SERVER:$PORT/index.html",
			transport: "tcp", port: 2222,
			protocols: "http", verdict: "mismatch", process: "nginx",
		},
		{
			name:     "nginx https",
			packages: "nginx openssl curl", programs: "nginx openssl curl",
			files:     nginxConf(" ssl", "ssl_certificate $DIR/tls.crt; ssl_certificate_key $DIR/tls.key;"),
			prepare:   certificate,
			server:    nginx,
			client:    "curl -sS -k --http1.1 https://$SERVER:$PORT/index.html",
			transport: "tcp", port: 22,
			protocols: "tls/http", confidence: "declared", verdict: "mismatch", process: "nginx",
		},
		{
			name:     "nginx http2",
			packages: "nginx curl", programs: "nginx curl",
			files:     nginxConf(" http2", ""),
			server:    nginx,
			client:    "curl -sS --http2-prior-knowledge http://$SERVER:$PORT/index.html",
			transport: "tcp", port: 21,
			protocols: "http2", verdict: "mismatch", process: "nginx",
		},
		{
			name:     "minidlna",
			packages: "minidlna curl", programs: "minidlnad curl",
			files: map[string]string{
				"minidlna.conf": `port=$PORT
network_interface=` + device + `
media_dir=$DIR/media
db_dir=$DIR/state
log_dir=$DIR/state
friendly_name=Example
inotify=no
uuid=00000000-0000-4000-8000-000000000020
minissdpdsocket=$DIR/none
`,
			},
			prepare:   "mkdir media state",
			server:    "exec minidlnad -S -f $DIR/minidlna.conf -P $DIR/minidlna.pid",
			client:    "curl -sS http://$SERVER:$PORT/rootDesc.xml",
			transport: "tcp", port: 8446,
			protocols: "http/upnp", confidence: "likely", verdict: "unregistered", process: "minidlnad",
		},
		{
			name:     "danted",
			packages: "dante-server curl", programs: "danted curl",
			files: map[string]string{
				"danted.conf": `logoutput: stderr
internal: ` + device + ` port = $PORT
external: lo
external.rotation: route
user.unprivileged: nobody
clientmethod: none
socksmethod: none
client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
`,
			},
			server:    "exec danted -f $DIR/danted.conf",
			client:    "curl -sS --socks5 $SERVER:$PORT http://127.0.0.1:1/", // refused by whom the proxy asks
			transport: "tcp", port: 443,
			protocols: "socks", verdict: "mismatch", process: "danted",
		},
	}
}
