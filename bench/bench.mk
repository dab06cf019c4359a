.PHONY: replay bench bench-check bench-growth bench-pages bench-need bench-peers soak

PEOPLE ?= 100
URL ?= http://127.0.0.1:8000

replay: ## play a chat log on a running server and check every message: make replay LOG=chat.jsonl [PEOPLE=100 URL=…]
	@scripts/setup.sh dev && exec .venv/bin/python bench/replay.py $(LOG) --people $(PEOPLE) $(addprefix --url ,$(URL))

bench: ## what a delivery costs, next to its floor, and whether reading and moderating stay fast with 2,000,000 messages
	@scripts/setup.sh dev
	set -e
	.venv/bin/python bench/fanout.py --stack $(STACK)
	.venv/bin/python bench/growth.py --axis stored --points 20000 2000000
	.venv/bin/python bench/moderation.py

bench-check: ## is this tree slower than a commit? exits 1 if so: make bench-check BASE=HEAD~1 [STACK=embedded CHECK="--pairs 10"]
	@scripts/setup.sh dev && exec .venv/bin/python bench/compare.py --stack $(if $(filter command line,$(origin STACK)),$(STACK),production) $(CHECK) $(BASE)

bench-growth: ## what things cost as the site grows, an axis at a time: make bench-growth [GROWTH="--axis members --short" or "--docs"]
	@scripts/setup.sh dev && exec .venv/bin/python bench/growth.py $(GROWTH)

soak: ## an hour at a fifth of the best rate: do memory, files, tasks and latency level off? make soak [SOAK="--minutes 10" or "--docs"]
	@scripts/setup.sh dev && exec .venv/bin/python bench/soak.py $(SOAK)

bench-pages: ## a group of 72,000 messages in a browser: how soon it is there, and going back: make bench-pages [LOG=chat.jsonl]
	@scripts/setup.sh dev && exec .venv/bin/python bench/browser.py $(LOG)

bench-need: ## 1,000 sockets back after a SIGKILL; some that read nothing among 200; Redis killed for 10 s
	@scripts/setup.sh dev
	set -e
	.venv/bin/python bench/need.py back
	.venv/bin/python bench/need.py reader
	.venv/bin/python bench/need.py readers
	.venv/bin/python bench/need.py redis

bench-peers: ## chatchat beside ws, Socket.IO, ejabberd, Prosody, textbook Channels: make bench-peers [PEERS="--works dm --rounds 1"]
	@scripts/setup.sh dev
	set -e
	scripts/peers.sh
	.venv/bin/python -m bench.peers.compare $(PEERS)
