#!/usr/bin/env bash
# WS-Discovery: wsdd as host and as discoverer.

. "$(dirname "$0")/lib.sh"
need wsdd wsdd

scene
record wsd/discovery.pcap 'udp port 3702 or tcp'
start_in_server wsdd wsdd -4 -i eth0 -n server -w EXAMPLE -U 00000000-0000-4000-8000-000000000020 -v
wait_for 20 grep -q 'scheduling Hello' "$WORK/wsdd.log"
sleep 2
start_in_client discover wsdd -4 -i eth0 -D -o -v -l 5358 -U 00000000-0000-4000-8000-000000000010
wait_for 20 grep -q 'discovered SERVER' "$WORK/discover.log"
sleep 1
keep wsdd -- 'Hello, Probe and ProbeMatches by UDP; the metadata by HTTP on port 5357' -- \
	'udp contains "discovery/Hello"' 'udp contains "discovery/Probe<"' 'udp contains "discovery/ProbeMatches"' \
	'tcp.dstport == 5357 && http.request.method == "POST"'
