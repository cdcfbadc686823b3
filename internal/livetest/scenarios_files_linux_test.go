package livetest

func fileScenarios() []*scenario {
	return []*scenario{
		{
			name:     "smbd",
			packages: "samba smbclient", programs: "smbd smbclient",
			files: map[string]string{
				"smb.conf": `[global]
smb ports = $PORT
workgroup = EXAMPLE
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

[share]
path = $DIR/share
guest ok = yes
`,
				"client.conf": "[global]\nworkgroup = EXAMPLE\n",
			},
			prepare:   "mkdir private state cache lock pid ncalrpc share",
			server:    "exec smbd --foreground --no-process-group --debug-stdout -s $DIR/smb.conf",
			client:    "smbclient -s $DIR/client.conf -N -p $PORT //$SERVER/share -c ls",
			transport: "tcp", port: 3389,
			protocols: "nbss/smb2", verdict: "mismatch", process: "smbd",
		},
		{
			name:     "vsftpd",
			packages: "vsftpd curl", programs: "vsftpd curl",
			files: map[string]string{
				"vsftpd.conf": `listen=YES
background=NO
listen_port=$PORT
anonymous_enable=YES
anon_root=$DIR/ftp
secure_chroot_dir=$DIR/empty
seccomp_sandbox=NO
isolate=NO
isolate_network=NO
`,
			},
			prepare:   "mkdir -m 755 ftp empty; echo hello >ftp/hello.txt",
			server:    "exec vsftpd $DIR/vsftpd.conf",
			client:    "curl -sS ftp://$SERVER:$PORT/hello.txt",
			transport: "tcp", port: 8021,
			protocols: "ftp", verdict: "mismatch", process: "vsftpd",
		},
		{
			name:     "nfs-ganesha",
			packages: "nfs-ganesha nfs-ganesha-vfs rpcbind", programs: "ganesha.nfsd rpcbind rpcinfo",
			files: map[string]string{
				"ganesha.conf": `NFS_CORE_PARAM { NFS_Port = $PORT; MNT_Port = 20048; Enable_NLM = false; Enable_RQUOTA = false; Protocols = 3, 4; }
NFSv4 { Grace_Period = 5; Lease_Lifetime = 5; RecoveryBackend = fs; }
EXPORT {
	Export_Id = 1; Path = $DIR/export; Pseudo = /export; Access_Type = RO; Squash = No_Root_Squash;
	Protocols = 3, 4; Transports = TCP, UDP; SecType = sys; FSAL { Name = VFS; }
}
`,
			},
			prepare: "mkdir export",
			server: `mkdir -p /run/rpcbind /run/ganesha
mount -t tmpfs tmpfs /var/lib/nfs
rpcbind -f &
while [ ! -S /run/rpcbind.sock ]; do sleep 0.1; done
exec ganesha.nfsd -F -L STDOUT -f $DIR/ganesha.conf -p $DIR/ganesha.pid`,
			ready:     "NFS SERVER INITIALIZED",
			client:    "rpcinfo -n $PORT -t $SERVER 100003 3",
			transport: "tcp", port: 8143,
			protocols: "rpc/nfs", verdict: "unregistered", process: "ganesha.nfsd",
		},
	}
}
