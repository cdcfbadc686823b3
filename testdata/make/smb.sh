#!/usr/bin/env bash
# Samba's file server and smbclient: one capture a dialect, port and wrapping.

. "$(dirname "$0")/lib.sh"
. "$MAKE/lib-samba.sh"

# file_scene CASE PORT DIALECT TEXT FILTER... lists and reads a share.
file_scene() {
	local case=$1 port=$2 dialect=$3 text=$4
	shift 4
	record "smb/$case.pcap" "tcp port $port"
	smbclient_as_alice -m "$dialect" -p "$port" "//server/share" -c 'ls; get hello.txt /dev/null' "${CLIENT_OPTIONS[@]}"
	keep samba smbclient -- "$text" -- -d "tcp.port==$port,nbss" "$@"
}

CLIENT_OPTIONS=()
scene
samba_settings 'server min protocol = NT1'
start_smbd 445 139 4450 80
file_scene smb1-445 445 NT1 'SMB1 (NT LM 0.12) straight over TCP' 'smb.cmd == 0x72' 'smb.cmd == 0x2e && smb.flags.response == 1'
file_scene smb1-139 139 NT1 'SMB1 over a NetBIOS session' 'nbss.type == 0x81' 'smb.cmd == 0x2e'
file_scene smb1-odd-port 4450 NT1 'SMB1 on port 4450' 'smb.cmd == 0x2e'
file_scene smb2-445 445 SMB2_10 'SMB 2.1' 'smb2.dialect == 0x0210 && smb2.flags.response == 1' 'smb2.cmd == 8'
file_scene smb3-445 445 SMB3_11 'SMB 3.1.1' 'smb2.dialect == 0x0311 && smb2.flags.response == 1' 'smb2.cmd == 8'
file_scene smb3-139 139 SMB3_11 'SMB 3.1.1 on the NetBIOS session port' 'smb2.dialect == 0x0311 && smb2.flags.response == 1'
file_scene smb3-odd-port 80 SMB3_11 'SMB 3.1.1 on port 80' 'smb2.dialect == 0x0311 && smb2.flags.response == 1'
CLIENT_OPTIONS=(--client-protection=encrypt)
file_scene smb3-encrypted 445 SMB3_11 'SMB 3.1.1, encrypted after the session setup' 'smb2.protocol_id == 0xfd534d42'
file_scene smb3-encrypted-odd-port 4450 SMB3_11 'SMB 3.1.1 on port 4450, encrypted after the session setup' 'smb2.protocol_id == 0xfd534d42'

record smb/multi-protocol-negotiate.pcap 'tcp port 445'
in_client smbclient -s "$WORK/samba/client.conf" -N -L server --option='client max protocol = SMB3' >>"$WORK/smbclient.log" 2>&1
keep samba smbclient -- 'an SMB1 negotiate that offers SMB 2.???, answered in SMB2; then the list of shares' -- \
	'smb.dialect == "SMB 2.???"' 'smb2.dialect == 0x02ff' 'smb2.dialect == 0x0311'

# What speaks inside the pipes.
pipe_scene() {
	local case=$1 port=$2 calls=$3 text=$4
	shift 4
	record "dcerpc/$case.pcap" "tcp port $port"
	in_client rpcclient -s "$WORK/samba/client.conf" -U "$USERNAME%$PASSWORD" -p "$port" \
		--client-protection=sign "${CLIENT_OPTIONS[@]}" server -c "$calls" >>"$WORK/rpcclient.log" 2>&1
	keep samba smbclient -- "$text" -- -d "tcp.port==$port,nbss" "$@"
}
need rpcclient smbclient
CLIENT_OPTIONS=()
pipe_scene pipe-srvsvc 445 'srvinfo; netshareenum' 'the server service over an SMB2 pipe' 'srvsvc && dcerpc.pkt_type == 2'
pipe_scene pipe-samr 445 'enumdomusers' 'the account manager over an SMB2 pipe' 'samr && dcerpc.pkt_type == 2'
pipe_scene pipe-lsarpc 445 'lsaquery; lookupnames alice' 'the local security authority over an SMB2 pipe' 'lsarpc && dcerpc.pkt_type == 2'
pipe_scene pipe-netdfs 445 'dfsversion' 'the distributed file system over an SMB2 pipe' 'netdfs && dcerpc.pkt_type == 2'
pipe_scene pipe-wkssvc-odd-port 4450 'wkssvc_wkstagetinfo 100' 'the workstation service over an SMB2 pipe, port 4450' 'wkssvc && dcerpc.pkt_type == 2'
CLIENT_OPTIONS=(--option='client ipc max protocol=NT1')
pipe_scene pipe-smb1-srvsvc 139 'srvinfo' 'the server service over an SMB1 pipe in a NetBIOS session' 'smb && srvsvc && dcerpc.pkt_type == 2'
