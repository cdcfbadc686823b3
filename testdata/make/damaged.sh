#!/usr/bin/env bash
# Files of other forms and broken files, all made from good captures: nothing
# is recorded here. Run it after the others.

. "$(dirname "$0")/lib.sh"
need editcap wireshark-common
need zstd zstd

GOOD=$PCAPS/dns/udp.pcap
[ -f "$GOOD" ] || die "$GOOD is missing; run dns.sh first"
mkdir -p "$PCAPS/format" "$PCAPS/damaged" "$PCAPS/stream" "$PCAPS/tunnel"

# made FILE TEXT gives FILE its line in README.md.
made() {
	list "$1" "made from \`${FROM:-dns/udp.pcap}\`" "$2"
	printf '%-40s %6d bytes\n' "$1" "$(stat -c %s "$PCAPS/$1")"
}
# readable FILE... requires that tshark reads as many packets as the original has.
readable() {
	local file
	for file; do
		[ "$(tshark -n -r "$file" 2>/dev/null | wc -l)" = "$(tshark -n -r "$GOOD" 2>/dev/null | wc -l)" ] || die "$file is not readable"
	done
}

# Other forms of the same packets.
gzip -9nc "$GOOD" >"$PCAPS/format/gzip.pcap.gz"
made format/gzip.pcap.gz 'gzip'
zstd -q -19 -c "$GOOD" >"$PCAPS/format/zstd.pcap.zst"
made format/zstd.pcap.zst 'zstd'
editcap -F nsecpcap "$GOOD" "$PCAPS/format/nanoseconds.pcap"
made format/nanoseconds.pcap 'pcap with nanoseconds, magic a1b23c4d'
editcap -F pcapng "$GOOD" "$PCAPS/format/plain.pcapng"
made format/plain.pcapng 'pcapng, one section, one interface'
/usr/bin/python3 "$MAKE/reshape.py" big-endian "$GOOD" "$PCAPS/format/big-endian.pcap"
made format/big-endian.pcap 'pcap, big-endian'
/usr/bin/python3 "$MAKE/reshape.py" big-endian-ng "$GOOD" "$PCAPS/format/big-endian.pcapng"
made format/big-endian.pcapng 'pcapng, big-endian, simple packets of unknown time'
/usr/bin/python3 "$MAKE/reshape.py" raw "$GOOD" "$PCAPS/format/raw-ip.pcap"
made format/raw-ip.pcap 'link type 101, raw IP'
/usr/bin/python3 "$MAKE/reshape.py" cooked "$GOOD" "$PCAPS/format/cooked.pcap"
made format/cooked.pcap 'link type 113, Linux cooked'
/usr/bin/python3 "$MAKE/reshape.py" vlan "$GOOD" "$PCAPS/format/vlan.pcap"
made format/vlan.pcap 'VLAN 7 within VLAN 100'
readable "$PCAPS"/format/{gzip.pcap.gz,zstd.pcap.zst,nanoseconds.pcap,plain.pcapng,big-endian.pcap,big-endian.pcapng,raw-ip.pcap,cooked.pcap,vlan.pcap}

editcap -F pcapng "$PCAPS/dns/tcp.pcap" "$WORK/b.pcapng"
cat "$PCAPS/format/plain.pcapng" "$WORK/b.pcapng" >"$PCAPS/format/two-sections.pcapng"
FROM='dns/udp.pcap`, `dns/tcp.pcap' made format/two-sections.pcapng 'pcapng of two sections, each with its own interface 0'
/usr/bin/python3 "$MAKE/reshape.py" two-interfaces "$PCAPS/format/two-sections.pcapng" "$PCAPS/format/two-interfaces.pcapng"
FROM='dns/udp.pcap`, `dns/tcp.pcap' made format/two-interfaces.pcapng 'pcapng of one section with two interfaces'

