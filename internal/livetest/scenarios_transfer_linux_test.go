package livetest

// inetd starts a program for each connection, as the classic services want it.
const inetd = "exec inetutils-inetd -d $DIR/inetd.conf"

func inetdConf(user, program string) map[string]string {
	return map[string]string{"inetd.conf": "$SERVER:$PORT stream tcp nowait " + user + " " + program + "\n"}
}

// builtin is inetd's own service NAME, which has the port that the services
// file says.
func builtin(name string) string {
	return `sed "s,^` + name + `[^-].*/tcp.*,` + name + ` $PORT/tcp," /etc/services >services
mount --bind services /etc/services
` + inetd
}

// say is a client for protocols of lines: it writes TEXT, as printf does, and
// reads until the server closes.
func say(text string) string {
	return `bash -c 'exec 3<>"/dev/tcp/$SERVER/$PORT"; printf "` + text + `" >&3; cat <&3'`
}

func transferScenarios() []*scenario {
	return []*scenario{
		{
			name:     "rsync",
			packages: "rsync", programs: "rsync",
			files:     map[string]string{"rsyncd.conf": "use chroot = no\n[share]\npath = $DIR\n"},
			server:    "exec rsync --daemon --no-detach --config=$DIR/rsyncd.conf --port=$PORT --address=$SERVER",
			client:    "rsync rsync://$SERVER:$PORT/share/",
			transport: "tcp", port: 80,
			protocols: "rsync", verdict: "mismatch", process: "rsync",
		},
		{
			name:     "git",
			packages: "git", programs: "git",
			prepare:   "git init -q --bare repo.git",
			server:    "exec git daemon --listen=$SERVER --port=$PORT --export-all --base-path=$DIR --reuseaddr",
			client:    "git ls-remote git://$SERVER:$PORT/repo.git",
			transport: "tcp", port: 22,
			protocols: "git", verdict: "mismatch", process: "git-daemon git",
		},
		{
			name:     "svnserve",
			packages: "subversion", programs: "svnserve svnadmin svn",
			prepare:   "svnadmin create repo",
			server:    "exec svnserve -d --foreground -r $DIR --listen-host $SERVER --listen-port $PORT",
			client:    "svn --non-interactive info svn://$SERVER:$PORT/repo",
			transport: "tcp", port: 443,
			protocols: "svn", verdict: "mismatch", process: "svnserve",
		},
		{
			name:     "cvs",
			packages: "cvs inetutils-inetd", programs: "cvs inetutils-inetd",
			files:     inetdConf("root", "/usr/bin/cvs cvs -f --allow-root=$DIR/cvs pserver"),
			prepare:   "cvs -d $DIR/cvs init",
			server:    inetd,
			client:    "echo | cvs -d :pserver:anonymous@$SERVER:$PORT$DIR/cvs login",
			transport: "tcp", port: 3306,
			protocols: "cvspserver", verdict: "mismatch", process: "inetutils-inetd cvs",
		},
		{
			name:     "tftpd",
			packages: "tftpd-hpa tftp-hpa", programs: "in.tftpd tftp",
			files:     map[string]string{"hello.txt": "hello\n"},
			server:    "exec in.tftpd -L -a $SERVER:$PORT -s $DIR",
			client:    "tftp -m binary $SERVER $PORT -c get hello.txt got.txt",
			transport: "udp", port: 8125, oneWay: true, // the answer comes from a port of its own
			protocols: "tftp", confidence: "likely", verdict: "unregistered", process: "in.tftpd",
		},
		{
			name:     "nbdkit",
			packages: "nbdkit libnbd-bin", programs: "nbdkit nbdinfo",
			server:    "exec nbdkit -f -i $SERVER -p $PORT memory 1M",
			client:    "nbdinfo nbd://$SERVER:$PORT",
			transport: "tcp", port: 25,
			protocols: "nbd", verdict: "mismatch", process: "nbdkit",
		},
		{
			name:     "tgtd",
			packages: "tgt libiscsi-bin", programs: "tgtd tgtadm iscsi-ls",
			prepare: "truncate -s 1M disk",
			server: `tgtd -f --iscsi portal=$SERVER:$PORT &
until tgtadm --lld iscsi --op new --mode target --tid 1 -T iqn.2001-04.example:disk; do sleep 0.1; done
tgtadm --lld iscsi --op new --mode logicalunit --tid 1 --lun 1 -b $DIR/disk
tgtadm --lld iscsi --op bind --mode target --tid 1 -I ALL
echo READY
wait`,
			ready:     "READY",
			client:    "iscsi-ls iscsi://$SERVER:$PORT",
			transport: "tcp", port: 445,
			protocols: "iscsi", verdict: "mismatch", process: "tgtd",
		},
		{
			name:     "diod",
			packages: "diod", programs: "diod diodls",
			server:    "exec diod -f -n -l $SERVER:$PORT -e $DIR -c /dev/null -S",
			client:    "diodls -s $SERVER:$PORT -a $DIR",
			transport: "tcp", port: 143,
			protocols: "9p", verdict: "mismatch", process: "diod",
		},
		{
			name:     "smbd nt1",
			packages: "samba smbclient", programs: "smbd smbclient",
			files: map[string]string{
				"smb.conf": `[global]
smb ports = $PORT
server min protocol = NT1
private dir = $DIR/private
state directory = $DIR/state
cache directory = $DIR/cache
lock directory = $DIR/lock
pid directory = $DIR/pid
ncalrpc dir = $DIR/ncalrpc
log file = $DIR/samba.log
load printers = no
disable spoolss = yes
map to guest = bad user
`,
				"client.conf": "[global]\nclient min protocol = NT1\nclient max protocol = NT1\n",
			},
			prepare:   "mkdir private state cache lock pid ncalrpc",
			server:    "exec smbd --foreground --no-process-group --debug-stdout -s $DIR/smb.conf",
			client:    "smbclient -s $DIR/client.conf -N -p $PORT //$SERVER/IPC\\$ -c exit",
			transport: "tcp", port: 5432,
			protocols: "nbss/smb", verdict: "mismatch", process: "smbd",
		},
	}
}
