"""Amy and Bob, friends and in a group, who have said something in both."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.client import ApiClient, ok


@dataclass
class Town:
    """Who is there, and where they speak."""

    amy: ApiClient
    bob: ApiClient
    direct: int
    group: int


@pytest.fixture
def town(api: Callable[..., ApiClient]) -> Town:
    amy, bob = api("Amy"), api("Bob")
    direct, group = amy.befriend(bob), amy.create_group(bob)
    for conversation in (direct, group):
        for who in (amy, bob, amy, bob, bob):
            who.send_message(conversation, "hello")
        last = amy.history(conversation)[-1]["seq"]
        ok(bob.patch(f"conversations/{conversation}/messages/{last}", {"body": "hello!"}))
        ok(amy.put(f"conversations/{conversation}/read", {"seq": last - 1}))
    return Town(amy, bob, direct, group)
