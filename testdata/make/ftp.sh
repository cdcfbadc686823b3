#!/usr/bin/env bash
# FTP by vsftpd: active, passive, extended passive, AUTH TLS.

. "$(dirname "$0")/lib.sh"
need vsftpd vsftpd
need curl curl

# serve_ftp PORT
serve_ftp() {
	scene
	mkdir -p "$WORK/ftp" "$WORK/empty"
	chmod 755 "$WORK/ftp" "$WORK/empty"
	printf 'a small file\n' >"$WORK/ftp/hello.txt"
	cat >"$WORK/vsftpd.conf" <<-EOF
		listen=YES
		background=NO
		listen_port=$1
		anonymous_enable=YES
		anon_root=$WORK/ftp
		secure_chroot_dir=$WORK/empty
		allow_anon_ssl=YES
		ssl_enable=YES
		rsa_cert_file=$WORK/ftp.crt
		rsa_private_key_file=$WORK/ftp.key
		force_local_logins_ssl=NO
		force_local_data_ssl=NO
		require_ssl_reuse=NO
		ssl_ciphers=HIGH
		port_enable=YES
		connect_from_port_20=YES
		seccomp_sandbox=NO
		isolate=NO
		isolate_network=NO
	EOF
	start_in_server vsftpd vsftpd "$WORK/vsftpd.conf"
	wait_tcp "$1"
}
fetch() { in_client curl -sS -o /dev/null -k --noproxy '*' "$@"; }

certificate ftp
serve_ftp 21
record ftp/passive.pcap tcp
fetch --disable-epsv ftp://server.example/hello.txt
keep vsftpd curl -- 'PASV, a file on the announced port' -- ftp.response.code==227 ftp-data
record ftp/extended-passive.pcap tcp
fetch ftp://server.example/
keep vsftpd curl -- 'EPSV, a listing on the announced port' -- ftp.response.code==229 ftp-data
record ftp/active.pcap tcp
fetch --disable-eprt -P - ftp://server.example/hello.txt
keep vsftpd curl -- 'PORT, the server connects from port 20' -- ftp.request.command==PORT 'tcp.srcport == 20'
record ftp/auth-tls.pcap tcp
fetch --ssl-reqd ftp://server.example/hello.txt
keep vsftpd curl -- 'AUTH TLS, then TLS on the control connection and on the announced port' -- \
	'ftp.request.arg == "TLS" || ftp.request.arg == "SSL"' ftp.response.code==234 tls.handshake.type==1
serve_ftp 8021
record ftp/odd-port.pcap tcp
fetch --disable-epsv ftp://server.example:8021/hello.txt
keep vsftpd curl -- 'PASV, control connection on port 8021' -- -d tcp.port==8021,ftp ftp.response.code==227
