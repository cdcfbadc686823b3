package livetest

func developerScenarios() []*scenario {
	return []*scenario{
		{
			name:     "adb",
			packages: "adb", programs: "adb",
			server:    "exec adb -a -P $PORT nodaemon server",
			client:    "adb -H $SERVER -P $PORT devices",
			transport: "tcp", port: 8222,
			protocols: "adb_cs", verdict: "unregistered", process: "adb",
		},
		{
			name:     "distcc",
			packages: "distcc gcc libc6-dev", programs: "distccd distcc gcc",
			server:    "exec distccd --no-detach --daemon --user nobody --port $PORT --allow 192.0.2.0/24 --log-stderr",
			client:    "echo 'int x;' >x.c; DISTCC_HOSTS=$SERVER:$PORT distcc gcc -c x.c -o x.o",
			transport: "tcp", port: 8223,
			protocols: "distcc", verdict: "unregistered", process: "distccd",
		},
		{
			name:     "epmd",
			packages: "erlang-base", programs: "epmd erl",
			server:    "exec epmd -port $PORT",
			client:    `ERL_EPMD_PORT=$PORT erl -noshell -eval 'net_adm:names("server"), halt().'`,
			transport: "tcp", port: 8224,
			protocols: "epmd", verdict: "unregistered", process: "epmd",
		},
		{
			name:     "gdbserver",
			packages: "gdbserver gdb", programs: "gdbserver gdb",
			server:    "exec gdbserver --multi :$PORT",
			client:    `gdb -batch -nx -ex "target extended-remote $SERVER:$PORT"`,
			transport: "tcp", port: 8221,
			protocols: "gdb", verdict: "unregistered", process: "gdbserver",
		},
	}
}
