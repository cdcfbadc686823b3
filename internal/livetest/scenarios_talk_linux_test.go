package livetest

const modbusServer = `import sys
from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.server import StartTcpServer

store = ModbusSlaveContext(hr=ModbusSequentialDataBlock(0, [17] * 100))
StartTcpServer(context=ModbusServerContext(slaves=store, single=True), address=("0.0.0.0", int(sys.argv[1])))
`

func talkScenarios() []*scenario {
	return []*scenario{
		{
			name:     "ngircd",
			packages: "ngircd ii", programs: "ngircd ii",
			files:     map[string]string{"ngircd.conf": "[Global]\n\tName = irc.example\n\tInfo = live\n\tPorts = $PORT\n\tListen = 0.0.0.0\n\tServerUID = nobody\n\tServerGID = nogroup\n[Options]\n\tDNS = no\n\tIdent = no\n\tPAM = no\n"},
			prepare:   "mkdir irc",
			server:    "exec ngircd -n -f $DIR/ngircd.conf",
			client:    "timeout 4 ii -s $SERVER -p $PORT -n alice -i $DIR/irc",
			transport: "tcp", port: 8257,
			protocols: "irc", verdict: "unregistered", process: "ngircd",
		},
		{
			name:     "prosody",
			packages: "prosody sendxmpp", programs: "prosody sendxmpp",
			files: map[string]string{
				"prosody.cfg.lua": "pidfile = \"$DIR/prosody.pid\"\ndata_path = \"$DIR\"\nlog = { info = \"*stdout\" }\nrun_as_root = true\nmodules_enabled = { \"saslauth\", \"roster\" }\nmodules_disabled = { \"s2s\" }\nc2s_ports = { $PORT }\nc2s_require_encryption = false\nallow_unencrypted_plain_auth = true\ninterfaces = { \"0.0.0.0\" }\nVirtualHost \"server.example\"\n",
			},
			server:    "exec prosody -F --config $DIR/prosody.cfg.lua",
			client:    "echo hello | timeout 4 sendxmpp -u alice -p secret -j server.example:$PORT -o server.example --notls bob@server.example",
			transport: "tcp", port: 8258,
			protocols: "xmpp", verdict: "unregistered", process: "prosody lua5.4 lua5.3 lua5.2",
		},
		{
			name:     "dovecot managesieve",
			packages: "dovecot-managesieved sieve-connect", programs: "dovecot sieve-connect",
			files: map[string]string{
				"dovecot.conf": dovecotConf + "protocols = sieve\nservice managesieve-login {\n  inet_listener sieve {\n    port = 0\n  }\n  inet_listener odd {\n    port = $PORT\n  }\n}\n",
			},
			prepare:   "mkdir run mail; chown 65534:65534 mail",
			server:    "exec dovecot -F -c $DIR/dovecot.conf",
			client:    "echo secret | timeout 4 sieve-connect --server $SERVER --port $PORT --user alice --passwordfd 0 --notlsverify --nosslverify --list",
			transport: "tcp", port: 8259,
			protocols: "managesieve", verdict: "unregistered", process: "dovecot managesieve-login managesieve-lo",
		},
		{
			name:     "opendkim",
			packages: "opendkim miltertest", programs: "opendkim miltertest",
			files:     map[string]string{"test.lua": "conn = mt.connect(\"inet:$PORT@$SERVER\")\nmt.conninfo(conn, \"client.example\", \"192.0.2.10\")\nmt.helo(conn, \"client.example\")\nmt.disconnect(conn)\n", "opendkim.conf": "Mode v\nSyslog no\n"},
			server:    "exec opendkim -f -x $DIR/opendkim.conf -p inet:$PORT@0.0.0.0",
			client:    "miltertest -s $DIR/test.lua",
			transport: "tcp", port: 8260,
			protocols: "milter", verdict: "unregistered", process: "opendkim",
		},
		{
			name:     "dictd",
			packages: "dictd dict dictfmt", programs: "dictd dict dictfmt",
			files:     map[string]string{"dictd.conf": "global {\n\tport $PORT\n}\naccess { allow * }\ndatabase live { data \"$DIR/live.dict\" index \"$DIR/live.index\" }\n", "words": "hello\n    a greeting\n"},
			prepare:   "dictfmt -f -s live live <words; chmod 755 .",
			server:    "exec dictd -d nodetach -c $DIR/dictd.conf --pid-file $DIR/dictd.pid",
			client:    "dict -h $SERVER -p $PORT hello",
			transport: "tcp", port: 8261,
			protocols: "dict", verdict: "unregistered", process: "dictd",
		},
		{
			name:     "spamd",
			packages: "spamassassin spamc", programs: "spamd spamc",
			files:     map[string]string{"rules/none.cf": "", "mail": "From: alice@client.example\nTo: bob@server.example\nSubject: hello\n\nhello\n"},
			prepare:   "mkdir -p rules; : >rules/none.cf",
			server:    "exec spamd -L -i 0.0.0.0 -p $PORT -A 192.0.2.0/24 -C $DIR/rules --siteconfigpath=$DIR/rules -m 1 -x",
			client:    "spamc -d $SERVER -p $PORT -c <mail",
			transport: "tcp", port: 8262,
			protocols: "spamd", verdict: "unregistered", process: "spamd perl",
		},
		{
			name:     "sipp",
			packages: "sip-tester", programs: "sipp",
			server:    "exec sipp -sn uas -i $SERVER -p $PORT -nostdin",
			client:    "timeout 5 sipp -sn uac -i $CLIENT -p 5070 -m 1 -nostdin $SERVER:$PORT",
			transport: "udp", port: 8263,
			protocols: "sip", verdict: "unregistered", process: "sipp",
		},
		{
			name:     "coap-server",
			packages: "libcoap3-bin", programs: "coap-server coap-client",
			server:    "exec coap-server -A $SERVER -p $PORT",
			client:    "coap-client -B 2 coap://$SERVER:$PORT/time",
			transport: "udp", port: 8264,
			protocols: "coap", verdict: "unregistered", process: "coap-server",
		},
		{
			name:     "pymodbus",
			packages: "python3-pymodbus mbpoll", programs: "mbpoll",
			files:     map[string]string{"server.py": modbusServer},
			server:    "exec /usr/bin/python3 $DIR/server.py $PORT",
			client:    "mbpoll -1 -q -a 1 -r 1 -c 4 -t 4 -p $PORT $SERVER",
			transport: "tcp", port: 8265,
			protocols: "modbus", verdict: "unregistered", process: "python3",
		},
		{
			name:     "yaz-ztest",
			packages: "yaz", programs: "yaz-ztest yaz-client",
			server:    "exec yaz-ztest tcp:@:$PORT",
			client:    "printf 'find x\\nquit\\n' | yaz-client $SERVER:$PORT/Default",
			transport: "tcp", port: 8267,
			protocols: "z3950", verdict: "unregistered", process: "yaz-ztest",
		},
		{
			name:     "opentracker",
			packages: "opentracker aria2", programs: "opentracker aria2c",
			prepare:   "chmod 755 .",
			server:    "exec opentracker -i $SERVER -P $PORT -d $DIR",
			client:    "timeout 5 aria2c -q --enable-dht=false --bt-stop-timeout=3 -d $DIR 'magnet:?xt=urn:btih:0123456789abcdef0123456789abcdef01234567&tr=udp://'$SERVER:$PORT/announce",
			transport: "udp", port: 8268,
			protocols: "bt-tracker", verdict: "unregistered", process: "opentracker",
		},
	}
}

