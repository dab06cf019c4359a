"""Signing in with a third party: there and back, bound to an account, linked and unlinked."""

from typing import Any

from django.http import HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import flows, mail, oidc, third_party_pages
from accounts.authentication import check_session
from accounts.flows import Flow, InvalidState
from accounts.limits import limit_login
from accounts.models import User
from accounts.oidc import Away, Claims, CodeRefused
from accounts.serializers import (
    AuthorizationUrlSerializer,
    BindSerializer,
    IdentitySerializer,
    LinkSerializer,
    ProviderListSerializer,
    SignedInSerializer,
    ThirdPartyPasswordSerializer,
)
from accounts.services import passwords, sessions, third_party
from accounts.third_party import Provider, find, providers
from accounts.views.common import SIGNED_IN, PublicView, address, credentials, device, me, signed_in
from chatchat.errors import ChatError, Forbidden, NotFound
from chatchat.openapi import MISSING, refusal
from chatchat.views import paged, valid

CODE_MAX = 4096  # characters
TO_BIND = OpenApiExample(
    "unknown here",
    value={
        "bind_token": "Yx0v9Zk1Qw…",
        "profile": {"nickname": "Mei", "avatar": "https://id.example.com/avatars/mei.png"},
    },
    response_only=True,
)
IDENTITY = {
    "id": 3,
    "provider": "meridian",
    "name": "Meridian",
    "nickname": "Mei",
    "created_at": "2026-01-02T03:04:05.678Z",
    "last_used_at": "2026-01-02T03:04:05.678Z",
}
AWAY = refusal("The provider is away, or answers nonsense.", "provider_unavailable", "It does not answer.")
LINKED = refusal("Somebody has it.", "identity_linked", "This sign-in belongs to an account already.")


class ConsentRefused(Forbidden):
    """403: they were asked at the provider, and said no."""

    code = "consent_refused"
    message = _("You did not allow that at the other site.")


def enter(request: Request, user: User) -> dict[str, Any]:
    """A session for a client that keeps tokens. Raises ``Banned``."""
    _session, pair = sessions.begin_with_tokens(user=user, device=device(request), ip=address(request))
    return signed_in(user, pair)


def to_bind(token: str, claims: Claims) -> dict[str, Any]:
    """What somebody gets who is not known yet."""
    profile = {"nickname": claims.nickname, "avatar": claims.picture or None}
    return {"bind_token": token, "profile": profile}


class ProvidersView(PublicView):
    @extend_schema(
        summary="Third parties through which one may sign in",
        responses=ProviderListSerializer,
        examples=[
            OpenApiExample(
                "one",
                value={
                    "results": [{"id": "meridian", "name": "Meridian", "password": True}],
                    "next": None,
                },
            )
        ],
    )
    def get(self, request: Request) -> Response:
        known = [
            {"id": provider.id, "name": provider.name, "password": provider.password}
            for provider in providers().values()
        ]
        return Response({"results": known, "next": None})


@method_decorator(never_cache, name="dispatch")
class LoginView(PublicView):
    @extend_schema(
        summary="To the provider's sign-in page",
        description=(
            "For a browser, or a client that keeps cookies and follows redirects by itself: the callback "
            "has to come with the cookie that is set here."
        ),
        responses={302: OpenApiResponse(description="To the provider."), 404: MISSING, 503: AWAY},
    )
    def get(self, request: Request, provider: str) -> HttpResponseBase:
        return HttpResponseRedirect(flows.begin(request._request, find(provider)))


@method_decorator(never_cache, name="dispatch")
class CallbackView(PublicView):
    @extend_schema(
        summary="Back from the provider",
        description=(
            "Whoever is known is signed in; whoever is not gets a `bind_token`, good for ten minutes in the "
            "same browser, and goes on at `auth/third-party/bind`. What was begun by a link request answers "
            "`{identity}`. What the pages began ends with a redirect."
        ),
        parameters=[OpenApiParameter(name, OpenApiTypes.STR) for name in ("code", "state", "iss", "error")],
        responses={
            200: OpenApiResponse(
                SignedInSerializer,
                description="Signed in; or `{bind_token, profile}`; or `{identity}`.",
                examples=[SIGNED_IN, TO_BIND],
            ),
            400: refusal(
                "Begun elsewhere or long ago, or the code does not hold.", "invalid_state", "Again."
            ),
            403: refusal("They said no at the provider, or are banned.", "consent_refused", "Not allowed."),
            404: MISSING,
            409: LINKED,
            503: AWAY,
        },
    )
    def get(self, request: Request, provider: str) -> HttpResponseBase:
        page = request._request.get_preferred_type(["application/json", "text/html"]) == "text/html"
        try:
            known = find(provider)
            flow = flows.take(
                request._request.session, request.query_params.get("state", ""), provider=provider
            )
            page = flow.page
            claims = _come_back(request, known, flow)
            if flow.user is not None and flow.session is not None:
                return self._link(request, known, flow, claims)
            return self._sign_in(request, known, flow, claims)
        except ChatError as error:
            if not page:
                raise
            return third_party_pages.refused(request._request, error)

    def _sign_in(self, request: Request, provider: Provider, flow: Flow, claims: Claims) -> HttpResponseBase:
        user = third_party.known(claims)
        if user is not None:
            if flow.page:
                return third_party_pages.enter(request._request, user, flow.next)
            return Response(enter(request, user))
        browser = flows.mark_browser(request._request.session)
        token = third_party.keep(claims, provider=provider, browser=browser)
        if flow.page:
            return third_party_pages.to_bind(request._request, token, flow.next)
        return Response(to_bind(token, claims))

    def _link(self, request: Request, provider: Provider, flow: Flow, claims: Claims) -> HttpResponseBase:
        # They may have been signed out meanwhile.
        check_session(user_id=flow.user or 0, session_id=flow.session or 0)
        identity = third_party.link(user_id=flow.user or 0, claims=claims, provider=provider)
        if flow.page:
            return third_party_pages.linked(request._request, identity)
        return Response({"identity": IdentitySerializer(identity).data})


