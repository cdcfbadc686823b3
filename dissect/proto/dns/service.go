package dns

import "bytes"

// service returns the protocols of a service name, "_ldap._tcp.example.org" or
// "Printer._ipp._tcp.local", and its transport; nil if it names none that is
// known.
func service(msg []byte, off int) (protocols []string, transport string) {
	var name []byte
	labels(msg, off, func(label []byte) bool {
		switch {
		case bytes.EqualFold(label, []byte("_tcp")):
			transport = "tcp"
		case bytes.EqualFold(label, []byte("_udp")):
			transport = "udp"
		default:
			name = label
			return true
		}
		return false
	})
	if transport == "" || len(name) < 2 || name[0] != '_' {
		return nil, ""
	}
	return serviceProtocols(string(bytes.ToLower(name[1:])), transport), transport
}

// serviceProtocols is the stack of a registered service name, lowest layer
// first. Source: IANA, "Service Name and Transport Protocol Port Number
// Registry", and the specifications it refers to.
func serviceProtocols(name, transport string) []string {
	switch name {
	case "ldap", "gc":
		if transport == "udp" {
			return []string{"cldap"}
		}
		return []string{"ldap"}
	case "kerberos", "kerberos-master":
		return []string{"kerberos"}
	case "kpasswd":
		return []string{"kpasswd"}
	case "vlmcs": // MS-KMS
		return []string{"dcerpc"}
	case "smb":
		return []string{"nbss", "smb2"}
	case "sip":
		return []string{"sip"}
	case "xmpp-client", "xmpp-server", "jabber", "presence":
		return []string{"xmpp"}
	case "http", "caldav", "carddav", "webdav", "daap", "dpap":
		return []string{"http"}
	case "ipp":
		return []string{"http", "ipp"}
	case "https", "ipps", "caldavs", "carddavs", "webdavs", "imaps", "pop3s", "submissions", "sips",
		"ldaps", "autodiscover", "googlecast", "androidtvremote2", "matrix-fed":
		return []string{"tls"}
	case "imap":
		return []string{"imap"}
	case "pop3":
		return []string{"pop"}
	case "submission", "smtp":
		return []string{"smtp"}
	case "ssh", "sftp-ssh":
		return []string{"ssh"}
	case "ftp":
		return []string{"ftp"}
	case "telnet":
		return []string{"telnet"}
	case "rfb":
		return []string{"vnc"}
	case "rtsp", "raop":
		return []string{"rtsp"}
	case "nfs":
		return []string{"rpc", "nfs"}
	case "afpovertcp":
		return []string{"dsi", "afp"}
	case "printer":
		return []string{"lpd"}
	case "ntp":
		return []string{"ntp"}
	case "stun", "turn":
		return []string{"stun"}
	case "coap":
		return []string{"coap"}
	case "mqtt":
		return []string{"mqtt"}
	case "mongodb":
		return []string{"mongo"}
	case "postgresql":
		return []string{"pgsql"}
	case "mysql":
		return []string{"mysql"}
	case "domain":
		return []string{"dns"}
	case "git":
		return []string{"git"}
	case "svn":
		return []string{"svn"}
	case "rsync":
		return []string{"rsync"}
	case "bittorrent":
		return []string{"bittorrent"}
	}
	return nil
}
