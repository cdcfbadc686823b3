package livetest

func deviceScenarios() []*scenario {
	return []*scenario{
		{
			name:     "ipmi",
			packages: "openipmi ipmitool", programs: "ipmi_sim ipmitool",
			files: map[string]string{
				"lan.conf": "name \"live\"\nset_working_mc 0x20\n  startlan 1\n    addr 0.0.0.0 $PORT\n    priv_limit admin\n    allowed_auths_callback none md2 md5 straight\n    allowed_auths_user none md2 md5 straight\n    allowed_auths_operator none md2 md5 straight\n    allowed_auths_admin none md2 md5 straight\n    guid a123456789abcdefa123456789abcdef\n  endlan\n  user 1 true \"\" \"test\" user 10 none md2 md5 straight\n  user 2 true \"admin\" \"secret\" admin 10 none md2 md5 straight\n",
				"sim.emu":  "mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr\nmc_enable 0x20\n",
			},
			server:    "sleep 60 | ipmi_sim -c $DIR/lan.conf -f $DIR/sim.emu -s $DIR -n",
			client:    "ipmitool -I lanplus -H $SERVER -p $PORT -U admin -P secret mc info",
			transport: "udp", port: 8246,
			protocols: "rmcp/ipmi", verdict: "unregistered", process: "ipmi_sim",
		},
		{
			name:     "nut",
			packages: "nut-server nut-client", programs: "upsd upsc",
			files: map[string]string{
				"upsd.conf": "LISTEN 0.0.0.0 $PORT\nSTATEPATH $DIR\n", "ups.conf": "[desk]\n\tdriver = dummy-ups\n\tport = desk.dev\n", "upsd.users": "", "nut.conf": "MODE=netserver\n",
			},
			server:    "NUT_CONFPATH=$DIR NUT_STATEPATH=$DIR NUT_ALTPIDPATH=$DIR exec /lib/nut/upsd -F -u root",
			client:    "upsc -l $SERVER:$PORT",
			transport: "tcp", port: 8247,
			protocols: "nut", verdict: "unregistered", process: "upsd",
		},
		{
			name:     "gpsd",
			packages: "gpsd gpsd-clients", programs: "gpsd gpspipe",
			server:    "exec gpsd -N -n -G -S $PORT -F $DIR/gpsd.sock",
			client:    "timeout 2 gpspipe -w $SERVER:$PORT",
			transport: "tcp", port: 8248,
			protocols: "gpsd", verdict: "unregistered", process: "gpsd",
		},
	}
}