// tone is what ffmpeg sends: a tone, as fast as it is heard.
const tone = "timeout 5 ffmpeg -nostdin -loglevel error -re -f lavfi -i sine=duration=4 "

// record is a server that takes what it is sent.
const record = "exec ffmpeg -nostdin -loglevel error "

func mediaScenarios() []*scenario {
	return []*scenario{
		{
			name:     "ffmpeg, rtp",
			packages: "ffmpeg", programs: "ffmpeg",
			files:     map[string]string{"in.sdp": "v=0\no=- 0 0 IN IP4 $CLIENT\ns=live\nc=IN IP4 $SERVER\nt=0 0\nm=audio $PORT RTP/AVP 0\n"},
			server:    record + "-protocol_whitelist file,udp,rtp -i in.sdp -f null -",
			client:    tone + "-ar 8000 -ac 1 -c:a pcm_mulaw -f rtp rtp://$SERVER:$PORT",
			oneway:    true,
			transport: "udp", port: 8272,
			protocols: "rtp", verdict: "unregistered", process: "ffmpeg",
		},
		{
			name:     "ffmpeg, mpeg transport stream",
			packages: "ffmpeg", programs: "ffmpeg",
			server:    record + "-i udp://0.0.0.0:$PORT -f null -",
			client:    tone + "-c:a mp2 -f mpegts udp://$SERVER:$PORT?pkt_size=1316",
			oneway:    true,
			transport: "udp", port: 8273,
			protocols: "mp2t", verdict: "unregistered", process: "ffmpeg",
		},
		{
			name:     "ffmpeg, srt",
			packages: "ffmpeg", programs: "ffmpeg",
			server:    record + "-i 'srt://0.0.0.0:'$PORT'?mode=listener' -f null -",
			client:    tone + "-c:a mp2 -f mpegts srt://$SERVER:$PORT",
			transport: "udp", port: 8274,
			protocols: "srt", verdict: "unregistered", process: "ffmpeg",
		},
		{
			name:     "ffmpeg, rtmp",
			packages: "ffmpeg", programs: "ffmpeg",
			server:    record + "-listen 1 -i rtmp://0.0.0.0:$PORT/live/tone -f null -",
			client:    tone + "-c:a aac -f flv rtmp://$SERVER:$PORT/live/tone",
			transport: "tcp", port: 8275,
			protocols: "rtmpt", verdict: "unregistered", process: "ffmpeg",
		},
		{
			name:     "ffmpeg, rtsp",
			packages: "ffmpeg", programs: "ffmpeg",
			server:    record + "-rtsp_flags listen -i rtsp://0.0.0.0:$PORT/tone -f null -",
			client:    tone + "-c:a aac -f rtsp -rtsp_transport tcp rtsp://$SERVER:$PORT/tone",
			transport: "tcp", port: 8277,
			protocols: "rtsp", verdict: "unregistered", process: "ffmpeg",
		},
		{
			name:     "icecast2",
			packages: "icecast2 ffmpeg curl", programs: "icecast2 ffmpeg curl",
			files: map[string]string{
				"icecast.xml": "<icecast><hostname>server.example</hostname><authentication><source-password>secret</source-password><admin-password>secret</admin-password></authentication><listen-socket><port>$PORT</port></listen-socket><paths><logdir>$DIR</logdir><webroot>/usr/share/icecast2/web</webroot></paths><logging><accesslog>access.log</accesslog><errorlog>-</errorlog></logging><security><changeowner><user>nobody</user><group>nogroup</group></changeowner></security></icecast>\n",
			},
			prepare:   "chmod 777 .",
			server:    "exec icecast2 -c $DIR/icecast.xml",
			client:    tone + "-c:a libmp3lame -content_type audio/mpeg -f mp3 icecast://source:secret@$SERVER:$PORT/tone",
			transport: "tcp", port: 8278,
			protocols: "http/icy", verdict: "unregistered", process: "icecast2",
		},
		{
			name:     "snapserver",
			packages: "snapserver snapclient", programs: "snapserver snapclient",
			prepare:   "mkfifo fifo",
			server:    "exec snapserver -s pipe://$DIR/fifo?name=live --server.datadir=$DIR --stream.port=$PORT --tcp.enabled=false --http.enabled=false",
			client:    "timeout 3 snapclient -h $SERVER -p $PORT --player file",
			transport: "tcp", port: 8279,
			protocols: "snapcast", verdict: "unregistered", process: "snapserver",
		},
		{
			name:     "mpd",
			packages: "mpd mpc", programs: "mpd mpc",
			files:     map[string]string{"mpd.conf": "port \"$PORT\"\nbind_to_address \"0.0.0.0\"\ndb_file \"$DIR/db\"\nlog_file \"$DIR/mpd.log\"\nzeroconf_enabled \"no\"\naudio_output {\n\ttype \"null\"\n\tname \"none\"\n}\n"},
			server:    "exec mpd --no-daemon $DIR/mpd.conf",
			client:    "mpc -h $SERVER -p $PORT status",
			transport: "tcp", port: 8281,
			protocols: "mpd", verdict: "unregistered", process: "mpd",
		},
		{
			name:     "pulseaudio",
			packages: "pulseaudio pulseaudio-utils", programs: "pulseaudio pactl",
			prepare:   "mkdir -p runtime client",
			server:    `XDG_RUNTIME_DIR=$DIR/runtime exec pulseaudio -n --exit-idle-time=-1 --use-pid-file=no --daemonize=no -L "module-native-protocol-tcp port=$PORT auth-anonymous=1"`,
			client:    "HOME=$DIR/client XDG_RUNTIME_DIR=$DIR/client timeout 4 pactl -s tcp:$SERVER:$PORT info",
			transport: "tcp", port: 8283,
			protocols: "pulseaudio", verdict: "unregistered", process: "pulseaudio",
		},
	}
}

