"""What an operator sees of a running process: metrics, logs, traces, and whether it can serve.

docs/observability.md says what there is and how to switch it on.
"""
