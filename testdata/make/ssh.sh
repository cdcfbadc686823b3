#!/usr/bin/env bash
# OpenSSH: a key exchange, a login by key and one command.

. "$(dirname "$0")/lib.sh"

need ssh openssh-client
need sshd openssh-server

serve_ssh() {
	# shellcheck disable=SC2016 # the inner shell expands them
	start_in_server sshd sh -c '
		mkdir -m 755 /run/sshd
		exec /usr/sbin/sshd -D -e -f /dev/null -p "$1" -h "$2/host" -o PidFile=none \
			-o AuthorizedKeysFile="$2/user.pub" -o PermitRootLogin=yes -o StrictModes=no \
			-o UsePAM=no -o PrintMotd=no -o PrintLastLog=no' sh "$1" "$WORK"
	wait_tcp "$1"
}

login() {
	in_client ssh -F /dev/null -p "$1" -i "$WORK/user" -o BatchMode=yes -o LogLevel=ERROR \
		-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ClearAllForwardings=yes \
		"root@$SERVER" true
}

ssh-keygen -q -t ed25519 -N '' -C host -f "$WORK/host"
ssh-keygen -q -t ed25519 -N '' -C user -f "$WORK/user"

for case in usual:22 odd-port:53; do
	port=${case#*:}
	scene
	serve_ssh "$port"
	record "ssh/${case%:*}.pcap" "tcp port $port"
	login "$port"
	keep openssh-server openssh-client -- "port $port: version exchange, key exchange, login, one command" -- \
		-d "tcp.port==$port,ssh" ssh.protocol 'ssh.message_code == 20' 'ssh.message_code == 21'
done