def _come_back(request: Request, provider: Provider, flow: Flow) -> Claims:
    given = request.query_params
    # RFC 9207: an answer of another provider than the one that was asked.
    if given.get("iss", provider.issuer) != provider.issuer:
        raise InvalidState
    if error := given.get("error"):
        if error == "access_denied":
            raise ConsentRefused
        raise Away if error in ("server_error", "temporarily_unavailable") else CodeRefused
    code = given.get("code", "")
    if not 0 < len(code) <= CODE_MAX or not code.isprintable():
        raise CodeRefused
    return oidc.finish(
        provider,
        code=code,
        redirect_uri=flow.redirect_uri,
        nonce=flow.nonce,
        verifier=flow.verifier,
        named_issuer="iss" in given,
    )


class PasswordView(PublicView):
    @extend_schema(
        summary="Sign in with the provider's login name and password",
        description="Only where the provider trusts this server with them (`password` in the list).",
        request=ThirdPartyPasswordSerializer,
        responses={
            200: OpenApiResponse(
                SignedInSerializer,
                description="Signed in; or `{bind_token, profile}`.",
                examples=[SIGNED_IN, TO_BIND],
            ),
            401: refusal("Not a login name and password there.", "invalid_credentials", "Wrong."),
            404: MISSING,
            503: AWAY,
        },
        examples=[
            OpenApiExample("sign in", value={"username": "mei", "password": "…"}, request_only=True),
        ],
    )
    def post(self, request: Request, provider: str) -> Response:
        known = find(provider)
        if not known.password:
            raise NotFound
        given = valid(ThirdPartyPasswordSerializer, request)
        limit_login(request._request, email=f"{known.id}:{given['username'].strip().casefold()}")
        claims = oidc.by_password(known, **given)
        user = third_party.known(claims)
        if user is not None:
            return Response(enter(request, user))
        return Response(to_bind(third_party.keep(claims, provider=known), claims))


class BindView(PublicView):
    @extend_schema(
        summary="Prove an e-mail address, and be signed in",
        description=(
            "With a code that was mailed for the purpose `bind`. An address that has an account signs in to "
            "that one, now linked; another gets a new account. The token is good for five tries, once, and "
            "in the browser that came back from the provider."
        ),
        request=BindSerializer,
        responses={
            201: SignedInSerializer,
            400: refusal("The token or the code does not hold.", "bind_token_invalid", "Start again."),
            403: refusal("The address's account is banned.", "banned", "Banned."),
            409: LINKED,
        },
        examples=[
            OpenApiExample(
                "bind",
                value={"bind_token": "Yx0v9Zk1Qw…", "email": "mei@example.com", "code": "402817"},
                request_only=True,
            ),
            SIGNED_IN,
        ],
    )
    def post(self, request: Request) -> Response:
        given = valid(BindSerializer, request)
        limit_login(request._request, email=given["email"])
        user = third_party.bind(
            token=given["bind_token"],
            browser=flows.browser(request._request.session),
            email=given["email"],
            code=given["code"],
            nickname=given.get("nickname"),
            language=mail.language_now(),
        )
        return Response(enter(request, user), status.HTTP_201_CREATED)


class LinkView(APIView):
    @extend_schema(
        summary="Begin to link another identity",
        description=(
            "After the password, or within ten minutes of signing in. The address is for the browser, which "
            "has to come back with the cookie that is set here."
        ),
        request=LinkSerializer,
        responses={
            200: AuthorizationUrlSerializer,
            403: refusal("Neither the password nor a fresh sign-in.", "sign_in_again", "Sign in again."),
            404: MISSING,
            503: AWAY,
        },
        examples=[
            OpenApiExample("link", value={"current_password": "correct horse battery"}, request_only=True),
            OpenApiExample(
                "where to go",
                value={"authorization_url": "https://id.example.com/authorize?client_id=…"},
                response_only=True,
            ),
        ],
    )
    def post(self, request: Request, provider: str) -> Response:
        known = find(provider)
        given = valid(LinkSerializer, request)
        user, session_id = me(request), credentials(request).session_id
        limit_login(request._request, email=user.email or "")
        password = given.get("current_password")
        passwords.confirm_presence(user=user, session_id=session_id, password=password, always=False)
        url = flows.begin(request._request, known, user=user.pk, session=session_id)
        return Response({"authorization_url": url})


class IdentitiesView(APIView):
    @extend_schema(
        operation_id="auth_identities_list",
        summary="One's identities at third parties",
        responses=IdentitySerializer(many=True),
        examples=[OpenApiExample("one", value={"results": [IDENTITY], "next": None})],
    )
    def get(self, request: Request) -> Response:
        return paged(self, request, third_party.of(me(request).pk), IdentitySerializer)


class OneIdentityView(APIView):
    @extend_schema(
        summary="Take an identity away",
        request=None,
        responses={
            204: None,
            404: MISSING,
            409: refusal("No password, and no other identity.", "last_way_in", "Set a password first."),
        },
    )
    def delete(self, request: Request, pk: int) -> Response:
        third_party.unlink(user_id=me(request).pk, identity_id=pk)
        return Response(status=status.HTTP_204_NO_CONTENT)
