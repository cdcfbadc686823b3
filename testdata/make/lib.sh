# shellcheck shell=bash
#
# What every script here needs: two network namespaces joined by a cable, a
# real server in one, a real client in the other, and tcpdump in between.
#
#     . "$(dirname "$0")/lib.sh"
#     need sshd openssh-server
#     scene
#     start_in_server sshd /usr/sbin/sshd -D -p 2222
#     wait_tcp 2222
#     record ssh/odd-port.pcap 'tcp port 2222'
#     in_client ssh -p 2222 "$SERVER" true
#     keep openssh-server openssh-client -- 'a login and one command' -- \
#         -d tcp.port==2222,ssh 'ssh.message_code == 20'
#
# Nothing outside is touched: namespaces, hosts files, processes and the work
# folder are this script's own and go when it ends, however it ends. Clients
# and servers run in PID namespaces of their own, so that a daemon's children
# end with it.
#
# Set PCAPS to write the captures elsewhere than testdata/pcaps.

set -euo pipefail
umask 022

MAKE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PCAPS=${PCAPS:-$(cd "$MAKE/../pcaps" && pwd)}
NAME=$(basename "$0" .sh)
LIMIT=100000 # bytes, the largest capture file that is kept

CLIENT_NS='' SERVER_NS=''
CLIENT=192.0.2.10 CLIENT6=2001:db8::10 # RFC 5737, RFC 3849
SERVER=192.0.2.20 SERVER6=2001:db8::20
SCENES=0
PIDS=()
CAPTURE='' CAPTURE_PID=''

die() {
	printf '%s: %s\n' "$NAME" "$*" >&2
	exit 1
}

# need COMMAND PACKAGE ends the script when COMMAND is missing.
need() {
	PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null ||
		die "$1 is missing; it is in the Debian package $2: apt-get install --no-install-recommends $2"
}

# need_python MODULE PACKAGE is need for a module of Debian's python3.
need_python() {
	/usr/bin/python3 -c "import $1" 2>/dev/null ||
		die "python3 module $1 is missing; it is in the Debian package $2"
}

[ "$(id -u)" = 0 ] || die "network namespaces need root; run it with sudo"
need ip iproute2
need ethtool ethtool
need tcpdump tcpdump
need tshark tshark
need unshare util-linux

WORK=$(mktemp -d "${TMPDIR:-/tmp}/sniffid-make-$NAME.XXXXXX")
chmod 755 "$WORK" # servers that give up root read their settings here

# end_services ends what the scene started and leaves its cable.
end_services() {
	local pid
	for pid in ${PIDS[@]+"${PIDS[@]}"}; do
		kill -KILL "$pid" 2>/dev/null || true # unshare ignores SIGTERM
		wait "$pid" 2>/dev/null || true
	done
	PIDS=()
}

# end_scene ends what the scene started, then deletes its namespaces.
end_scene() {
	local ns
	if [ -n "$CAPTURE_PID" ]; then PIDS+=("$CAPTURE_PID"); fi
	end_services
	CAPTURE='' CAPTURE_PID=''
	for ns in $CLIENT_NS $SERVER_NS; do
		ip netns delete "$ns" 2>/dev/null || true
		rm -rf "/etc/netns/${ns:?}"
	done
	CLIENT_NS='' SERVER_NS=''
}

