package livetest

func tunnelScenarios() []*scenario {
	const openvpn = "openvpn --dev null --ifconfig-noexec --verb 3 --ca $DIR/tls.crt --cert $DIR/tls.crt --key $DIR/tls.key"
	return []*scenario{
		{
			name:     "openvpn",
			packages: "openvpn openssl", programs: "openvpn openssl",
			prepare:   certificate,
			server:    "exec " + openvpn + " --dh none --tls-server --local $SERVER --port $PORT --proto udp4",
			client:    "exec " + openvpn + " --tls-client --nobind --remote $SERVER $PORT udp4",
			transport: "udp", port: 53,
			protocols: "openvpn", verdict: "mismatch", process: "openvpn",
		},
		{
			name:     "tincd",
			packages: "tinc", programs: "tincd",
			files: map[string]string{
				"one/tinc.conf": "Name = one\nDeviceType = dummy\nPort = $PORT\nAddressFamily = ipv4\n", "one/hosts/one": "", "two/hosts/two": "",
				"two/tinc.conf": "Name = two\nDeviceType = dummy\nConnectTo = one\nAddressFamily = ipv4\n",
			},
			prepare: `yes '' | tincd -c one -K2048
yes '' | tincd -c two -K2048
cp two/hosts/two one/hosts/two
{ echo "Address = $SERVER $PORT"; cat one/hosts/one; } >two/hosts/one`,
			server:    "exec tincd -c one -D -d3 --pidfile=$DIR/one.pid",
			client:    "exec tincd -c two -D -d3 --pidfile=$DIR/two.pid",
			transport: "tcp", port: 22,
			protocols: "tinc", verdict: "mismatch", process: "tincd",
		},
		{
			name:     "xl2tpd",
			packages: "xl2tpd", programs: "xl2tpd",
			files: map[string]string{
				"server.conf": "[global]\nport = $PORT\nlisten-addr = $SERVER\nauth file = $DIR/secrets\n[lns default]\nip range = 192.0.2.100-192.0.2.110\nlocal ip = 192.0.2.20\n",
				"client.conf": "[global]\nport = $PORT\nlisten-addr = $CLIENT\nauth file = $DIR/secrets\n[lac one]\nlns = $SERVER:$PORT\nautodial = yes\n",
				"secrets":     "",
			},
			server:    "exec xl2tpd -D -c $DIR/server.conf -p $DIR/server.pid -C $DIR/server.control",
			client:    "exec xl2tpd -D -c $DIR/client.conf -p $DIR/client.pid -C $DIR/client.control",
			transport: "udp", port: 8701,
			protocols: "l2tp", verdict: "unregistered", process: "xl2tpd",
		},
		{
			name:     "openssl dtls",
			packages: "openssl", programs: "openssl",
			prepare:   certificate,
			server:    "sleep 60 | openssl s_server -dtls -accept $SERVER:$PORT -cert tls.crt -key tls.key",
			client:    "sleep 3 | openssl s_client -dtls -connect $SERVER:$PORT",
			transport: "udp", port: 123,
			protocols: "dtls", verdict: "mismatch", process: "openssl",
		},
	}
}
