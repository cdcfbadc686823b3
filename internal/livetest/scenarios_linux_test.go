package livetest

import "slices"

// scenarios are all servers. Ports are odd on purpose: some belong to another
// protocol that is much better known there, some to nobody.
func scenarios() []*scenario {
	return slices.Concat(
		remoteScenarios(),
		webScenarios(),
		fileScenarios(),
		mailScenarios(),
		infrastructureScenarios(),
		directoryScenarios(),
		databaseScenarios(),
		messagingScenarios(),
		transferScenarios(),
		monitoringScenarios(),
		mediaScenarios(),
		tunnelScenarios(),
		routingScenarios(),
		textScenarios(),
		appScenarios(),
		developerScenarios(),
		gatewayScenarios(),
		deviceScenarios(),
		streamScenarios(),
		privateScenarios(),
	)
}

// certificate is a script that makes $DIR/tls.key and $DIR/tls.crt.
const certificate = `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=server.example \
	-keyout tls.key -out tls.crt
chmod 644 tls.key # for servers that read it after they gave up root
`
