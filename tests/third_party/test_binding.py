"""The bind token: of one browser, for one use, five tries, ten minutes."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest

from accounts.models import Binding, Identity, Session, User
from accounts.services.bans import ban_person
from tests.client import ApiClient, error_code, ok
from tests.stack.server import Server
from tests.third_party.common import Visitor, at_provider, refused, rows
from tests.third_party.provider import OpenIDProvider

New = Callable[..., Visitor]


def test_of_another_browser(visitor: New, provider: OpenIDProvider) -> None:
    amy, mallory = visitor(), visitor()
    token = amy.bind_token()
    refused(mallory.bind(token, "mallory@example.com"), 400, "bind_token_invalid")
    # Also where that browser has come back from the provider itself.
    mallory.bind_token()
    refused(mallory.bind(token, "mallory@example.com"), 400, "bind_token_invalid")
    assert not User.objects.exists()
    ok(amy.bind(token, "amy@example.com"), 201)


def test_without_the_cookie(nobody: Visitor, provider: OpenIDProvider) -> None:
    token = nobody.bind_token()
    nobody.client.http.cookies.clear()
    refused(nobody.bind(token, "amy@example.com"), 400, "bind_token_invalid")


def test_used_twice(visitor: New, nobody: Visitor, provider: OpenIDProvider) -> None:
    token = nobody.bind_token()
    ok(nobody.bind(token, "amy@example.com"), 201)
    before = rows()
    refused(nobody.bind(token, "amy@example.com"), 400, "bind_token_invalid")
    refused(nobody.bind(token, "bob@example.com"), 400, "bind_token_invalid")
    assert rows() == before


@pytest.mark.parametrize("token", ["another", "", None, 5, "a" * 100, "a" * 101, "\0", "é", "\ud800", [], {}])
def test_that_was_never_given(nobody: Visitor, provider: OpenIDProvider, token: object) -> None:
    nobody.bind_token()
    answer = nobody.client.request(
        "POST",
        "auth/third-party/bind",
        content=json.dumps({"bind_token": token, "email": "amy@example.com", "code": "123456"}),
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == httpx.codes.BAD_REQUEST, answer.text
    assert error_code(answer) in ("bind_token_invalid", "invalid", "invalid_json")
    assert not User.objects.exists()


def test_it_is_kept_as_a_hash_only(nobody: Visitor, provider: OpenIDProvider) -> None:
    token = nobody.bind_token()
    kept = Binding.objects.get()
    assert token not in (kept.token, kept.browser)
    refused(nobody.bind(kept.token, "amy@example.com"), 400, "bind_token_invalid")


def test_after_ten_minutes(nobody: Visitor, provider: OpenIDProvider) -> None:
    token = nobody.bind_token()
    binding = Binding.objects.get()
    Binding.objects.update(expires_at=binding.expires_at - timedelta(minutes=9, seconds=50))
    ok(nobody.bind(token, "amy@example.com"), 201)

    provider.person["sub"] = "bob-at-other"
    token = nobody.bind_token()
    Binding.objects.update(expires_at=binding.expires_at - timedelta(minutes=10))
    refused(nobody.bind(token, "bob@example.com"), 400, "bind_token_invalid")
    assert User.objects.count() == 1


def test_expired_ones_are_swept(nobody: Visitor, provider: OpenIDProvider) -> None:
    nobody.bind_token()
    Binding.objects.update(expires_at=Binding.objects.get().expires_at - timedelta(hours=1))
    nobody.bind_token()
    assert Binding.objects.count() == 1


def test_the_sixth_try(nobody: Visitor, provider: OpenIDProvider) -> None:
    token = nobody.bind_token()
    for number in range(5):
        refused(nobody.bind(token, f"amy{number}@example.com", "000000"), 400, "code_invalid")
    refused(nobody.bind(token, "amy@example.com"), 400, "bind_token_invalid")
    assert not User.objects.exists()


def test_the_fifth_try(nobody: Visitor, provider: OpenIDProvider) -> None:
    token = nobody.bind_token()
    for number in range(4):
        refused(nobody.bind(token, f"amy{number}@example.com", "000000"), 400, "code_invalid")
    ok(nobody.bind(token, "amy@example.com"), 201)


def test_the_code_of_another_address(nobody: Visitor, amy: Visitor, provider: OpenIDProvider) -> None:
    code = nobody.client.email_code("mallory@example.com", "bind")
    refused(nobody.bind(nobody.bind_token(), "amy@example.com", code), 400, "code_invalid")
    assert not amy.identities()


def test_addresses_are_alike_as_everywhere(visitor: New, amy: Visitor, provider: OpenIDProvider) -> None:
    """ " AMY@Example.com" is Amy's, whose mail it is; a look-alike is somebody else's."""
    nobody = visitor()
    token = nobody.bind_token()
    cyrillic = "\u0430my@example.com"
    answer = nobody.client.post("auth/email-codes", {"email": cyrillic, "purpose": "bind"})
    if answer.status_code == httpx.codes.ACCEPTED:
        assert nobody.join(cyrillic)["user"]["id"] != amy.client.id
    else:
        refused(answer, 400, "invalid")
        assert nobody.bind(token, " AMY@Example.com").json()["user"]["id"] == amy.client.id


def test_a_nickname_that_is_none_costs_no_try(nobody: Visitor, provider: OpenIDProvider) -> None:
    token = nobody.bind_token()
    for nickname in ("", " ", "n" * 33, "a\0b", 5, None):
        answer = nobody.bind(token, "amy@example.com", "123456", nickname=nickname)
        assert (answer.status_code, error_code(answer)) == (400, "invalid"), nickname
    assert Binding.objects.get().tries == 0


def test_an_identity_that_somebody_got_meanwhile(visitor: New, provider: OpenIDProvider) -> None:
    amy, twice = visitor(), visitor()
    late = twice.bind_token()
    amy.join("amy@example.com")
    before = rows()
    refused(twice.bind(late, "bob@example.com"), 409, "identity_linked")
    assert (rows()["User"], rows()["Identity"], rows()["Session"]) == (
        before["User"],
        before["Identity"],
        before["Session"],
    )


def test_the_code_is_used_up_with_the_token(nobody: Visitor, provider: OpenIDProvider) -> None:
    code = nobody.client.email_code("amy@example.com", "bind")
    ok(nobody.bind(nobody.bind_token(), "amy@example.com", code), 201)
    provider.person["sub"] = "bob-at-other"
    refused(nobody.bind(nobody.bind_token(), "amy@example.com", code), 400, "code_invalid")
    assert Identity.objects.count() == 1


def test_the_address_of_somebody_banned(visitor: New, amy: Visitor, provider: OpenIDProvider) -> None:
    nobody = visitor()
    token = nobody.bind_token()
    code = nobody.client.email_code("amy@example.com", "bind")
    ban_person(user_id=amy.client.id)
    refused(nobody.bind(token, "amy@example.com", code), 403, "banned")
    assert not Identity.objects.exists()
    # From then on such an address gets no code.
    before = len(nobody.client.mails("amy@example.com"))
    ok(nobody.client.post("auth/email-codes", {"email": "amy@example.com", "purpose": "bind"}), 202)
    assert len(nobody.client.mails("amy@example.com")) == before


def test_asking_for_a_code_tells_nothing_about_the_address(
    nobody: Visitor, amy: Visitor, provider: OpenIDProvider
) -> None:
    answers = [
        nobody.client.post("auth/email-codes", {"email": email, "purpose": "bind"})
        for email in ("amy@example.com", "nobody@example.com")
    ]
    assert len({(answer.status_code, answer.text) for answer in answers}) == 1


# --- at once, on a real server ---------------------------------------------------------------------------


@pytest.fixture
def running(start_server: Callable[..., Server]) -> Iterator[tuple[Server, OpenIDProvider]]:
    """A server with a provider of its own."""
    with OpenIDProvider(redirect_uris=set()) as provider:
        server = start_server(THIRD_PARTY=json.dumps({"other": provider.settings()}))
        callback = f"{server.url}/api/v1/auth/third-party/other/callback"
        provider.clients["chat"].redirect_uris.add(callback)
        yield server, provider


def at_once(calls: list[Callable[[], httpx.Response]]) -> list[httpx.Response]:
    with ThreadPoolExecutor(len(calls)) as threads:
        return [future.result() for future in [threads.submit(call) for call in calls]]


def test_fifty_at_once_exactly_one_wins(running: tuple[Server, OpenIDProvider]) -> None:
    visitor = Visitor(ApiClient(running[0].url))
    token = visitor.bind_token()
    code = visitor.client.email_code("amy@example.com", "bind")
    answers = at_once([lambda: visitor.bind(token, "amy@example.com", code)] * 50)
    assert [answer.status_code for answer in answers].count(201) == 1
    assert {answer.status_code for answer in answers} <= {201, 400}
    assert (User.objects.count(), Identity.objects.count(), Session.objects.count()) == (1, 1, 1)
    assert not Binding.objects.exists()


def test_one_token_for_several_addresses_at_once(running: tuple[Server, OpenIDProvider]) -> None:
    visitor = Visitor(ApiClient(running[0].url))
    token = visitor.bind_token()
    codes = {f"p{number}@example.com": "" for number in range(5)}
    codes = {email: visitor.client.email_code(email, "bind") for email in codes}
    answers = at_once([lambda mail=mail: visitor.bind(token, mail, codes[mail]) for mail in codes])  # type: ignore[misc]
    assert sorted(answer.status_code for answer in answers) == [201, 400, 400, 400, 400]
    assert (User.objects.count(), Identity.objects.count()) == (1, 1)


def test_several_tokens_of_one_identity_at_once(running: tuple[Server, OpenIDProvider]) -> None:
    """The same person in ten windows: one account, one identity; the others are told."""
    visitors = [Visitor(ApiClient(running[0].url)) for _ in range(10)]
    tokens = [visitor.bind_token() for visitor in visitors]
    emails = [f"p{number}@example.com" for number in range(10)]
    codes = [
        visitor.client.email_code(email, "bind") for visitor, email in zip(visitors, emails, strict=True)
    ]
    answers = at_once(
        [
            lambda who=who, token=token, email=email, code=code: who.bind(token, email, code)  # type: ignore[misc]
            for who, token, email, code in zip(visitors, tokens, emails, codes, strict=True)
        ]
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9
    assert {error_code(answer) for answer in answers if answer.status_code != 201} == {"identity_linked"}
    assert (User.objects.count(), Identity.objects.count()) == (1, 1)


def test_two_identities_for_one_new_address_at_once(running: tuple[Server, OpenIDProvider]) -> None:
    """Each with a code; the second code makes the first one worth nothing, so one account comes of it."""
    server, provider = running
    tokens = []
    visitors = [Visitor(ApiClient(server.url)) for _ in range(2)]
    for number, visitor in enumerate(visitors):
        provider.person = {"sub": f"amy-{number}"}
        tokens.append(visitor.bind_token())
    code = visitors[0].client.email_code("amy@example.com", "bind")
    answers = at_once(
        [
            lambda who=who, token=token: who.bind(token, "amy@example.com", code)  # type: ignore[misc]
            for who, token in zip(visitors, tokens, strict=True)
        ]
    )
    assert sorted(answer.status_code for answer in answers) == [201, 400]
    assert (User.objects.count(), Identity.objects.count()) == (1, 1)


def test_two_unlinked_at_once_leave_one_way_in(running: tuple[Server, OpenIDProvider]) -> None:
    server, provider = running
    amy = Visitor(ApiClient(server.url))
    amy.join("amy@example.com")
    provider.person = {"sub": "amy-at-work"}
    ok(amy.link())
    paths = [f"auth/third-party/identities/{one['id']}" for one in amy.identities()]
    answers = at_once([lambda path=path: amy.client.delete(path) for path in paths])  # type: ignore[misc]
    assert sorted(answer.status_code for answer in answers) == [204, 409]
    assert len(amy.identities()) == 1


def test_one_identity_linked_by_two_people_at_once(running: tuple[Server, OpenIDProvider]) -> None:
    server, _provider = running
    visitors = [Visitor(ApiClient(server.url).register()) for _ in range(4)]
    locations = []
    for visitor in visitors:
        begun = ok(visitor.client.post("auth/third-party/other/link", {})).json()
        locations.append(at_provider(begun["authorization_url"]))
    answers = at_once(
        [
            lambda who=who, location=location: who.come_back(location)  # type: ignore[misc]
            for who, location in zip(visitors, locations, strict=True)
        ]
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert Identity.objects.count() == 1


def test_settings_of_the_environment_alone(running: tuple[Server, OpenIDProvider]) -> None:
    """On the real server: another provider, by an environment variable."""
    server, _provider = running
    visitor = Visitor(ApiClient(server.url))
    first = visitor.join("amy@example.com")
    assert ok(visitor.client.get("users/me")).json()["id"] == first["user"]["id"]
    assert ok(Visitor(ApiClient(server.url)).sign_in()).json()["user"]["id"] == first["user"]["id"]
