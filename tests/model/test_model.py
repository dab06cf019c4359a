"""The chat and a simple model of its promises do the same, whatever people and devices do.

``make model`` runs 200 examples of 50 steps on both stacks; here are a few, the same ones every time.
"""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.doctor.common import findings
from tests.model.devices import Loop
from tests.model.machine import Machine
from tests.stack.server import Server

#: MODEL_EXAMPLES=200: other ones every time, and a failure is cut down to its shortest form.
EXAMPLES = os.environ.get("MODEL_EXAMPLES")
STEPS = int(os.environ.get("MODEL_STEPS", "20"))


@pytest.fixture
def loop() -> Iterator[Loop]:
    running = Loop()
    yield running
    running.close()


@pytest.mark.slow
def test_the_chat_does_what_the_model_says(server: Server, other: Server, loop: Loop) -> None:
    Machine.servers = [server] if other is server else [server, other]
    Machine.loop = loop
    few = (Phase.explicit, Phase.generate)
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=int(EXAMPLES or 6),
            stateful_step_count=STEPS,
            derandomize=EXAMPLES is None,
            database=None,
            deadline=None,
            phases=(*few, Phase.shrink) if EXAMPLES else few,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
    # Whatever they did, nothing that is counted is wrong.
    for check in ("counters", "friends", "members"):
        assert findings(check) == []
