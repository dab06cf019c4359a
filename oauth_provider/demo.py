"""What comes with `make run`: the chat's client always, people whom anybody may play only where asked for."""

from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.contrib.auth.hashers import check_password

from chatchat.db import write_transaction
from oauth_provider.conf import CALLBACK_PATH, CHAT_CLIENT_ID
from oauth_provider.models import Client, Person

PASSWORD: Final = "meridian-demo"  # noqa: S105 - of people who do not exist, where they were asked for


@dataclass(frozen=True)
class Played:
    login: str
    nickname: str
    avatar: str


PEOPLE: Final = (
    Played("mei", "林小梅", "mei2"),
    Played("tom", "Tom Baker", "tom1"),
    Played("sofia", "Sofia", "sofia4"),
    Played("haoran", "浩然", "haoran1"),
)


def own_addresses() -> list[str]:
    """Where this site is reached: by its name, and on the embedded stack by the machine's own too."""
    sites = [settings.SITE_URL]
    if settings.EMBEDDED:
        sites += [f"http://{host}:{settings.PORT}" for host in ("127.0.0.1", "localhost")]
    return list(dict.fromkeys(sites))


def prepare_client() -> bool:
    """Give the chat's client the secret and the addresses of the settings; whether anything changed."""
    with write_transaction():
        client, _ = Client.objects.select_for_update().get_or_create(
            client_id=CHAT_CLIENT_ID,
            defaults={
                "name": "chatchat",
                "client_type": Client.CLIENT_CONFIDENTIAL,
                "authorization_grant_type": Client.GRANT_AUTHORIZATION_CODE,
                "algorithm": Client.RS256_ALGORITHM,
            },
        )
        sites = own_addresses()
        redirects = " ".join(f"{site}{CALLBACK_PATH}" for site in sites)
        leaving = " ".join(f"{site}/{page}" for site in sites for page in ("", "login/"))
        secret = settings.OAUTH_PROVIDER_CLIENT_SECRET
        same = client.redirect_uris == redirects and client.post_logout_redirect_uris == leaving
        if same and check_password(secret, client.client_secret):
            return False
        client.redirect_uris = redirects
        client.post_logout_redirect_uris = leaving
        client.client_secret = secret
        client.save()
    return True


def prepare_people() -> int:
    """Make those who are not there; how many were made. Who is there stays as they are."""
    made = 0
    for played in PEOPLE:
        if Person.objects.filter(login=played.login).exists():
            continue
        person = Person(
            login=played.login,
            nickname=played.nickname,
            avatar=played.avatar,
            email=f"{played.login}@meridian.example",
        )
        person.set_password(PASSWORD)
        person.save()
        made += 1
    return made


def logins() -> list[Played]:
    """The demo people who are here."""
    here = set(Person.objects.filter(login__in=[p.login for p in PEOPLE]).values_list("login", flat=True))
    return [played for played in PEOPLE if played.login in here]


def table() -> str:
    """The login names as a line for a terminal; empty where there are none."""
    people = ", ".join(played.login for played in logins())
    return f"Meridian's people; the password of each is {PASSWORD}\n  {people}" if people else ""
