.PHONY: faults faults-table

# Real chat as JSON lines with a `text`; made-up talk without it.
FAULTS_LOG ?=
export FAULTS_LOG

faults: ## break things while people talk, judge what they saw: make faults [F="--seed 1 --minutes 10 --kinds kill_server,kick"]
	@scripts/setup.sh dev && exec .venv/bin/python -m tests.faults --stack $(if $(filter command line,$(origin STACK)),$(STACK),production) $(F)

faults-table: ## what all runs of `make faults` here add up to, for docs/reliability.md
	@exec .venv/bin/python -m tests.faults.report
