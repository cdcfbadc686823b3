#!/usr/bin/env bash
# A port that looks like a service and is none: TCP 2888, registered as
# spcsdlobby, is the local end of a NetBIOS session to a file server, and the
# server's attempt to connect to it is refused.

. "$(dirname "$0")/lib.sh"
. "$MAKE/lib-samba.sh"
need_python impacket python3-impacket

scene 192.168.0.111 192.168.0.54
samba_settings 'server min protocol = NT1' 'ntlm auth = ntlmv1-permitted'
start_smbd 139
record phantom/netstat-2888.pcap 'tcp port 2888'
start_in_client session /usr/bin/python3 "$MAKE/phantom.py" "$CLIENT" 2888 "$SERVER" "$USERNAME" "$PASSWORD"
wait_for 20 grep -q 'session is up' "$WORK/session.log"
# The kernel refuses: the port has a connection and no listener.
! in_server bash -c "exec 3<>/dev/tcp/$CLIENT/2888" 2>/dev/null || die "somebody listens on 2888"
wait_for 20 grep -q 'session is over' "$WORK/session.log"
keep samba python3-impacket -- \
	'192.168.0.111:2888 is the client of a NetBIOS session to 192.168.0.54:139 (SMB1); the server connects to 192.168.0.111:2888 meanwhile and is refused' -- \
	-d tcp.port==139,nbss \
	'nbss.type == 0x81 && tcp.srcport == 2888' 'nbss.type == 0x82' 'smb.cmd == 0x72 && smb.dialect == "NT LM 0.12"' \
	'smb.cmd == 0x73 && smb.flags.response == 1 && smb.nt_status == 0' 'smb.cmd == 0x75 && smb.flags.response == 1' \
	'tcp.dstport == 2888 && tcp.flags.syn == 1 && tcp.flags.ack == 0' 'tcp.srcport == 2888 && tcp.flags.reset == 1 && tcp.seq == 1'
