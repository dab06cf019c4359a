"""What `make run` makes of the provider, and its key."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.core.management import CommandError, call_command
from jwcrypto import jwk
from pytest_django.fixtures import Settings

from oauth_provider import demo
from oauth_provider.conf import CALLBACK_PATH
from oauth_provider.keys import kept_key
from oauth_provider.models import Client, Person
from tests.oauth_provider.common import Flow, answered, browser, call, chat, sign_in
from tests.stack.server import Server

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.django_db
def test_the_migration_makes_a_client_that_can_do_nothing_yet() -> None:
    client = Client.objects.get(client_id="chatchat")
    assert client.redirect_uris == ""
    assert client.is_confidential
    for secret in ("", "!", client.client_secret):
        refused = call("token", {"grant_type": "client_credentials"}, client_id="chatchat", secret=secret)
        assert refused.status_code == 401
    assert not Person.objects.exists()


@pytest.mark.django_db
def test_the_command_gives_the_client_its_secret_and_addresses(settings: Settings) -> None:
    settings.SITE_URL, settings.PORT, settings.EMBEDDED = "https://chat.example", 8123, True
    settings.OAUTH_PROVIDER_CLIENT_SECRET = "first-secret-" + "0" * 30
    call_command("oauth_provider_demo", client_only=True)
    client = Client.objects.get(client_id="chatchat")
    assert client.redirect_uris.split() == [
        f"https://chat.example{CALLBACK_PATH}",
        f"http://127.0.0.1:8123{CALLBACK_PATH}",
        f"http://localhost:8123{CALLBACK_PATH}",
    ]
    assert "https://chat.example/" in client.post_logout_redirect_uris.split()
    body = {"grant_type": "client_credentials"}
    assert call("token", body, client_id="chatchat", secret="first-secret-" + "0" * 30).status_code == 200
    assert not Person.objects.exists()
    before = client.updated
    call_command("oauth_provider_demo", client_only=True)
    client.refresh_from_db()
    assert client.updated == before
    settings.SITE_URL, settings.EMBEDDED = "https://new.example", False
    settings.OAUTH_PROVIDER_CLIENT_SECRET = "second-secret-" + "0" * 30
    call_command("oauth_provider_demo", client_only=True)
    client.refresh_from_db()
    assert client.redirect_uris == f"https://new.example{CALLBACK_PATH}"
    assert call("token", body, client_id="chatchat", secret="first-secret-" + "0" * 30).status_code == 401
    assert call("token", body, client_id="chatchat", secret="second-secret-" + "0" * 30).status_code == 200


@pytest.mark.django_db
def test_the_demo_people_sign_in_at_the_chats_client(settings: Settings) -> None:
    callback = chat()
    call_command("oauth_provider_demo")
    call_command("oauth_provider_demo")
    assert [played.login for played in demo.logins()] == ["mei", "tom", "sofia", "haoran"]
    assert len({played.avatar for played in demo.PEOPLE}) == 4
    window = browser()
    assert sign_in(window, "mei", demo.PASSWORD).status_code == 302
    flow = Flow("chatchat", callback)
    code = answered(flow.decide(window))["code"]
    body = {"code": code, "redirect_uri": callback, "code_verifier": flow.verifier}
    secret = settings.OAUTH_PROVIDER_CLIENT_SECRET
    got = call("token", {"grant_type": "authorization_code", **body}, client_id="chatchat", secret=secret)
    assert got.status_code == 200
    mei = Person.objects.get(login="mei")
    mei.set_password("one of their own")
    mei.save()
    call_command("oauth_provider_demo")
    assert sign_in(browser(), "mei", demo.PASSWORD).status_code == 400


@pytest.mark.django_db
def test_demo_people_are_made_only_where_the_demo_may_be(settings: Settings) -> None:
    settings.DEV_MAIL = False
    with pytest.raises(CommandError):
        call_command("oauth_provider_demo")
    assert not Person.objects.exists()


MAKE_KEY = """
import sys
from pathlib import Path
from oauth_provider.keys import kept_key
print(kept_key(Path(sys.argv[1])))
"""
SHOW_KEY = """
import json
from oauth_provider.keys import public_keys
print(json.dumps(public_keys()))
"""


@pytest.mark.embedded
def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    kept = tmp_path / "key.pem"
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "chatchat.settings", "PYTHONPATH": str(ROOT)}

    def start(_: int) -> str:
        ran = subprocess.run(
            [sys.executable, "-c", MAKE_KEY, str(kept)], env=env, capture_output=True, text=True, check=True
        )
        return ran.stdout.strip()

    with ThreadPoolExecutor(4) as pool:
        keys = set(pool.map(start, range(4)))
    assert len(keys) == 1
    assert keys.pop().startswith("-----BEGIN PRIVATE KEY-----")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["key.pem"]


def test_the_real_server_serves_it(start_server: Callable[..., Server], tmp_path: Path) -> None:
    server = start_server()
    told = httpx.get(f"{server.url}/provider/.well-known/openid-configuration").json()
    assert told["issuer"].endswith("/provider")
    assert httpx.get(f"{server.url}/provider/jwks").json()["keys"][0]["alg"] == "RS256"
    refused = httpx.post(f"{server.url}/provider/token", content=b"\xff", headers={"Content-Type": "x"})
    assert refused.json()["error"] == "invalid_request"
    chunked = httpx.post(
        f"{server.url}/provider/token",
        content=iter([b"grant_type=", b"client_credentials"]),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert chunked.json()["error"] == "invalid_client"
    assert "meridian" in httpx.get(f"{server.url}/provider/login/").headers["set-cookie"]
    assert "chatchat" not in httpx.get(f"{server.url}/provider/login/").headers["set-cookie"]


def test_with_the_provider_off_nothing_of_it_is_there(start_server: Callable[..., Server]) -> None:
    server = start_server(OAUTH_PROVIDER="0")
    for path in ("", "login/", "token", "authorize", ".well-known/openid-configuration", "avatars/x.png"):
        assert httpx.get(f"{server.url}/provider/{path}").status_code == 404
    assert httpx.get(f"{server.url}/login/").status_code == 200


@pytest.mark.embedded
def test_a_key_of_the_environment_is_the_one_that_is_published(tmp_path: Path) -> None:
    pem = kept_key(tmp_path / "given.pem")
    env: dict[str, Any] = os.environ | {
        "DJANGO_SETTINGS_MODULE": "chatchat.settings",
        "PYTHONPATH": str(ROOT),
        "OAUTH_PROVIDER_KEY": pem,
    }
    ran = subprocess.run(
        [sys.executable, "-c", SHOW_KEY], env=env, capture_output=True, text=True, check=True
    )
    assert json.loads(ran.stdout)[0]["kid"] == jwk.JWK.from_pem(pem.encode()).thumbprint()
