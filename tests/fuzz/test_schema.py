"""What the served OpenAPI schema allows, and the same with one thing wrong, by schemathesis."""

import contextlib
import functools
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

from oauth_provider.demo import prepare_client
from tests.client import ApiClient
from tests.fuzz.common import bounded, envelope, unharmed
from tests.messaging.attachments import photo
from tests.people import new_user, sign_in
from tests.stack.server import Server

#: Cases an operation and way of making them.
EACH = 6
#: The operations are dealt out, so that no test takes too long.
PARTS = 8


@functools.cache
def served(url: str) -> str:
    """The schema as this process serves it: making it takes longer than most of what is asked by it."""
    return httpx.get(f"{url}/api/schema/", params={"format": "json"}, timeout=60).text


def real_ids(amy: ApiClient, bob: ApiClient) -> dict[str, Any]:
    """What is there for the names of the schema's path parameters."""
    group = amy.create_group(bob)
    seq = amy.send_message(group, "hello")["seq"]
    asked = bob.post("friend-requests", {"user": amy.id}).json()
    invitation = amy.post(f"groups/{group}/invitations", {}).json()
    return {
        "attachment": photo(amy)["id"],
        "conversation": group,
        "group": group,
        "seq": seq,
        "user": bob.id,
        "id": asked["id"],
        "pk": invitation["id"],
        "emoji": "👍",
        "token": invitation["token"],
        "provider": "meridian",
    }


def in_order(case: Any, answer: Any) -> None:
    def what() -> str:  # wording it takes longer than asking
        return f"{case.as_curl_command()}\n{answer.status_code} {answer.content[:500]!r}"

    assert answer.status_code < 500, what()
    type_ = "".join(answer.headers.get("content-type", []))
    if answer.status_code >= 400 and type_.startswith("application/json"):
        envelope(answer.json())
    else:
        # What is no HTTP (an empty or broken header) is refused below us.
        assert answer.status_code in (200, 201, 202, 204, 206, 302, 304, 400), what()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("part", range(PARTS))
def test_what_the_schema_allows_and_what_it_does_not(
    server: Server, person: Callable[..., ApiClient], part: int
) -> None:
    schema = schemathesis.openapi.from_dict(json.loads(served(server.url)))
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    assert len(operations) > 50
    prepare_client()  # or the third party would know nobody
    bob = person("Bob")
    with unharmed(server), requests.Session() as session:
        session.trust_env = False
        made = {each.label: fuzz(each, server, session, bob) for each in operations[part::PARTS]}
    for each in operations[part::PARTS]:
        # With the same path, no query, no body and nobody signed in, there is but one way to call it.
        assert made[each.label] >= (EACH if can_vary(each) else 1), each.label
    assert sum(made.values()) > EACH * 5 / 3 * len(made)


def can_vary(operation: Any) -> bool:
    """Whether two calls of it can differ by more than their path."""
    signed_in = any(operation.definition.raw.get("security", ()))
    return bool(operation.body or list(operation.query) or signed_in)


def fuzz(operation: Any, server: Server, session: requests.Session, bob: ApiClient) -> int:
    """Call one operation again and again, as somebody with a group of their own; how often."""
    made = 0
    user = new_user("Amy")
    amy = sign_in(ApiClient(server.url), user)
    ids = real_ids(amy, bob)
    names = [parameter.name for parameter in operation.path_parameters]
    paths: list[dict[str, Any] | None] = [{name: ids[name] for name in names}]
    if names:
        paths.append(None)  # any that the schema allows

    def call(case: Any) -> None:
        nonlocal made
        made += 1
        headers = {"Authorization": f"Bearer {amy.token}"}
        answer = case.call(base_url=server.url, session=session, headers=headers, timeout=60)
        in_order(case, answer)
        if answer.status_code == 401:  # a case has signed out
            sign_in(amy, user)

    for path in paths:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            cases: st.SearchStrategy[Any] = operation.as_strategy(mode, path_parameters=path)
            with contextlib.suppress(Unsatisfiable):  # there is nothing that could be wrong
                bounded(EACH if path is not None else EACH // 2)(given(cases)(call))()
    amy.close()
    return made
