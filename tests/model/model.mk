.PHONY: model

model: ## people and devices at random against a simple model of the promises, both stacks: make model [EXAMPLES=200 STEPS=50]
	@scripts/setup.sh dev
	set -e
	export MODEL_EXAMPLES=$(or $(EXAMPLES),200) MODEL_STEPS=$(or $(STEPS),50)
	for stack in embedded production; do
		.venv/bin/python scripts/test.py --stack $$stack -- tests/model -o faulthandler_timeout=0 --hypothesis-show-statistics
	done
