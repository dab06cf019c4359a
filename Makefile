# The commands of the project; `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help run test lint test-one test-mysql screenshots format lock messages clean
.ONESHELL:

STACK ?= embedded

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1	\2/' | expand -t 24

run: ## set everything up and serve, with demo people: http://localhost:8000/ (PORT, DATABASE_URL … are obeyed)
	@exec scripts/run.sh

test: ## style, types, layers and every test on both stacks, on servers started for it
	@scripts/setup.sh dev && exec .venv/bin/python scripts/test.py

lint: ## only style, types and layers
	@scripts/setup.sh dev && exec .venv/bin/python scripts/test.py --lint

test-one: ## some tests on one stack: make test-one T="tests/groups -k kick" [STACK=production]
	@scripts/setup.sh dev && exec .venv/bin/python scripts/test.py --stack $(STACK) -- $(T)

test-mysql: ## every test on MySQL itself; needs root the first time, to unpack it: make test-mysql [T="tests/groups"]
	@scripts/setup.sh dev && scripts/mysql.sh && exec .venv/bin/python scripts/test.py --stack mysql -- $(or $(T),-n 2 --dist worksteal)

screenshots: ## pictures of the main screens, in var/screenshots/; ONLY="group people": only these; README=1: the README's
	@scripts/setup.sh dev && exec .venv/bin/python scripts/screenshots.py $(if $(ONLY),--only $(ONLY)) $(if $(README),--readme)

format: ## put the code in the project's style
	@scripts/setup.sh dev && .venv/bin/ruff check --quiet --fix-only . && .venv/bin/ruff format .

COMPILE = .venv/bin/python -m uv pip compile --quiet --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --annotation-style line

lock: ## resolve requirements/*.in again; LOCK_FLAGS=--upgrade raises versions
	@scripts/setup.sh dev && .venv/bin/python -m pip install --quiet uv
	set -e
	$(COMPILE) $(LOCK_FLAGS) requirements/embedded.in --output-file requirements/embedded.txt
	$(COMPILE) $(LOCK_FLAGS) requirements/production.in --constraints requirements/embedded.txt --output-file requirements.txt
	$(COMPILE) $(LOCK_FLAGS) requirements/dev.in --constraints requirements.txt --output-file requirements/dev.txt

messages: ## gather the texts to be translated into locale/, and compile what is translated; needs gettext
	@scripts/setup.sh dev
	set -e
	.venv/bin/python manage.py makemessages --locale zh_Hans --no-location --no-wrap --ignore .venv --ignore var --ignore tests --ignore bench --ignore scripts
	.venv/bin/python manage.py makemessages --domain djangojs --locale zh_Hans --no-location --no-wrap --ignore .venv --ignore var --ignore locale
	for domain in django djangojs; do msgfmt --check-format --output-file locale/zh_Hans/LC_MESSAGES/$$domain.mo locale/zh_Hans/LC_MESSAGES/$$domain.po; done

clean: ## remove what was made here: .venv, caches, var/ with its database
	@rm -rf .venv var .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The benchmarks bring their own targets.
-include bench/*.mk
# Long runs of tests, too.
-include tests/*/*.mk