func privateScenarios() []*scenario {
	const openvpn = "--dev null --port $PORT --ca tls.crt --cert tls.crt --key tls.key --verb 3 "
	return []*scenario{
		{
			name:     "openvpn",
			packages: "openvpn openssl", programs: "openvpn openssl",
			prepare:   certificate,
			server:    "exec openvpn " + openvpn + "--proto udp --tls-server --dh none",
			client:    "timeout 4 openvpn " + openvpn + "--proto udp --lport 0 --tls-client --remote $SERVER $PORT",
			transport: "udp", port: 8284,
			protocols: "openvpn", verdict: "unregistered", process: "openvpn",
		},
		{
			name:     "openvpn over tcp",
			packages: "openvpn openssl", programs: "openvpn openssl",
			prepare:   certificate,
			server:    "exec openvpn " + openvpn + "--proto tcp-server --tls-server --dh none",
			client:    "timeout 4 openvpn " + openvpn + "--proto tcp-client --tls-client --remote $SERVER $PORT",
			transport: "tcp", port: 8285,
			protocols: "openvpn", verdict: "unregistered", process: "openvpn",
		},
		{
			name:     "tinc",
			packages: "tinc", programs: "tincd",
			files: map[string]string{
				"a/tinc.conf": "Name = alpha\nDeviceType = dummy\nAddressFamily = ipv4\n",
				"b/tinc.conf": "Name = beta\nConnectTo = alpha\nDeviceType = dummy\nAddressFamily = ipv4\nPort = 8287\n",
			},
			prepare: `mkdir -p a/hosts b/hosts
printf 'Name = alpha\nDeviceType = dummy\nAddressFamily = ipv4\n' >a/tinc.conf
printf 'Name = beta\nConnectTo = alpha\nDeviceType = dummy\nAddressFamily = ipv4\n' >b/tinc.conf
printf "Address = $SERVER\nPort = $PORT\n" >a/hosts/alpha
printf "Port = 8287\n" >b/hosts/beta
tincd -c a -K2048 </dev/null
tincd -c b -K2048 </dev/null
cp a/hosts/alpha b/hosts/alpha
cp b/hosts/beta a/hosts/beta`,
			server:    "exec tincd -c $DIR/a -D -d2 --pidfile=$DIR/a.pid",
			client:    "timeout 4 tincd -c $DIR/b -D -d2 --pidfile=$DIR/b.pid",
			transport: "tcp", port: 8286,
			protocols: "tinc", verdict: "unregistered", process: "tincd",
		},
		{
			name:     "nebula",
			packages: "nebula", programs: "nebula nebula-cert",
			files: map[string]string{
				"server.yml": "pki: {ca: $DIR/ca.crt, cert: $DIR/server.crt, key: $DIR/server.key}\nlighthouse: {am_lighthouse: true}\nlisten: {host: 0.0.0.0, port: $PORT}\ntun: {disabled: true}\nfirewall: {outbound: [{port: any, proto: any, host: any}], inbound: [{port: any, proto: any, host: any}]}\n",
				"client.yml": "pki: {ca: $DIR/ca.crt, cert: $DIR/client.crt, key: $DIR/client.key}\nstatic_host_map: {\"10.9.0.1\": [\"$SERVER:$PORT\"]}\nlighthouse: {am_lighthouse: false, interval: 1, hosts: [\"10.9.0.1\"]}\nlisten: {host: 0.0.0.0, port: 0}\ntun: {disabled: true}\nfirewall: {outbound: [{port: any, proto: any, host: any}], inbound: [{port: any, proto: any, host: any}]}\n",
			},
			prepare: `nebula-cert ca -name live
nebula-cert sign -name server -ip 10.9.0.1/24
nebula-cert sign -name client -ip 10.9.0.2/24`,
			server:    "exec nebula -config $DIR/server.yml",
			client:    "timeout 4 nebula -config $DIR/client.yml",
			transport: "udp", port: 8288,
			protocols: "nebula", verdict: "unregistered", process: "nebula",
		},
		{
			name:     "wireguard-go",
			packages: "wireguard-go wireguard-tools iputils-ping", programs: "wireguard-go wg ping",
			prepare: `wg genkey >server.private; wg pubkey <server.private >server.public
wg genkey >client.private; wg pubkey <client.private >client.public`,
			server: `wireguard-go -f live-s &
until wg set live-s listen-port $PORT private-key server.private peer "$(cat client.public)" allowed-ips 10.9.0.2/32; do sleep 0.1; done
ip address add 10.9.0.1/24 dev live-s; ip link set live-s up
wait`,
			client: `timeout 5 wireguard-go -f live-c &
until wg set live-c private-key client.private peer "$(cat server.public)" allowed-ips 10.9.0.0/24 endpoint $SERVER:$PORT; do sleep 0.1; done
ip address add 10.9.0.2/24 dev live-c; ip link set live-c up
ping -q -c 3 -i 0.2 10.9.0.1`,
			transport: "udp", port: 8289,
			protocols: "wg", verdict: "unregistered", process: "wireguard-go",
		},
	}
}
