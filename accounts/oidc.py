"""A client of OpenID Connect providers: begin at one, exchange its code, check what it says.

Providers are not trusted with this server: each conversation has a deadline, each answer a size, no
redirect is followed, and whatever is not as the standard has it is ``Away``. Nothing here touches the
database, so no transaction is ever open meanwhile.

OpenID Connect Core 1.0; RFC 7636 (PKCE, S256), RFC 9207 (``iss``), RFC 9700 (best practice).
"""

import asyncio
import functools
import logging
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx2
from asgiref.sync import async_to_sync
from authlib.common.errors import AuthlibBaseError
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oidc.core import CodeIDToken
from django.utils.translation import gettext_lazy as _
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from accounts.models import NICKNAME_MAX
from accounts.third_party import Provider
from chatchat.errors import ChatError, Unavailable
from chatchat.telemetry import traces
from chatchat.text import clean_line

log = logging.getLogger("chatchat.third_party")
T = TypeVar("T")

DEADLINE = 10.0  # seconds for everything that one request of ours asks of a provider
ANSWER_MAX = 256 * 1024  # bytes
PICTURE_MAX = 5 * 1024 * 1024
KEPT = 600.0  # seconds for which discovery and keys are believed
LEEWAY = 60  # seconds by which clocks may differ
SUBJECT_MAX = 255  # characters (Core, section 2)
#: Signatures by a key that only the provider has. Never "none", never by the shared secret.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]


class Away(Unavailable):
    """503: the provider does not answer, or not as a provider does."""

    code = "provider_unavailable"
    message = _("The other site does not answer as it should. Try again in a moment.")


class CodeRefused(ChatError):
    """400: the provider does not know the code that came with the browser, or not any more."""

    code = "code_refused"
    message = _("The other site did not confirm that. Start again.")


class PasswordRefused(ChatError):
    """401: not a login name and password of the provider's."""

    status = 401
    code = "invalid_credentials"
    message = _("The login name or the password is wrong.")


@dataclass(frozen=True)
class Begun:
    """Where to send the browser, and what has to be remembered until it comes back."""

    url: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True)
class Claims:
    """Whom a provider has vouched for: (issuer, subject) is who; the rest is only said."""

    issuer: str
    subject: str
    nickname: str  # "" where none of use was given
    picture: str  # an address from which it may be fetched; "" where there is none


def begin(provider: Provider, *, redirect_uri: str) -> Begun:
    """Where a person signs in at ``provider``. Raises ``Away``."""

    async def work(client: AsyncOAuth2Client) -> Begun:
        metadata = await _metadata(client, provider)
        nonce, verifier = generate_token(32), generate_token(64)
        url, state = client.create_authorization_url(
            _address(provider, metadata, "authorization_endpoint"),
            redirect_uri=redirect_uri,
            nonce=nonce,
            code_verifier=verifier,
        )
        return Begun(url, state, nonce, verifier)

    return _converse(provider, work)


def finish(
    provider: Provider, *, code: str, redirect_uri: str, nonce: str, verifier: str, named_issuer: bool
) -> Claims:
    """Exchange the code that the browser brought. Raises ``CodeRefused``, ``Away``.

    ``named_issuer``: the answer said whose it is, which a provider that says that it does has to do.
    """

    async def work(client: AsyncOAuth2Client) -> Claims:
        metadata = await _metadata(client, provider)
        if metadata.get("authorization_response_iss_parameter_supported") is True and not named_issuer:
            raise CodeRefused
        endpoint = provider.reach(_address(provider, metadata, "token_endpoint"))
        try:
            token = await client.fetch_token(
                endpoint,
                grant_type="authorization_code",
                code=code,
                redirect_uri=redirect_uri,
                code_verifier=verifier,
            )
        except OAuthError as error:
            if error.error == "invalid_grant":
                raise CodeRefused from None
            raise
        subject = await _subject(client, provider, metadata, token, nonce)
        return _claims(provider, await _userinfo(client, provider, metadata), subject)

    return _converse(provider, work)


