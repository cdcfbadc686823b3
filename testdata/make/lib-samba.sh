# shellcheck shell=bash
#
# smbd with settings, user database and folders of its own. Read after lib.sh.

need smbd samba
need smbclient smbclient
need smbpasswd samba-common-bin

USERNAME=alice PASSWORD=Wonder-Land-1

# samba_settings [LINE...] makes $WORK/samba with smb.conf: a workgroup
# server, share "share" for the user alice, LINEs added to [global]. The user
# is known in the server's namespace only. Call it after scene.
samba_settings() {
	local dir=$WORK/samba folder
	rm -rf "$dir"
	for folder in private state cache lock pid ncalrpc nmbd share; do mkdir -p "$dir/$folder"; done
	chmod 1777 "$dir/share"
	printf 'a small file\n' >"$dir/share/hello.txt"
	cp /etc/passwd /etc/group "/etc/netns/$SERVER_NS/"
	printf '%s:x:60001:60001::/:/usr/sbin/nologin\n' "$USERNAME" >>"/etc/netns/$SERVER_NS/passwd"
	printf '%s:x:60001:\n' "$USERNAME" >>"/etc/netns/$SERVER_NS/group"
	{
		cat <<-EOF
			[global]
			workgroup = EXAMPLE
			netbios name = SERVER
			server string = file server
			private dir = $dir/private
			state directory = $dir/state
			cache directory = $dir/cache
			lock directory = $dir/lock
			pid directory = $dir/pid
			ncalrpc dir = $dir/ncalrpc
			nmbd:socket dir = $dir/nmbd
			log file = $WORK/samba-%m.log
			interfaces = eth0 lo
			load printers = no
			disable spoolss = yes
			map to guest = bad user
			$(printf '%s\n' "$@")

			[share]
			path = $dir/share
			read only = no
			guest ok = yes
		EOF
	} >"$dir/smb.conf"
	enter server
	printf '%s\n%s\n' "$PASSWORD" "$PASSWORD" |
		"${ENTER[@]}" smbpasswd -c "$dir/smb.conf" -s -a "$USERNAME" >/dev/null
	printf '[global]\nworkgroup = EXAMPLE\nnetbios name = CLIENT\nclient min protocol = NT1\n' >"$dir/client.conf"
}

# start_smbd [PORT...] starts smbd and waits for its ports, 445 and 139 unless told.
start_smbd() {
	local port ports=("${@:-445}")
	[ $# -gt 0 ] || ports=(445 139)
	start_in_server smbd smbd --foreground --no-process-group --debug-stdout -s "$WORK/samba/smb.conf" \
		--option="smb ports = ${ports[*]}"
	for port in "${ports[@]}"; do wait_tcp "$port"; done
}

# smbclient_as_alice WORD... is smbclient with the scene's settings and user.
smbclient_as_alice() {
	in_client smbclient -s "$WORK/samba/client.conf" -U "$USERNAME%$PASSWORD" "$@" >>"$WORK/smbclient.log" 2>&1
}
