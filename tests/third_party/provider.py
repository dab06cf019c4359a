"""An OpenID provider that is not ours: small, but a real one, of Authlib's server side and Flask.

provider.person = {"sub": "amy-at-other", "nickname": "Amy", …}    who is signed in there, without a page
provider.lies.id_token = {"aud": "somebody else"}                  what it says wrongly
provider.answers["token"] = faults.hang                            what an address does in place of answering

It stands on a port of its own, keeps everything in memory, and remembers in `asked` what was asked of it.
"""

import functools
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from authlib.oauth2 import OAuth2Error
from flask import Flask, Response, jsonify, request
from joserfc.jwk import RSAKey
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from tests.third_party.grants import LEFT_OUT, Client, Code, Person, Token, authorization_server, told

Answer = Callable[["OpenIDProvider"], Response]

CLIENT_ID = "chat"
CLIENT_SECRET = "a secret of the chat's, long enough for HS256"

_realms = itertools.count(1)


@functools.cache
def signing_key(number: int) -> RSAKey:
    """The worker's first, second … key: making one takes longer than a test."""
    return RSAKey.generate_key(2048, parameters={"use": "sig", "alg": "RS256"}, auto_kid=True)


@dataclass
class Lies:
    """What this provider says that is not so; empty: it is honest."""

    id_token: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    #: Signs in the place of the key in the JWKS.
    key: Any = None
    #: Or a secret does, with HMAC.
    secret: bytes = b""
    no_id_token: bool = False
    userinfo: dict[str, Any] = field(default_factory=dict)
    discovery: dict[str, Any] = field(default_factory=dict)
    #: The `iss` parameter of the redirect (RFC 9207); "" leaves it out.
    iss: str | None = None


class OpenIDProvider:
    """`with OpenIDProvider() as provider:` is one that answers at `provider.issuer`."""

    def __init__(self, *, name: str = "other", redirect_uris: set[str]) -> None:
        self.name = name
        self.person: Person = {"sub": "amy-at-other", "nickname": "Amy of the other site"}
        #: What a person answers to "do you allow this?"
        self.consents = True
        self.passwords: dict[str, tuple[Person, str]] = {}
        self.clients = {CLIENT_ID: Client(CLIENT_ID, CLIENT_SECRET, redirect_uris, password=True)}
        self.codes: dict[str, Code] = {}
        self.tokens: dict[str, Token] = {}
        self.lies = Lies()
        self.answers: dict[str, Answer] = {}
        self.asked: list[dict[str, Any]] = []
        #: Bytes of an endless answer that were taken from here.
        self.sent = 0
        self.stopping = threading.Event()
        self._keys = itertools.count()
        self.rotate()
        # An issuer with a path, as many have; never one that was there before.
        realm = f"/realms/{next(_realms)}"
        app = DispatcherMiddleware(NotFound(), {realm: self._app()})
        self._server: BaseWSGIServer = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
        self.origin = f"http://127.0.0.1:{self._server.port}"
        self.issuer = self.origin + realm
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Gone: connections to it are refused from now on."""
        if not self.stopping.is_set():
            self.stopping.set()
            self._server.shutdown()
            self._thread.join()

    def rotate(self) -> None:
        """A new key in the place of the old one."""
        self.key = signing_key(next(self._keys))
        self.kid = self.key.kid

    def settings(self, **others: Any) -> dict[str, Any]:
        """The entry of `THIRD_PARTY` for it."""
        return {
            "name": self.name.title(),
            "issuer": self.issuer,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
        } | others

    def asked_for(self, endpoint: str) -> list[dict[str, Any]]:
        """The requests that came to this address."""
        return [one for one in self.asked if one["endpoint"] == endpoint]

    def metadata(self) -> dict[str, Any]:
        true = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }
        return told(true, self.lies.discovery)

    def _app(self) -> Flask:
        app = Flask("other provider")
        server = authorization_server(self, app)

        @app.before_request
        def misbehave() -> Response | None:
            endpoint = str(request.endpoint)
            self.asked.append(
                {
                    "endpoint": endpoint,
                    "method": request.method,
                    "url": request.url,
                    "form": request.form.to_dict(),
                    "headers": dict(request.headers),
                }
            )
            answer = self.answers.get(endpoint)
            return answer(self) if answer else None

        @app.get("/.well-known/openid-configuration")
        def discovery() -> Response:
            return jsonify(self.metadata())

        @app.get("/jwks")
        def jwks() -> Response:
            return jsonify({"keys": [self.key.as_dict(private=False)]})

        @app.get("/authorize")
        def authorize() -> Any:
            person = self.person if self.consents else None
            try:
                grant = server.get_consent_grant(end_user=person)
            except OAuth2Error as error:
                return server.handle_error_response(request, error)
            return server.create_authorization_response(request, grant_user=person, grant=grant)

        @app.post("/token")
        def token() -> Any:
            return server.create_token_response()

        @app.route("/userinfo", methods=["GET", "POST"])
        def userinfo() -> Any:
            return server.create_endpoint_response("userinfo")

        @app.get("/picture")
        def picture() -> Any:
            return Response("no picture", 404)

        return app


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """What misbehaving does to the connection is no news."""


__all__ = ["CLIENT_ID", "CLIENT_SECRET", "LEFT_OUT", "Answer", "Lies", "OpenIDProvider", "signing_key"]
