package livetest

func remoteScenarios() []*scenario {
	return []*scenario{
		{
			name:     "sshd",
			packages: "openssh-server openssh-client", programs: "sshd ssh ssh-keygen",
			prepare: `ssh-keygen -q -t ed25519 -N '' -f host
ssh-keygen -q -t ed25519 -N '' -f user`,
			server: `mkdir -m 755 /run/sshd
exec /usr/sbin/sshd -D -e -f /dev/null -p $PORT -h $DIR/host -o PidFile=none -o UsePAM=no \
	-o AuthorizedKeysFile=$DIR/user.pub -o StrictModes=no -o PermitRootLogin=yes`,
			client: `ssh -F /dev/null -p $PORT -i user -o BatchMode=yes -o StrictHostKeyChecking=no \
	-o UserKnownHostsFile=/dev/null root@$SERVER true`,
			transport: "tcp", port: 443,
			protocols: "ssh", verdict: "mismatch", process: "sshd",
		},
		{
			name:     "xrdp",
			packages: "xrdp freerdp2-x11 xvfb openssl", programs: "xrdp xfreerdp Xvfb openssl",
			prepare: certificate + `sed -e "s,^certificate=.*,certificate=$DIR/tls.crt,; s,^key_file=.*,key_file=$DIR/tls.key," \
	-e "s,^port=3389,port=$PORT,; s,^LogFile=.*,LogFile=$DIR/xrdp.log,; s,^EnableSyslog=.*,EnableSyslog=false," \
	/etc/xrdp/xrdp.ini >xrdp.ini`,
			server: "exec xrdp --nodaemon --config $DIR/xrdp.ini",
			// The display's socket is abstract: it stays in the namespace.
			client: `Xvfb :98 -nolock -screen 0 320x240x16 -nolisten tcp -nolisten unix -listen local &
while ! grep -q /X98 /proc/net/unix; do sleep 0.1; done
DISPLAY=:98 xfreerdp /v:$SERVER:$PORT /sec:tls /cert:ignore /u:alice /p:secret /size:320x240`,
			transport: "tcp", port: 8389,
			protocols: "tpkt/cotp/rdp", verdict: "unregistered", process: "xrdp",
		},
	}
}
