"""What is told about a person, in ID tokens and by userinfo, and what an ID token says."""

import json
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.urls import reverse
from jwcrypto import jwt
from jwcrypto.common import JWException

from oauth_provider import keys
from oauth_provider.conf import issuer
from oauth_provider.models import Person

CLAIMS = {
    "openid": ("sub",),
    "profile": ("name", "nickname", "preferred_username", "picture"),
    "email": ("email", "email_verified"),
}


def picture(person: Person) -> str:
    """The picture's address, for anybody."""
    path = reverse("oauth_provider:avatar", args=[person.avatar])
    return f"{settings.SITE_URL}{path}"


def about(person: Person, scopes: Iterable[str]) -> dict[str, Any]:
    """OpenID Connect Core 1.0, 5.1 and 5.4; ``sub`` always."""
    every: dict[str, Any] = {
        "sub": person.subject,
        "name": person.nickname,
        "nickname": person.nickname,
        "preferred_username": person.login,
        "picture": picture(person),
    }
    if person.email:
        every |= {"email": person.email, "email_verified": person.email_verified}
    names = {name for scope in ("openid", *scopes) for name in CLAIMS.get(scope, ())}
    return {name: value for name, value in every.items() if name in names}


def signed(claims: dict[str, Any]) -> str:
    """An ID token, by RS256."""
    key = keys.signing_key()
    header = {"typ": "JWT", "alg": "RS256", "kid": key.thumbprint()}
    token = jwt.JWT(header=json.dumps(header), claims=json.dumps(claims))
    token.make_signed_token(key)
    text: str = token.serialize()
    return text


def read_id_token(token: str) -> dict[str, Any] | None:
    """What an ID token of ours says, also an expired one; None for anything else."""
    try:
        read = jwt.JWT(jwt=token, key=keys.signing_key(), algs=["RS256"], check_claims={})
        claims: Any = json.loads(read.claims)
    except (JWException, ValueError, TypeError):
        return None
    if not isinstance(claims, dict) or claims.get("iss") != issuer():
        return None
    return claims
