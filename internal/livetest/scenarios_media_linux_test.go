package livetest

func mediaScenarios() []*scenario {
	return []*scenario{
		{
			name:     "mpd",
			packages: "mpd mpc", programs: "mpd mpc",
			files: map[string]string{
				"mpd.conf": "bind_to_address \"$SERVER\"\nport \"$PORT\"\nplaylist_directory \"$DIR\"\naudio_output {\n  type \"null\"\n  name \"none\"\n}\n",
			},
			server:    "exec mpd --no-daemon --stderr $DIR/mpd.conf",
			client:    "mpc -h $SERVER -p $PORT status",
			transport: "tcp", port: 80,
			protocols: "mpd", verdict: "mismatch", process: "mpd",
		},
		{
			name:     "snapserver",
			packages: "snapserver snapclient", programs: "snapserver snapclient",
			files:     map[string]string{"snapserver.conf": "[stream]\nbind_to_address = $SERVER\nport = $PORT\nsource = pipe://$DIR/pipe?name=default\n[http]\nenabled = false\n[tcp]\nenabled = false\n"},
			prepare:   "mkfifo pipe",
			server:    "exec snapserver --server.datadir=$DIR -c $DIR/snapserver.conf",
			client:    "exec snapclient -h $SERVER -p $PORT --player file",
			transport: "tcp", port: 443,
			protocols: "snapcast", verdict: "mismatch", process: "snapserver",
		},
		{
			name:     "srt",
			packages: "srt-tools", programs: "srt-live-transmit",
			server:    "exec srt-live-transmit srt://$SERVER:$PORT?mode=listener file://con",
			client:    "yes | srt-live-transmit file://con srt://$SERVER:$PORT",
			transport: "udp", port: 1900,
			protocols: "srt", verdict: "mismatch", process: "srt-live-transm srt-live-transmit",
		},
		{
			name:     "nginx rtmp",
			packages: "nginx libnginx-mod-rtmp ffmpeg", programs: "nginx ffmpeg",
			files: map[string]string{
				"nginx.conf": `load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
daemon off;
worker_processes 1;
pid $DIR/nginx.pid;
error_log stderr;
user root;
events {}
rtmp { server { listen $SERVER:$PORT; application live { live on; } } }
`,
			},
			server:    nginx,
			client:    "ffmpeg -loglevel error -i rtmp://$SERVER:$PORT/live/stream -f null -",
			transport: "tcp", port: 25,
			protocols: "rtmpt", verdict: "mismatch", process: "nginx",
		},
		{
			name:     "oscdump",
			packages: "liblo-tools", programs: "oscdump oscsend",
			server:    "exec oscdump $PORT",
			client:    "oscsend $SERVER $PORT /mixer/channel/1/fader sif main 3 0.5; oscsend $SERVER $PORT /mixer/channel/2/fader sif main 3 0.5",
			transport: "udp", port: 161, oneWay: true,
			protocols: "osc", confidence: "likely", verdict: "mismatch", process: "oscdump",
		},
		{
			name:     "sipp",
			packages: "sip-tester", programs: "sipp",
			server:    "exec sipp -sn uas -i $SERVER -p $PORT -nostdin",
			client:    "sipp -sn uac -i $CLIENT $SERVER:$PORT -m 1 -nostdin",
			transport: "udp", port: 161,
			protocols: "sip", verdict: "mismatch", process: "sipp",
		},
		{
			name:     "saned",
			packages: "sane-utils netbase", programs: "saned scanimage",
			files: map[string]string{
				"saned.conf": "$CLIENT\n", "server/saned.conf": "$CLIENT\n", "server/dll.conf": "test\n", "client/dll.conf": "net\n", "client/net.conf": "connect_timeout = 3\n$SERVER\n",
			},
			server: "SANE_CONFIG_DIR=$DIR/server exec saned -l -e -b $SERVER -p $PORT",
			client: `sed "s,^sane-port.*,sane-port $PORT/tcp," /etc/services >services
mount --bind services /etc/services
SANE_CONFIG_DIR=$DIR/client scanimage -L`,
			transport: "tcp", port: 3306,
			protocols: "sane", verdict: "mismatch", process: "saned",
		},
	}
}
