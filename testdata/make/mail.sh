#!/usr/bin/env bash
# Mail: Postfix asked by swaks, Dovecot asked by curl; in clear, by STARTTLS
# and on other ports.

. "$(dirname "$0")/lib.sh"
need postfix postfix
need dovecot dovecot-core
need swaks swaks
need curl curl
perl -MNet::SSLeay -e 1 2>/dev/null || die "Net::SSLeay is missing; it is in libnet-ssleay-perl"
certificate mail

scene
mkdir -p "$WORK/postfix/etc" "$WORK/postfix/queue" "$WORK/postfix/data"
chown postfix "$WORK/postfix/data"
cat >"$WORK/postfix/etc/main.cf" <<EOF
compatibility_level = 3.6
queue_directory = $WORK/postfix/queue
data_directory = $WORK/postfix/data
maillog_file = /dev/stdout
myhostname = server.example
mydestination = server.example
inet_protocols = ipv4
smtpd_tls_security_level = may
smtpd_tls_chain_files = $WORK/mail.key, $WORK/mail.crt
local_transport = discard:
alias_maps =
local_recipient_maps =
EOF
cat >"$WORK/postfix/etc/master.cf" <<'EOF'
smtp      inet  n - n - - smtpd
8025      inet  n - n - - smtpd
465       inet  n - n - - smtpd -o smtpd_tls_wrappermode=yes
postlog   unix-dgram n - n - 1 postlogd
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
discard   unix  - - n - - discard
error     unix  - - n - - error
tlsmgr    unix  - - n 1000? 1 tlsmgr
anvil     unix  - - n - 1 anvil
EOF
start_in_server postfix postfix -c "$WORK/postfix/etc" start-fg
wait_tcp 465

send() {
	in_client swaks --server server.example --to bob@server.example --from alice@client.example --ehlo client.example \
		--header 'Date: Thu, 01 Jan 2026 00:00:00 +0000' --body 'Hello.' "$@" >>"$WORK/swaks.log" 2>&1
}
record smtp/usual.pcap 'tcp port 25'
send
keep postfix swaks -- 'a letter on port 25' -- smtp.rsp.parameter 'smtp.req.command == "MAIL"'
record smtp/odd-port.pcap 'tcp port 8025'
send --port 8025
keep postfix swaks -- 'a letter on port 8025' -- -d tcp.port==8025,smtp 'smtp.req.command == "MAIL"'
record smtp/starttls.pcap 'tcp port 25'
send --tls
keep postfix swaks -- 'STARTTLS on port 25' -- 'smtp.command_line contains "STARTTLS"' tls.handshake.type==2
record smtp/tls.pcap 'tcp port 465'
send --port 465 --tls-on-connect
keep postfix swaks -- 'TLS from the first byte on port 465' -- -d tcp.port==465,tls tls.handshake.type==2

scene
mkdir -p "$WORK/dovecot/run" "$WORK/dovecot/mail"
chown 65534:65534 "$WORK/dovecot/mail"
cat >"$WORK/dovecot.conf" <<EOF
base_dir = $WORK/dovecot/run
state_dir = $WORK/dovecot/run
log_path = /dev/stderr
protocols = imap pop3
ssl = yes
ssl_cert = <$WORK/mail.crt
ssl_key = <$WORK/mail.key
disable_plaintext_auth = no
mail_location = maildir:$WORK/dovecot/mail
first_valid_uid = 1
passdb {
  driver = static
  args = password=secret
}
userdb {
  driver = static
  args = uid=65534 gid=65534 home=$WORK/dovecot/mail
}
service imap-login {
  inet_listener odd {
    port = 8143
  }
}
service pop3-login {
  inet_listener odd {
    port = 8110
  }
}
EOF
start_in_server dovecot dovecot -F -c "$WORK/dovecot.conf"
wait_tcp 8110
wait_tcp 8143
fetch() { in_client curl -sS -k -u alice:secret "$@" >>"$WORK/curl.log"; }

record imap/usual.pcap 'tcp port 143'
fetch imap://server.example/ -X 'EXAMINE INBOX'
keep dovecot-imapd curl -- 'login and one folder on port 143' -- 'imap.request.command == "EXAMINE" || imap.request contains "EXAMINE"'
record imap/odd-port.pcap 'tcp port 8143'
fetch imap://server.example:8143/
keep dovecot-imapd curl -- 'login and a list on port 8143' -- -d tcp.port==8143,imap imap.request
record imap/starttls.pcap 'tcp port 143'
fetch --ssl-reqd imap://server.example/
keep dovecot-imapd curl -- 'STARTTLS on port 143' -- 'imap.request contains "STARTTLS"' tls.handshake.type==2
record pop3/usual.pcap 'tcp port 110'
fetch pop3://server.example/
keep dovecot-pop3d curl -- 'login and a list on port 110' -- 'pop.request.command == "LIST"'
record pop3/odd-port.pcap 'tcp port 8110'
fetch pop3://server.example:8110/
keep dovecot-pop3d curl -- 'login and a list on port 8110' -- -d tcp.port==8110,pop 'pop.request.command == "LIST"'
record pop3/stls.pcap 'tcp port 110'
fetch --ssl-reqd pop3://server.example/
keep dovecot-pop3d curl -- 'STLS on port 110' -- 'pop.request.command == "STLS"' tls.handshake.type==2
