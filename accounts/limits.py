"""How often one may try, for the doors of accounts."""

import hashlib
from collections.abc import Sequence

from django.conf import settings
from django.http import HttpRequest

from chatchat.errors import TooLarge, TooMany
from chatchat.overload import refuse_if_behind
from chatchat.ratelimit import client_ip, limit, limit_people, space, subscriber

#: What a multipart body may hold beside the picture.
AVATAR_SLACK = 64 * 1024


def _hidden(email: str) -> str:
    return hashlib.sha256(email.encode()).hexdigest()


def limit_codes(request: HttpRequest, *, email: str) -> None:
    """One more code for this normalised address, from this IP."""
    address = _hidden(email)
    limit(request, group="code-ip", key=client_ip(request), rate=settings.CODE_IP_RATE, strict=True)
    space(group="code", key=address, rate=settings.CODE_RATE)
    limit(request, group="code-day", key=address, rate=settings.CODE_DAY_RATE, strict=True)


def limit_login(request: HttpRequest, *, email: str) -> None:
    """One more try at this account's password, or at one of its codes, from this IP."""
    ip = client_ip(request)
    limit(request, group="login-ip", key=ip, rate=settings.LOGIN_IP_RATE, strict=True)
    limit(request, group="login", key=f"{_hidden(email)}:{ip}", rate=settings.LOGIN_RATE, strict=True)


def limit_request(request: HttpRequest, *, user_id: int | None) -> None:
    """One more request of any kind, by this person, or by nobody known from this IP."""
    who = f"person:{user_id}" if user_id is not None else f"ip:{client_ip(request)}"
    limit(request, group="request", key=who, rate=settings.REQUEST_RATE)


def limit_connects(user_ids: Sequence[int]) -> list[TooMany | None]:
    """One more socket of each of these people's; for who has opened too many the refusal."""
    return limit_people(user_ids, group="connect", rate=settings.CONNECT_RATE)


def limit_strangers(*, address: str) -> None:
    """One more socket that nobody known asked for, from this address."""
    limit(None, group="request", key=f"ip:{subscriber(address)}", rate=settings.REQUEST_RATE)


def limit_third_party(request: HttpRequest) -> None:
    """One more sign-in begun with a third party, from this IP."""
    limit(request, group="third-party-ip", key=client_ip(request), rate=settings.LOGIN_IP_RATE, strict=True)


def limit_cost(request: HttpRequest, *, group: str, user_id: int) -> None:
    """One more of something that costs: a search, a picture. First to go while messages wait too long."""
    refuse_if_behind()
    limit(request, group=group, key=str(user_id), rate=settings.COST_RATE)


def limit_avatar(request: HttpRequest, *, user_id: int) -> None:
    """One more picture for this person, refused by its length before it is looked at."""
    limit_cost(request, group="avatar", user_id=user_id)
    if int(request.META.get("CONTENT_LENGTH") or 0) > settings.AVATAR_MAX_BYTES + AVATAR_SLACK:
        raise TooLarge