def by_password(provider: Provider, *, username: str, password: str) -> Claims:
    """Who it is by the trusted password grant. Raises ``PasswordRefused``, ``Away``."""

    async def work(client: AsyncOAuth2Client) -> Claims:
        metadata = await _metadata(client, provider)
        endpoint = provider.reach(_address(provider, metadata, "token_endpoint"))
        try:
            # The grant gives no id_token: who it is, the provider says to the access token.
            await client.fetch_token(
                endpoint, grant_type="password", username=username, password=password, scope=provider.scope
            )
        except OAuthError as error:
            if error.error == "invalid_grant":
                raise PasswordRefused from None
            raise
        return _claims(provider, await _userinfo(client, provider, metadata), None)

    return _converse(provider, work)


def picture(provider: Provider, url: str) -> bytes | None:
    """The profile picture there, if ``may_show`` and it can be had."""
    if not provider.may_show(url):
        return None

    async def work(client: AsyncOAuth2Client) -> bytes | None:
        answer = await client.request("GET", provider.reach(url), withhold_token=True)
        return answer.content if answer.status_code == httpx2.codes.OK else None

    try:
        return _converse(provider, work, answer_max=PICTURE_MAX)
    except Away:
        return None


# --- what a provider says, checked -------------------------------------------------------------------

#: {(provider's id, address): (believed until, document)}
_kept: dict[tuple[str, str], tuple[float, dict[str, Any]]] = {}


async def _document(
    client: AsyncOAuth2Client, provider: Provider, url: str, *, fresh: bool = False
) -> dict[str, Any]:
    until, document = _kept.get((provider.id, url), (0.0, {}))
    if fresh or until < time.monotonic():
        answer = await client.request("GET", url, withhold_token=True)
        answer.raise_for_status()
        document = _object(answer)
        _kept[provider.id, url] = (time.monotonic() + KEPT, document)
    return document


def _forget(provider: Provider) -> None:
    """What made no sense may be put right the next moment."""
    for key in [key for key in _kept if key[0] == provider.id]:
        _kept.pop(key, None)


async def _metadata(client: AsyncOAuth2Client, provider: Provider) -> dict[str, Any]:
    """OpenID Connect Discovery 1.0, section 4: the issuer has to be the one that was asked."""
    url = provider.reach(provider.issuer.rstrip("/") + "/.well-known/openid-configuration")
    metadata = await _document(client, provider, url)
    if metadata.get("issuer") != provider.issuer:
        raise ValueError("discovery names another issuer")
    methods = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    if provider.client_secret and "client_secret_basic" not in methods:
        client.token_endpoint_auth_method = "client_secret_post"  # noqa: S105 - a method's name
    return metadata


async def _subject(
    client: AsyncOAuth2Client, provider: Provider, metadata: dict[str, Any], token: dict[str, Any], nonce: str
) -> str:
    """Whom the id_token names, once it is checked as Core, section 3.1.3.7 has it."""
    url = provider.reach(_address(provider, metadata, "jwks_uri"))
    text = token["id_token"]
    try:
        decoded = _decode(text, await _document(client, provider, url))
    except (InvalidKeyIdError, JoseError):
        # Keys are rotated: look once whether there are new ones.
        decoded = _decode(text, await _document(client, provider, url, fresh=True))
    claims = CodeIDToken(
        decoded.claims,
        decoded.header,
        {
            "iss": {"essential": True, "value": provider.issuer},
            "aud": {"essential": True, "value": provider.client_id},
            "exp": {"essential": True},
            "nonce": {"essential": True, "value": nonce},
        },
        {"nonce": nonce, "client_id": provider.client_id, "access_token": token["access_token"]},
    )
    claims.validate(leeway=LEEWAY)
    return _checked_subject(claims.get("sub"))


def _decode(text: str, keys: dict[str, Any]) -> jwt.Token:
    return jwt.decode(
        text,
        KeySet.import_key_set(keys),  # type: ignore[arg-type]
        registry=JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False),
    )


async def _userinfo(
    client: AsyncOAuth2Client, provider: Provider, metadata: dict[str, Any]
) -> dict[str, Any]:
    answer = await client.get(provider.reach(_address(provider, metadata, "userinfo_endpoint")))
    answer.raise_for_status()
    return _object(answer)


def _claims(provider: Provider, said: dict[str, Any], subject: str | None) -> Claims:
    """``subject``: of the id_token, which userinfo has to name too (Core, section 5.3.2)."""
    told = _checked_subject(said.get("sub"))
    if subject is not None and told != subject:
        raise ValueError("userinfo is about somebody else")
    names = (said.get(name) for name in ("nickname", "name", "preferred_username"))
    shown = said.get("picture")
    return Claims(
        provider.issuer,
        told,
        next((nickname for name in names if (nickname := _nickname(name))), ""),
        shown if isinstance(shown, str) and len(shown) <= 1000 and provider.may_show(shown) else "",
    )


