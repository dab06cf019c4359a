.PHONY: test-ports bench-ports

PORTS_TESTS = $(or $(T),tests) -q -n 2 --dist worksteal

test-ports: ## what needs server processes, on daphne and with Channels' own layers: make test-ports [T=tests/realtime]
	@scripts/setup.sh dev
	set -e
	test=".venv/bin/python scripts/test.py"
	$$test --stack embedded --server daphne -- $(PORTS_TESTS)
	$$test --stack production --server daphne -- $(PORTS_TESTS)
	$$test --stack production --layer channels_redis.pubsub.RedisPubSubChannelLayer -- $(PORTS_TESTS)
	$$test --stack production --layer channels_redis.core.RedisChannelLayer -- $(PORTS_TESTS)

bench-ports: ## what a delivery costs on daphne and with Channels' own layers, next to the product as it comes
	@scripts/setup.sh dev
	set -e
	.venv/bin/python bench/ports.py --stack production
	.venv/bin/python bench/ports.py --stack embedded --json var/bench/ports-embedded.json
