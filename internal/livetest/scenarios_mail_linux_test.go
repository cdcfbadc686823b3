package livetest

// dovecotConf serves IMAP and POP3 with their listeners on odd ports only.
const dovecotConf = `base_dir = $DIR/run
state_dir = $DIR/run
log_path = /dev/stderr
protocols = imap pop3
ssl = no
disable_plaintext_auth = no
mail_location = maildir:$DIR/mail
first_valid_uid = 1
passdb {
  driver = static
  args = password=secret
}
userdb {
  driver = static
  args = uid=65534 gid=65534 home=$DIR/mail
}
`

func mailScenarios() []*scenario {
	const dovecot = "exec dovecot -F -c $DIR/dovecot.conf"
	const folders = "mkdir run mail; chown 65534:65534 mail"
	return []*scenario{
		{
			name:     "postfix",
			packages: "postfix swaks", programs: "postfix swaks",
			files: map[string]string{
				"main.cf": `compatibility_level = 3.6
queue_directory = $DIR/queue
data_directory = $DIR/data
maillog_file = /dev/stdout
myhostname = server.example
mydestination = server.example
inet_protocols = ipv4
local_transport = discard:
alias_maps =
local_recipient_maps =
`,
				"master.cf": `$PORT    inet  n - n - - smtpd
postlog   unix-dgram n - n - 1 postlogd
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
discard   unix  - - n - - discard
error     unix  - - n - - error
anvil     unix  - - n - 1 anvil
`,
			},
			prepare:   "mkdir queue data; chown postfix data",
			server:    "exec postfix -c $DIR start-fg",
			client:    "swaks --server $SERVER --port $PORT --to bob@server.example --from alice@client.example --ehlo client.example --body Hello.",
			transport: "tcp", port: 8025,
			protocols: "smtp", verdict: "mismatch", process: "master smtpd",
		},
		{
			name:     "dovecot imap",
			packages: "dovecot-imapd dovecot-pop3d curl", programs: "dovecot curl",
			files:     map[string]string{"dovecot.conf": dovecotConf + "service imap-login {\n  inet_listener odd {\n    port = $PORT\n  }\n}\n"},
			prepare:   folders,
			server:    dovecot,
			client:    "curl -sS -u alice:secret imap://$SERVER:$PORT/",
			transport: "tcp", port: 8110,
			protocols: "imap", verdict: "unregistered", process: "dovecot imap-login",
		},
		{
			name:     "dovecot pop3",
			packages: "dovecot-imapd dovecot-pop3d curl", programs: "dovecot curl",
			files:     map[string]string{"dovecot.conf": dovecotConf + "service pop3-login {\n  inet_listener odd {\n    port = $PORT\n  }\n}\n"},
			prepare:   folders,
			server:    dovecot,
			client:    "curl -sS -u alice:secret pop3://$SERVER:$PORT/",
			transport: "tcp", port: 80,
			protocols: "pop", verdict: "mismatch", process: "dovecot pop3-login",
		},
	}
}
