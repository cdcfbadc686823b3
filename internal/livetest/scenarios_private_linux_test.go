package livetest

func privateScenarios() []*scenario {
	return []*scenario{
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
