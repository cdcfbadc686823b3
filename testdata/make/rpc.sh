#!/usr/bin/env bash
# ONC RPC: rpcbind and NFS-Ganesha, asked by rpcinfo, showmount and libnfs.

. "$(dirname "$0")/lib.sh"
need rpcbind rpcbind
need rpcinfo rpcbind
need ganesha.nfsd nfs-ganesha
need showmount nfs-common
need nfs-ls libnfs-utils

# serve_nfs PORT. rpcbind and the server share one /run.
serve_nfs() {
	scene
	rm -rf "$WORK/export" && mkdir -p "$WORK/export"
	printf 'a small file\n' >"$WORK/export/hello.txt"
	cat >"$WORK/ganesha.conf" <<-EOF
		NFS_CORE_PARAM { NFS_Port = $1; MNT_Port = 20048; Enable_NLM = false; Enable_RQUOTA = false; Protocols = 3, 4; }
		NFSv4 { Grace_Period = 5; Lease_Lifetime = 5; RecoveryBackend = fs; }
		EXPORT {
			Export_Id = 1; Path = $WORK/export; Pseudo = /export; Access_Type = RO; Squash = No_Root_Squash;
			Protocols = 3, 4; Transports = TCP, UDP; SecType = sys; FSAL { Name = VFS; }
		}
	EOF
	# shellcheck disable=SC2016 # the inner shell expands them
	start_in_server rpc sh -c '
		mkdir -p /run/rpcbind /run/ganesha
		mount -t tmpfs tmpfs /var/lib/nfs
		rpcbind -f & while [ ! -S /run/rpcbind.sock ]; do sleep 0.1; done
		exec ganesha.nfsd -F -L STDOUT -f "$0/ganesha.conf" -p "$0/ganesha.pid"' "$WORK"
	wait_tcp 111
	wait_tcp "$1"
	wait_for 30 in_client rpcinfo -t "$SERVER" 100003 3
	sleep 6
}
serve_nfs 2049

record rpc/portmap-udp.pcap 'udp port 111'
in_client rpcinfo -n 111 -u "$SERVER" 100000 2 >>"$WORK/rpcinfo.log"
in_client rpcinfo -T udp "$SERVER" 100003 >>"$WORK/rpcinfo.log" 2>&1 || true
keep rpcbind -- 'NULL, GETADDR of nfs over UDP' -- 'rpc.msgtyp == 1 && portmap'

record rpc/portmap-dump.pcap 'tcp port 111'
in_client rpcinfo -p "$SERVER" >>"$WORK/rpcinfo.log"
in_client rpcinfo "$SERVER" >>"$WORK/rpcinfo.log"
keep rpcbind -- 'the whole table by portmap version 2 and by rpcbind version 3, over TCP' -- 'portmap.procedure_v2 == 4 && rpc.msgtyp == 1' 'rpc.msgtyp == 1 && rpc.programversion >= 3'

record rpc/showmount.pcap 'port 111 or port 20048'
in_client showmount -e "$SERVER" >>"$WORK/showmount.log"
keep nfs-ganesha nfs-common -- 'a port asked for, then the list of exports from mountd on port 20048' -- 'mount && rpc.msgtyp == 1'

record nfs/v3.pcap 'tcp'
in_client nfs-cat "nfs://$SERVER$WORK/export/hello.txt?version=3" >>"$WORK/nfs.log"
keep nfs-ganesha libnfs-utils -- 'NFS 3: portmap, mount, a file is read' -- 'nfs.procedure_v3 == 6 && rpc.msgtyp == 1' mount portmap

record nfs/v4.pcap 'tcp port 2049'
in_client nfs-cat "nfs://$SERVER/export/hello.txt?version=4" >>"$WORK/nfs.log"
keep nfs-ganesha libnfs-utils -- 'NFS 4.0: a file is read' -- 'nfs.opcode == 25 && rpc.msgtyp == 1'

serve_nfs 8111
record nfs/odd-port.pcap tcp
in_client nfs-cat "nfs://$SERVER$WORK/export/hello.txt?version=3" >>"$WORK/nfs.log"
keep nfs-ganesha libnfs-utils -- 'NFS 3 on port 8111, which portmap announces' -- 'nfs.procedure_v3 == 6 && rpc.msgtyp == 1'
