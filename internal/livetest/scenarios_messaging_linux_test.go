package livetest

func messagingScenarios() []*scenario {
	return []*scenario{
		{
			name:     "mosquitto",
			packages: "mosquitto mosquitto-clients", programs: "mosquitto mosquitto_pub",
			files:     map[string]string{"mosquitto.conf": "allow_anonymous true\nlistener $PORT\n"},
			server:    "exec mosquitto -c $DIR/mosquitto.conf",
			client:    "mosquitto_pub -h $SERVER -p $PORT -i publisher -q 1 -t room/light -m on",
			transport: "tcp", port: 8083,
			protocols: "mqtt", verdict: "mismatch", process: "mosquitto",
		},
	}
}
