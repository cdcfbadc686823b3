package livetest

// tone is what ffmpeg sends: a tone, as fast as it is heard.
const tone = "timeout 5 ffmpeg -nostdin -loglevel error -re -f lavfi -i sine=duration=4 "

// record is a server that takes what it is sent.
const record = "exec ffmpeg -nostdin -loglevel error "

func streamScenarios() []*scenario {
	return []*scenario{
		{
			name:     "ffmpeg, rtp",
			packages: "ffmpeg", programs: "ffmpeg",
			files:     map[string]string{"in.sdp": "v=0\no=- 0 0 IN IP4 $CLIENT\ns=live\nc=IN IP4 $SERVER\nt=0 0\nm=audio $PORT RTP/AVP 0\n"},
			server:    record + "-protocol_whitelist file,udp,rtp -i in.sdp -f null -",
			client:    tone + "-ar 8000 -ac 1 -c:a pcm_mulaw -f rtp rtp://$SERVER:$PORT",
			oneWay:    true,
			transport: "udp", port: 8272,
			protocols: "rtp", confidence: "likely", verdict: "unregistered", process: "ffmpeg",
		},
		{
			name:     "ffmpeg, mpeg transport stream",
			packages: "ffmpeg", programs: "ffmpeg",
			server:    record + "-i udp://0.0.0.0:$PORT -f null -",
			client:    tone + "-c:a mp2 -f mpegts udp://$SERVER:$PORT?pkt_size=1316",
			oneWay:    true,
			transport: "udp", port: 8273,
			protocols: "mp2t", confidence: "likely", verdict: "unregistered", process: "ffmpeg",
		},
		{
			name:     "ffmpeg, rtsp",
			packages: "ffmpeg", programs: "ffmpeg",
			server:    record + "-rtsp_flags listen -i rtsp://0.0.0.0:$PORT/tone -f null -",
			client:    tone + "-c:a aac -f rtsp -rtsp_transport tcp rtsp://$SERVER:$PORT/tone",
			transport: "tcp", port: 8277,
			protocols: "rtsp", verdict: "unregistered", process: "ffmpeg",
		},
	}
}