# Traffic that begins in the middle, loses packets or was cut by a snap length.
# midstream FILE FROM DISPLAY-FILTER TEXT keeps the packets that match.
midstream() {
	tshark -n -r "$PCAPS/$2" -Y "$3" -F pcap -w "$PCAPS/$1" 2>/dev/null
	FROM=$2 made "$1" "$4"
}
midstream damaged/smb2-midstream.pcap smb/smb3-445.pcap 'frame.number > 12' 'SMB 3.1.1 that begins after the negotiate'
midstream damaged/smb1-midstream.pcap smb/smb1-445.pcap 'frame.number > 12' 'SMB1 that begins after the negotiate'
midstream damaged/ssh-midstream.pcap ssh/usual.pcap 'frame.number > 20' 'SSH that begins when all is encrypted'
midstream damaged/tls-server-only.pcap tls/https-12.pcap 'tcp.srcport == 443' 'TLS 1.2, only the packets of the server'
midstream damaged/http-client-only.pcap http/usual.pcap 'tcp.dstport == 80' 'HTTP, only the packets of the client'
midstream damaged/syn-only.pcap smb/smb3-445.pcap 'tcp.len == 0 && frame.number < 4' 'a handshake on port 445 and nothing more'
editcap -F pcap -s 96 "$PCAPS/http/usual.pcap" "$PCAPS/damaged/snaplen-96.pcap"
FROM=http/usual.pcap made damaged/snaplen-96.pcap 'every packet cut after 96 bytes'

# What networks do to streams.
for form in reordered retransmitted overlapping; do
	for from in http/usual smb/smb1-139; do
		file=stream/$form-${from%/*}.pcap
		/usr/bin/python3 "$MAKE/reshape.py" "$form" "$PCAPS/$from.pcap" "$PCAPS/$file"
		FROM=$from.pcap
		case $form in
		reordered) made "$file" 'every segment is cut in two and the second half comes first' ;;
		retransmitted) made "$file" 'every packet with payload comes twice' ;;
		overlapping) made "$file" 'every segment is followed by its second half again' ;;
		esac
	done
done
unset FROM
for form in gre ipip; do
	/usr/bin/python3 "$MAKE/reshape.py" "$form" "$GOOD" "$PCAPS/tunnel/$form.pcap"
	made "tunnel/$form.pcap" "$([ $form = gre ] && echo 'in GRE' || echo 'IPv4 in IPv4'), between 198.51.100.1 and 198.51.100.2"
done

# Broken files.
head -c 200 "$GOOD" >"$PCAPS/damaged/cut-in-record.pcap"
made damaged/cut-in-record.pcap 'ends within the second packet'
head -c 30 "$GOOD" >"$PCAPS/damaged/cut-in-record-header.pcap"
made damaged/cut-in-record-header.pcap 'ends within the first record header'
head -c 10 "$GOOD" >"$PCAPS/damaged/cut-in-file-header.pcap"
made damaged/cut-in-file-header.pcap 'ends within the file header'
head -c 24 "$GOOD" >"$PCAPS/damaged/no-packets.pcap"
made damaged/no-packets.pcap 'a file header and no packet; nothing is wrong with it'
: >"$PCAPS/damaged/empty.pcap"
made damaged/empty.pcap 'no bytes at all'
{ printf 'not a capture\n' && cat "$GOOD"; } >"$PCAPS/damaged/wrong-magic.pcap"
made damaged/wrong-magic.pcap 'begins with text'
/usr/bin/python3 "$MAKE/reshape.py" insane-length "$GOOD" "$PCAPS/damaged/insane-length.pcap"
made damaged/insane-length.pcap 'the second record claims 4294967295 bytes'
/usr/bin/python3 "$MAKE/reshape.py" long-capture "$GOOD" "$PCAPS/damaged/captured-more-than-sent.pcap"
made damaged/captured-more-than-sent.pcap 'the second record was captured longer than it was'
head -c 600 "$PCAPS/format/plain.pcapng" >"$PCAPS/damaged/cut-in-block.pcapng"
made damaged/cut-in-block.pcapng 'ends within a block'
/usr/bin/python3 "$MAKE/reshape.py" bad-block-length "$PCAPS/format/plain.pcapng" "$PCAPS/damaged/block-length.pcapng"
made damaged/block-length.pcapng 'the last block says two different lengths'
head -c 200 "$PCAPS/format/gzip.pcap.gz" >"$PCAPS/damaged/cut.pcap.gz"
made damaged/cut.pcap.gz 'gzip that ends too early'
head -c 150 "$PCAPS/format/zstd.pcap.zst" >"$PCAPS/damaged/cut.pcap.zst"
made damaged/cut.pcap.zst 'zstd that ends too early'
