# make try    build sniffid and let it answer a question from a capture that comes with it
# make test   everything that has to hold before a commit; what CI runs
# make live   tests against real servers, in network namespaces (root)
# make owners  tests of whose socket is whose, with processes of all kinds (root)
# make wine   the Windows program under Wine: capture, owners, services (root)
# make fuzz   fuzz every target for a minute
# make docs   write from the signatures docs/protocols.md, and the digest that a start reads
# make mutants [CORPUS=DIR]   read 100,000 damaged captures: none may do harm
# make speed-check   whether a change has made it slow beside a peer
# make load   an hour of capture on a wire that is as busy as can be, and write docs/load.md (root)
# make vulncheck   ask Go's vulnerability database about what is linked in
# make release KEY=FILE   what is given to users, into dist/, signed: docs/releases.md
# make speed [CORPUS=DIR]   measure how fast captures are read, beside peers, and write docs/speed.md
# make conformance [CORPUS=DIR,…]   measure how right the answers are, and write docs/conformance.md

CAPTURE = testdata/pcaps/phantom/netstat-2888.pcap
LISTING = testdata/claims/netstat-an.xp.txt

# Without libpcap sniffid reads files all the same; live captures need it.
PCAP = .ci/need libpcap-dev || { echo 'Building without live capture.' >&2; export CGO_ENABLED=0; }

# What a clone of another user's, or an archive, says of its version is no reason to fail.
VCS := $(shell git rev-parse HEAD >/dev/null 2>&1 && echo auto || echo false)

.PHONY: try build test format vet staticcheck tidy tests cross fuzz fuzz-smoke live owners wine generate docs conformance mutants speed speed-check load vulncheck release clean

try: build
	@echo
	@echo 'A netstat listing has 192.168.0.111:2888 LISTENING. What is that port?'
	@echo
	@echo '$$ ./sniffid -r $(CAPTURE) --port 2888 --claims $(LISTING)'
	@./sniffid -r $(CAPTURE) --port 2888 --claims $(LISTING); status=$$?; echo; \
	if [ $$status -ne 1 ]; then echo "exit status $$status, expected 1"; exit 1; fi; \
	echo 'exit status 1: what was asked about is contradicted (0 would be: nothing is)'

build:
	@$(PCAP); go build -buildvcs=$(VCS) ./cmd/sniffid

test: format vet staticcheck tidy cross fuzz-smoke tests

format:
	@out=$$(go tool gofumpt -l $$(find . -name '*.go' -not -path './.*')); if [ -n "$$out" ]; then echo "not formatted (go tool gofumpt -w):"; echo "$$out"; exit 1; fi

vet: needs
	go vet ./...

staticcheck: needs
	go tool staticcheck ./...

tidy:
	go mod tidy -diff

# The tests run last: their summary closes the output.
tests: needs
	go test -json ./... | go run ./internal/testsummary

# Without cgo, for systems that this one is not.
cross:
	@for target in windows/amd64 windows/arm64 windows/386 darwin/arm64 freebsd/amd64 linux/arm64; do \
		echo "vet $$target"; \
		CGO_ENABLED=0 GOOS=$${target%/*} GOARCH=$${target#*/} go vet ./... || exit 1; \
		CGO_ENABLED=0 GOOS=$${target%/*} GOARCH=$${target#*/} go build -o /dev/null ./cmd/sniffid || exit 1; \
	done

fuzz-smoke: needs
	.ci/fuzz 3s

fuzz: needs
	.ci/fuzz 1m

.PHONY: needs
needs:
	@.ci/need libpcap-dev iproute2 tcpdump

live: needs
	internal/livetest/install.sh
	SNIFFID_LIVE=1 go test -count=1 -json ./internal/livetest/... | go run ./internal/testsummary

owners: needs
	SNIFFID_OWNERS=1 go test -count=1 -json ./internal/ownertest | go run ./internal/testsummary

wine: needs
	@.ci/need wine wine64 gcc-mingw-w64-x86-64-win32
	go mod download # the tests run without a network
	SNIFFID_WINE=1 go test -count=1 -json ./internal/winetest | go run ./internal/testsummary

# The BPF programs, after a change of their source; needs clang, llvm and libbpf-dev.
generate:
	C_INCLUDE_PATH=/usr/include/$$(gcc -print-multiarch) go generate ./correlate/owner/trace

docs:
	go run ./internal/protocolpage
	go test ./signatures -run 'TestDigest$$' -update-digest

conformance:
	go run ./internal/conformance -corpus '$(CORPUS)' -payloads 10000000 -write docs/conformance.md

mutants:
	go run ./internal/mutants testdata/pcaps $(CORPUS)

speed: build
	@.ci/need libndpi-bin tshark
	go run ./internal/speed -write docs/speed.md testdata/pcaps $(CORPUS)

# Whether a change has made it slow.
speed-check: build
	@.ci/need libndpi-bin
	go run ./internal/speed -check testdata/pcaps

load: build
	go run ./internal/load -for $(or $(FOR),1h) -write docs/load.md

vulncheck: needs
	.ci/vulncheck

release: needs
	.ci/release '$(KEY)'

clean:
	rm -rf sniffid sniffid.exe dist
