# Everything here runs the tools pinned in .ci/tools.mod: nothing to install but Go.

TOOL     := go tool -modfile=.ci/tools.mod
FUZZTIME ?= 1m
BENCH    ?= .
COUNT    ?= 6
LEAGUE   ?=

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 10

.PHONY: test
test: ## Run all tests
	go test ./...

.PHONY: race
race: ## Run all tests under the race detector, in random order
	go test -race -shuffle=on ./...

.PHONY: ledger
ledger: ## Send 5,000,000 messages through faults and compare; make 10,000,000 calls and weigh
	go test ./rtm -run '^TestLedgerOfSends$$' -ledger 5000000 -timeout 30m -v
	go test ./fpnn -run '^TestMemoryStaysFlat$$' -calls 10000000 -timeout 30m -v

.PHONY: lint
lint: ## Check format, modules, vet, the linters, import rules among them, and the exported API
	@test -z "$$($(TOOL) gofumpt -l .)" || { $(TOOL) gofumpt -d .; exit 1; }
	go mod tidy -diff
	go vet ./...
	$(TOOL) golangci-lint run ./...
	@bash .ci/api

.PHONY: fmt
fmt: ## Format all code
	$(TOOL) gofumpt -w .

.PHONY: api
api: ## Write the exported API down anew, in .ci/api.txt
	@bash .ci/api -update

.PHONY: fuzz
fuzz: ## Fuzz every target for FUZZTIME each (1m)
	@bash .ci/fuzz $(FUZZTIME)

.PHONY: bench
bench: ## Run the benchmarks matching BENCH, COUNT times, and summarise them
	@out=$$(mktemp) && go test -run '^$$' -bench '$(BENCH)' -count $(COUNT) ./... | tee $$out && \
		$(TOOL) benchstat $$out; rm -f $$out

.PHONY: league
league: ## Measure all peers side by side into benchmarks/results, with LEAGUE's flags (-quick)
	cd benchmarks && go run ./cmd/league $(LEAGUE)

.PHONY: ci
ci: ## Run what continuous integration runs
	bash .ci/run