finish() {
	local status=$?
	trap - EXIT ERR
	trap '' INT TERM PIPE
	if [ "$status" != 0 ]; then
		local log
		for log in "$WORK"/*.log; do
			[ -s "$log" ] && { echo "--- $log" && tail -n 15 "$log"; } >&2
		done
	fi
	end_scene
	rm -rf "${WORK:?}"
	exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'echo "$NAME: line $LINENO: \"$BASH_COMMAND\" ended with $?" >&2' ERR

# scene [CLIENT-ADDRESS SERVER-ADDRESS] lays the cable anew. Both ends are
# called eth0, are in one /24, have fixed hardware addresses and leave no
# checksum or segmentation to hardware. The names client.example and
# server.example are known on both sides.
scene() {
	end_scene
	CLIENT=${1:-192.0.2.10} SERVER=${2:-192.0.2.20}
	SCENES=$((SCENES + 1))
	CLIENT_NS=sniffid-$$-$SCENES-client SERVER_NS=sniffid-$$-$SCENES-server
	local ns
	for ns in "$CLIENT_NS" "$SERVER_NS"; do
		ip netns add "$ns"
		ip netns exec "$ns" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
		mkdir -p "/etc/netns/$ns"
		printf '127.0.0.1 localhost\n%s client.example client\n%s server.example server\n' \
			"$CLIENT" "$SERVER" >"/etc/netns/$ns/hosts"
		printf 'nameserver %s\n' "$SERVER" >"/etc/netns/$ns/resolv.conf"
	done
	ip link add name eth0 netns "$CLIENT_NS" type veth peer name eth0 netns "$SERVER_NS"
	ip -n "$CLIENT_NS" link set eth0 address 02:00:00:00:00:0a
	ip -n "$SERVER_NS" link set eth0 address 02:00:00:00:00:14
	ip -n "$CLIENT_NS" address add "$CLIENT/24" brd + dev eth0
	ip -n "$SERVER_NS" address add "$SERVER/24" brd + dev eth0
	for ns in "$CLIENT_NS" "$SERVER_NS"; do
		ip netns exec "$ns" ethtool -K eth0 rx off tx off tso off gso off gro off >/dev/null 2>&1 || true
		ip -n "$ns" link set lo up
		ip -n "$ns" link set eth0 up
		ip -n "$ns" route add 224.0.0.0/4 dev eth0
	done
}

# with_ipv6 adds IPv6 addresses to the scene.
with_ipv6() {
	local ns
	for ns in "$CLIENT_NS" "$SERVER_NS"; do
		ip netns exec "$ns" sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0 \
			net.ipv6.conf.eth0.disable_ipv6=0 net.ipv6.conf.lo.disable_ipv6=0
	done
	ip -n "$CLIENT_NS" -6 address add "$CLIENT6/64" dev eth0 nodad
	ip -n "$SERVER_NS" -6 address add "$SERVER6/64" dev eth0 nodad
}

# enter SIDE sets ENTER to the words that run a command on that side, under a
# host name of its own and with an empty /run.
enter() {
	local ns=$CLIENT_NS
	[ "$1" = client ] || ns=$SERVER_NS
	# The shell stays, as the first process and so the parent of orphans.
	# shellcheck disable=SC2016 # the inner shell expands them
	ENTER=(ip netns exec "$ns" unshare --uts --ipc --pid --fork --kill-child --mount-proc
		sh -c 'hostname "$0"; mount -t tmpfs -o mode=755 tmpfs /run; "$@"; exit "$?"' "$1")
}

# in_client COMMAND... and in_server COMMAND... wait for the command, a
# minute at the most.
in_client() { enter client && timeout -s KILL 60 "${ENTER[@]}" "$@"; }
in_server() { enter server && timeout -s KILL 60 "${ENTER[@]}" "$@"; }

# start_in_client LOG COMMAND... and start_in_server LOG COMMAND... do not
# wait. COMMAND must stay in the foreground: what leaves it is ended.
start_in_client() { enter client && start "$@"; }
start_in_server() { enter server && start "$@"; }
start() {
	local log=$WORK/$1.log
	shift
	"${ENTER[@]}" "$@" >>"$log" 2>&1 </dev/null &
	PIDS+=("$!")
}

# wait_tcp PORT [SIDE] and wait_udp PORT [SIDE] wait until somebody listens.
wait_tcp() { wait_socket -lt "$@"; }
wait_udp() { wait_socket -u "$@"; }
wait_socket() {
	local ns=$SERVER_NS try
	[ "${3:-server}" = server ] || ns=$CLIENT_NS
	for try in $(seq 200); do
		[ -n "$(ip netns exec "$ns" ss -Han "$1" "sport = :$2")" ] && return
		sleep 0.1
	done
	die "nothing listens on port $2 after $((try / 10)) seconds"
}

# wait_for SECONDS COMMAND... repeats the command until it succeeds.
wait_for() {
	local seconds=$1 try
	shift
	for try in $(seq $((seconds * 5))); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.2
	done
	die "not in $seconds seconds and $try tries: $*"
}

# record FILE [FILTER] starts to capture at the client's end into FILE, a path
# below testdata/pcaps: pcap by tcpdump, or pcapng by dumpcap as its name says.
record() {
	CAPTURE=$1
	local filter=${2:-} log=$WORK/record.log raw=$WORK/record.raw command
	rm -f "$log" "$raw"
	case $CAPTURE in
	*.pcapng)
		need dumpcap wireshark-common
		command=(dumpcap -q -n -i eth0 -s 0 -w "$raw" -f "$filter")
		: >"$raw" && chmod 666 "$raw"
		;;
	*) command=(tcpdump -n -Z root -i eth0 -s 0 --immediate-mode -U -w "$raw" "$filter") ;;
	esac
	ip netns exec "$CLIENT_NS" "${command[@]}" >"$log" 2>&1 &
	CAPTURE_PID=$!
	wait_for 10 grep -q -e 'listening on' -e '^File: ' "$log"
	sleep 0.2
}

# keep PACKAGE... -- TEXT -- [TSHARK-OPTION VALUE]... DISPLAY-FILTER...
# ends the capture, requires a packet for every display filter, moves the
# file to its place and gives it its line in README.md. A word before the
# first -- that is no package is taken as it is. TRIM='display filter' keeps
# the packets that match.
keep() {
	local origin='' text options=() filter raw=$WORK/record.raw size
	sleep 0.5
	kill -INT "$CAPTURE_PID"
	wait "$CAPTURE_PID" || die "the capture ended with $?"
	CAPTURE_PID=

	while [ "$1" != -- ]; do
		origin+="${origin:+, }$(dpkg-query -W -f '${Package} ${Version}' "$1" 2>/dev/null || echo "$1")"
		shift
	done
	text=$2
	shift 3
	while [ "${1#-}" != "${1-}" ]; do
		options+=("$1" "$2")
		shift 2
	done
	if [ -n "${TRIM:-}" ]; then
		local format=pcap
		[ "${CAPTURE##*.}" = pcap ] || format=pcapng
		tshark -n ${options[@]+"${options[@]}"} -r "$raw" -Y "$TRIM" -F "$format" -w "$raw.trimmed" 2>/dev/null
		mv "$raw.trimmed" "$raw"
	fi
	if [ "${CAPTURE##*.}" = pcapng ]; then
		/usr/bin/python3 "$MAKE/reshape.py" nameless "$raw" "$raw.nameless"
		mv "$raw.nameless" "$raw"
	fi
	for filter; do
		[ -n "$(tshark -n -2 ${options[@]+"${options[@]}"} -r "$raw" -Y "$filter" -T fields -e frame.number 2>"$WORK/tshark.log")" ] || {
			cp "$raw" "${TMPDIR:-/tmp}/sniffid-make-$NAME-rejected.pcap"
			die "$CAPTURE has no packet for: $filter"
		}
	done
	size=$(stat -c %s "$raw")
	[ "$size" -le "$LIMIT" ] || die "$CAPTURE has $size bytes, more than $LIMIT"
	mkdir -p "$PCAPS/$(dirname "$CAPTURE")"
	cp "$raw" "$PCAPS/$CAPTURE"
	rm -f "$raw"
	list "$CAPTURE" "$origin" "$text"
	printf '%-40s %6d bytes\n' "$CAPTURE" "$size"
	CAPTURE=
}

# list FILE ORIGIN TEXT writes or replaces the line of FILE in README.md.
list() {
	local readme=$PCAPS/README.md line="| \`$1\` | $2 | \`$NAME.sh\` | $3 |"
	[ -f "$readme" ] || cp "$MAKE/../pcaps/README.md" "$readme"
	(
		flock 9
		{
			sed '/^| `/d' "$readme"
			{
				sed -n '/^| `/p' "$readme" | grep -vF "| \`$1\` |" || true
				printf '%s\n' "$line"
			} | LC_ALL=C sort
		} >"$WORK/README.md"
		cp "$WORK/README.md" "$readme"
	) 9<"$PCAPS"
}

# certificate NAME makes a key and a self-signed certificate for
# server.example: $WORK/NAME.key, $WORK/NAME.crt.
certificate() {
	need openssl openssl
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 \
		-subj /CN=server.example -addext subjectAltName=DNS:server.example \
		-keyout "$WORK/$1.key" -out "$WORK/$1.crt" 2>/dev/null
	chmod 644 "$WORK/$1.key" # some servers read it after they gave up root
}
