.PHONY: autobahn

autobahn: ## Autobahn's WebSocket tests on ours and on uvicorn's own; needs a python2.7: make autobahn [CASES="6.* 7.*"]
	@scripts/setup.sh dev && exec .venv/bin/python -m tests.autobahn $(if $(CASES),--cases $(foreach case,$(CASES),'$(case)'))