def _checked_subject(subject: Any) -> str:
    if not isinstance(subject, str) or not 0 < len(subject) <= SUBJECT_MAX:
        raise ValueError("a subject is 1 to 255 characters")
    # What stands at the end of a string is not compared by every database.
    if subject != subject.strip() or not subject.isprintable():
        raise ValueError("a subject has no white space around it, and nothing that cannot be printed")
    return subject


def _nickname(name: Any) -> str:
    """What of a name can be a nickname here; "" if nothing."""
    if not isinstance(name, str):
        return ""
    printable = "".join(character for character in name[:1000] if character.isprintable())
    try:
        return clean_line(printable.strip()[:NICKNAME_MAX], field="nickname", minimum=1, maximum=NICKNAME_MAX)
    except ChatError:
        return ""


def _address(provider: Provider, metadata: dict[str, Any], name: str) -> str:
    """An endpoint; of a provider that is reached by TLS, by TLS too (Discovery 1.0, section 3)."""
    address = metadata[name]
    wanted = ("https://",) if provider.issuer.startswith("https://") else ("https://", "http://")
    if not isinstance(address, str) or not address.startswith(wanted):
        raise ValueError(f"{name} is no address")
    return address


def _object(answer: httpx2.Response) -> dict[str, Any]:
    value = answer.json()
    if not isinstance(value, dict):
        raise ValueError("a JSON object was expected")
    return value


# --- the conversation ------------------------------------------------------------------------------


def _converse(
    provider: Provider,
    work: Callable[[AsyncOAuth2Client], Awaitable[T]],
    *,
    answer_max: int = ANSWER_MAX,
) -> T:
    """Do ``work`` with a client of ``provider``, within the deadline; whatever goes wrong is ``Away``."""

    async def run() -> T:
        async with asyncio.timeout(DEADLINE), _client(provider, answer_max) as client:
            return await work(client)

    try:
        return async_to_sync(run)()
    except ChatError:
        raise
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        log.warning("%s does not answer: %s", provider.id, type(error).__name__)
        raise Away from None
    except OAuthError as error:
        log.error("%s refuses this client: %s", provider.id, str(error.error)[:100])
        raise Away from None
    except (
        AuthlibBaseError,
        JoseError,
        ValueError,
        TypeError,
        LookupError,
        ArithmeticError,
        AttributeError,
        RecursionError,
    ) as error:
        _forget(provider)
        # Its words may hold tokens.
        log.warning("%s answers nonsense: %s", provider.id, type(error).__name__)
        raise Away from None


def _client(provider: Provider, answer_max: int) -> AsyncOAuth2Client:
    return AsyncOAuth2Client(
        provider.client_id,
        provider.client_secret or None,
        scope=provider.scope,
        code_challenge_method="S256",
        token_endpoint_auth_method="client_secret_basic" if provider.client_secret else "none",
        transport=_Measured(answer_max),
        timeout=DEADLINE,
        follow_redirects=False,
        trust_env=False,
    )


@functools.cache
def _trusted() -> ssl.SSLContext:
    """Whom TLS trusts; reading all their certificates takes longer than everything else here."""
    return httpx2.create_ssl_context()


class _Measured(httpx2.AsyncHTTPTransport):
    """Answers of a bounded size, not decompressed: a small one could become a huge one."""

    def __init__(self, most: int) -> None:
        super().__init__(verify=_trusted())
        self._most = most

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        request.headers["Accept-Encoding"] = "identity"
        # Whom and how it went; where exactly may hold a code.
        with traces.call("GET" if request.method == "GET" else "POST", request.url.host) as told:
            request.headers.update(traces.headers())
            response = await super().handle_async_request(request)
            told(response.status_code)
        response.headers.pop("Content-Encoding", None)
        if isinstance(response.stream, httpx2.AsyncByteStream):
            response.stream = _MeasuredStream(response.stream, self._most)
        return response


class _MeasuredStream(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream, most: int) -> None:
        self._stream, self._left = stream, most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            self._left -= len(chunk)
            if self._left < 0:
                raise httpx2.ReadError("the answer is too long")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()
