"""Who may connect: a token in a header or a subprotocol, or the pages' cookie with a checked origin."""

import re
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from accounts.models import Session
from accounts.services.bans import ban_person
from accounts.tokens import new_refresh
from chatchat.clock import now
from tests import settings as test_settings
from tests.client import PASSWORD, ApiClient, ChatSocket, ok
from tests.people import orm
from tests.stack.server import Server, refusal

pytestmark = pytest.mark.asyncio


async def refused(socket: ChatSocket) -> int:
    """The status with which the handshake was refused; on daphne that says nothing, and has no body."""
    with pytest.raises(InvalidStatus) as caught:
        await socket.open()
    response = caught.value.response
    if test_settings.SERVER == "uvicorn":
        assert b"error" in (response.body or b""), "in the envelope"
    return response.status_code


def cookie_of(server: Server, client: ApiClient) -> str:
    """The pages' session cookie after signing in by the form."""
    with httpx.Client(base_url=server.url, follow_redirects=False) as browser:
        form = ok(browser.get("/login/")).text
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
        assert found
        fields = re.findall(r'<input[^>]*name="([^"]+)"', form)
        login = next(name for name in fields if name in ("email", "username"))
        answer = browser.post(
            "/login/",
            data={login: client.email, "password": PASSWORD, "csrfmiddlewaretoken": found[1]},
            headers={"Referer": f"{server.url}/login/"},
        )
        ok(answer, 302)
        return "; ".join(f"{name}={value}" for name, value in browser.cookies.items())


async def test_a_token_is_taken_from_the_header_and_from_a_subprotocol(
    server: Server, person: Callable[..., ApiClient]
) -> None:
    amy = person("Amy")
    for socket in (
        ChatSocket(server.ws_url, amy.token),
        ChatSocket(server.ws_url, headers={"Authorization": f"bearer {amy.token}"}),
        ChatSocket(server.ws_url, subprotocols=("chatchat.v1", f"bearer.{amy.token}")),
        ChatSocket(server.ws_url, amy.token, origin="https://elsewhere.example.com"),
    ):
        async with socket:
            assert (await socket.hello())["user"]["id"] == amy.id
            assert socket.connection.subprotocol == "chatchat.v1", "the token is not answered back"


async def test_whoever_shows_nothing_good_is_refused(
    server: Server, person: Callable[..., ApiClient]
) -> None:
    amy = person("Amy")
    refresh = amy.refresh_token
    for socket in (
        ChatSocket(server.ws_url),
        ChatSocket(server.ws_url, "nonsense"),
        ChatSocket(server.ws_url, f"{amy.token}x"),
        ChatSocket(server.ws_url, refresh),
        ChatSocket(server.ws_url, headers={"Authorization": f"Basic {amy.token}"}),
        ChatSocket(server.ws_url, headers={"Authorization": "Bearer"}),
        ChatSocket(server.ws_url, headers={"Authorization": "Bearer \xff\xfe"}),
        ChatSocket(server.ws_url, subprotocols=("chatchat.v1", "bearer.nonsense")),
        ChatSocket(server.ws_url, path=f"/ws/chat/?token={amy.token}"),
        ChatSocket(server.ws_url, path=f"/ws/chat/?access={amy.token}&bearer={amy.token}"),
        ChatSocket(server.ws_url, headers={"Cookie": "chatchat_session=nonsense"}, origin=server.url),
        ChatSocket(server.ws_url, headers={"Cookie": "chatchat_session="}, origin=server.url),
        ChatSocket(server.ws_url, headers={"Cookie": "chatchat_session=" + "x" * 4000}, origin=server.url),
    ):
        assert await refused(socket) == refusal(401)
    for kept in (amy.token, refresh):
        assert kept
        assert kept not in server.log_text(), "no token is logged"


async def test_a_token_that_is_over_is_refused(
    server: Server, person: Callable[..., ApiClient], settings: object
) -> None:
    amy = person("Amy")

    def old() -> str:
        session = Session.objects.get(user=amy.id)
        token = new_refresh(user_id=amy.id, session_id=session.pk).access_token
        token.set_exp(from_time=now() - timedelta(hours=1), lifetime=timedelta(minutes=15))
        return str(token)

    assert await refused(ChatSocket(server.ws_url, orm(old))) == refusal(401)
    ok(amy.post("auth/logout"), 204)
    assert await refused(ChatSocket(server.ws_url, amy.token)) == refusal(401)


async def test_a_banned_person_is_told_so(server: Server, person: Callable[..., ApiClient]) -> None:
    amy = person("Amy")
    orm(lambda: ban_person(user_id=amy.id))
    assert await refused(ChatSocket(server.ws_url, amy.token)) == 403


async def test_the_pages_cookie_counts_only_with_an_origin_of_our_own(
    server: Server, person: Callable[..., ApiClient]
) -> None:
    amy = person("Amy")
    headers = {"Cookie": cookie_of(server, amy)}
    async with ChatSocket(server.ws_url, headers=headers, origin=server.url) as socket:
        assert (await socket.hello())["user"]["id"] == amy.id
    for origin in (
        None,
        "",
        "null",
        "https://elsewhere.example.com",
        f"http://127.0.0.1:{server.port + 1}",
        f"http://localhost:{server.port}",
        f"http://evil.example.com:{server.port}",
        f"ftp://127.0.0.1:{server.port}",
        f"http://x@127.0.0.1:{server.port}",
        "http://[",
        "http://127.0.0.1:99999999",
        "//",
        "\xe9",
    ):
        status = await refused(ChatSocket(server.ws_url, headers=headers, origin=origin))
        # What is no origin at all daphne refuses by itself.
        assert status == 403 or (server.kind == "daphne" and status == 400), origin


async def test_another_address_is_refused(server: Server, person: Callable[..., ApiClient]) -> None:
    amy = person("Amy")
    for path in ("/ws/", "/ws/chat", "/ws/chat/1/", "/", "/api/v1/conversations"):
        with pytest.raises(InvalidStatus):
            await ChatSocket(server.ws_url, amy.token, path=path).open()


async def test_a_page_that_signs_out_closes_its_socket(
    server: Server, person: Callable[..., ApiClient]
) -> None:
    amy = person("Amy")
    headers = {"Cookie": cookie_of(server, amy)}
    async with ChatSocket(server.ws_url, headers=headers, origin=server.url) as socket:
        ready = await socket.hello()
        ok(amy.delete(f"auth/sessions/{ready['session']['id']}"), 204)
        assert await socket.closed() == 4401
