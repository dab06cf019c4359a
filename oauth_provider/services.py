"""What is done to people, their grants and their tokens; every write in a transaction of its own."""

import hashlib
import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest
from django.utils import timezone

from chatchat.db import retried, write_transaction
from chatchat.ratelimit import client_ip, limit
from oauth_provider.conf import REFRESH_TOKEN_AGE, USED_CODE_MEMORY
from oauth_provider.models import (
    AccessToken,
    Client,
    Consent,
    Grant,
    Person,
    PersonSession,
    RefreshToken,
    normalised_login,
)

MAX_PASSWORD = 128


def limit_login(request: HttpRequest, *, login: str, for_many: bool) -> None:
    """One more try at this login name's password, from this address, by page or by password grant.

    ``for_many``: the address is a trusted client's, behind which all of its people are.
    """
    name = hashlib.sha256((normalised_login(login) or login).encode(errors="replace")).hexdigest()
    ip = client_ip(request)
    if not for_many:
        limit(request, group="provider-login-ip", key=ip, rate=settings.LOGIN_IP_RATE, strict=True)
    limit(request, group="provider-login", key=f"{name}:{ip}", rate=settings.LOGIN_RATE, strict=True)


def authenticate(request: HttpRequest, *, login: str, password: str, for_many: bool = False) -> Person | None:
    """The active person of this name and password; TooMany past the limit. Takes as long for nobody."""
    limit_login(request, login=login, for_many=for_many)
    if not password or len(password) > MAX_PASSWORD or "\x00" in password:
        return None
    name = normalised_login(login)
    person = Person.objects.filter(login=name).first() if name else None
    if person is None:
        make_password(password)
        return None
    return person if person.check_password(password) and person.is_active else None


@retried
def set_password(*, person: Person, password: str) -> None:
    """A new password: whatever the old one let in is out."""
    person.set_password(password)
    with write_transaction():
        Person.objects.select_for_update().get(pk=person.pk)
        person.save(update_fields=["password", "credentials_changed_at"])
        _end_tokens(person=person)


@retried
def set_active(*, person: Person, active: bool) -> None:
    """Deactivated: signed out everywhere, every token dead, also after a return."""
    person.is_active = active
    person.credentials_changed_at = timezone.now()
    with write_transaction():
        Person.objects.select_for_update().get(pk=person.pk)
        person.save(update_fields=["is_active", "credentials_changed_at"])
        _end_tokens(person=person)


def _end_tokens(**whose: Any) -> None:
    """Codes and access tokens go; refresh tokens are kept as revoked, so that a replay is known as one."""
    Grant.objects.filter(**_named(whose)).delete()
    RefreshToken.objects.filter(**_named(whose), revoked__isnull=True).update(revoked=timezone.now())
    AccessToken.objects.filter(**_named(whose)).delete()


def _named(whose: dict[str, Any]) -> dict[str, Any]:
    names = {"person": "user", "client": "application"}
    return {names[key]: value for key, value in whose.items()}


@retried
def end_family(family: uuid.UUID) -> None:
    """Revoke all that came of one authorization, over every refresh."""
    with write_transaction():
        Grant.objects.filter(family=family, used_at__isnull=True).update(used_at=timezone.now())
        RefreshToken.objects.filter(token_family=family, revoked__isnull=True).update(revoked=timezone.now())
        AccessToken.objects.filter(family=family).delete()


def covers(*, person: Person, client: Client, scopes: Iterable[str]) -> bool:
    """Whether this person has let this client see all of that already."""
    consent = Consent.objects.filter(person=person, client=client).first()
    return consent is not None and set(scopes) <= set(consent.scopes)


@retried
def consent(*, person: Person, client: Client, scopes: Iterable[str]) -> None:
    """Remember what was let through, with what was before."""
    with write_transaction():
        given, made = Consent.objects.select_for_update().get_or_create(
            person=person, client=client, defaults={"scope": " ".join(scopes)}
        )
        if not made:
            given.scope = " ".join(dict.fromkeys([*given.scopes, *scopes]))
            given.given_at = timezone.now()
            given.save()


@retried
def withdraw(*, person: Person, client_id: int) -> bool:
    """Take a client's consent and every token back; False where there was nothing to take."""
    with write_transaction():
        found, _ = Consent.objects.filter(person=person, client_id=client_id).delete()
        _end_tokens(person=person, client=client_id)
    return bool(found)


def clean() -> dict[str, int]:
    """Delete what is past its time. A revoked refresh token stays until it would have expired anyway."""
    now = timezone.now()
    old = {
        "codes": Grant.objects.filter(expires__lt=now - USED_CODE_MEMORY),
        "refresh tokens": RefreshToken.objects.filter(created__lt=now - REFRESH_TOKEN_AGE),
        "access tokens": AccessToken.objects.filter(expires__lt=now - timedelta(minutes=1)),
        "sessions": PersonSession.objects.filter(expire_date__lt=now),
    }
    return {what: rows.delete()[0] for what, rows in old.items()}
