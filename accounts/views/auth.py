"""Codes, registration, tokens, passwords, e-mail address."""

from django.conf import settings
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import mail, pages
from accounts.limits import limit_codes, limit_login
from accounts.models import User
from accounts.serializers import (
    CodeSentSerializer,
    EmailChangeSerializer,
    EmailCodeSerializer,
    LoginSerializer,
    PairSerializer,
    PasswordChangeSerializer,
    PasswordResetSerializer,
    RefreshSerializer,
    RegisterSerializer,
    SignedInSerializer,
)
from accounts.services import emails, mailing, passwords, registration, sessions
from accounts.services.codes import Purpose
from accounts.views.common import PAIR, SIGNED_IN, PublicView, address, credentials, device, me, signed_in
from chatchat.errors import NotAuthenticated
from chatchat.openapi import refusal
from chatchat.ratelimit import distance
from chatchat.views import valid

CODE_INVALID = refusal(
    "The code doesn't fit, was used, or has expired.", "code_invalid", "This code is not valid."
)


class EmailCodesView(APIView):
    permission_classes = (AllowAny,)

    def perform_authentication(self, request: Request) -> None:
        """Only where the purpose needs to know who asks: a stale token must not hinder a reset."""

    @extend_schema(
        summary="Have a code mailed",
        description=(
            "Six digits, good for 120 seconds and one use. `register` and `reset_password` need no token, "
            "and answer the same whether the address has an account or not. `change_password` (to the "
            "account's own address) and `change_email` (to the new one) need one."
        ),
        request=EmailCodeSerializer,
        responses={
            202: CodeSentSerializer,
            429: refusal("Once a minute an address.", "rate_limited", "Too many requests."),
        },
        examples=[
            OpenApiExample(
                "register", value={"email": "li@example.com", "purpose": "register"}, request_only=True
            ),
            OpenApiExample(
                "sent",
                value={"expires_in": 120, "resend_in": 60},
                response_only=True,
                status_codes=["202"],
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        wanted = valid(EmailCodeSerializer, request)
        purpose, email = Purpose(wanted["purpose"]), wanted["email"]
        user: User | None = None
        if purpose in (Purpose.CHANGE_PASSWORD, Purpose.CHANGE_EMAIL):
            if not request.user.is_authenticated:
                raise NotAuthenticated
            user = me(request)
        limit_codes(request._request, email=email)
        mailing.request_code(purpose=purpose, email=email, user=user, language=mail.language_now())
        resend_in = distance(settings.CODE_RATE)
        return Response(
            {"expires_in": settings.EMAIL_CODE_SECONDS, "resend_in": resend_in}, status.HTTP_202_ACCEPTED
        )


class RegisterView(PublicView):
    @extend_schema(
        summary="Register with a mailed code",
        request=RegisterSerializer,
        responses={201: SignedInSerializer, 400: CODE_INVALID},
        examples=[
            OpenApiExample(
                "register",
                value={
                    "email": "li@example.com",
                    "code": "402817",
                    "password": "correct horse battery",
                    "nickname": "小李",
                },
                request_only=True,
            ),
            SIGNED_IN,
        ],
    )
    def post(self, request: Request) -> Response:
        given = valid(RegisterSerializer, request)
        limit_login(request._request, email=given["email"])
        user, pair = registration.register(
            **given, language=mail.language_now(), device=device(request), ip=address(request)
        )
        return Response(signed_in(user, pair), status.HTTP_201_CREATED)


class TokenView(PublicView):
    @extend_schema(
        summary="Sign in",
        request=LoginSerializer,
        responses={
            200: SignedInSerializer,
            401: refusal("No such account, or not its password.", "invalid_credentials", "Wrong."),
            403: refusal("The password is right, the person is banned.", "banned", "Banned."),
        },
        examples=[
            OpenApiExample(
                "sign in",
                value={"email": "li@example.com", "password": "correct horse battery"},
                request_only=True,
            ),
            SIGNED_IN,
        ],
    )
    def post(self, request: Request) -> Response:
        given = valid(LoginSerializer, request)
        limit_login(request._request, email=given["email"])
        user = passwords.authenticate(**given)
        _, pair = sessions.begin_with_tokens(user=user, device=device(request), ip=address(request))
        return Response(signed_in(user, pair))


class RefreshView(PublicView):
    @extend_schema(
        summary="New tokens for a refresh token",
        description="A refresh token is good for one use; one that comes again ends the session.",
        request=RefreshSerializer,
        responses={
            200: PairSerializer,
            401: refusal("Not or no longer in force, or used before.", "token_reused", "Sign in again."),
        },
        examples=[
            OpenApiExample("refresh", value={"refresh": PAIR["refresh"]}, request_only=True),
            OpenApiExample("new pair", value=PAIR, response_only=True),
        ],
    )
    def post(self, request: Request) -> Response:
        pair = sessions.refresh(token=valid(RefreshSerializer, request)["refresh"])
        return Response({"access": pair.access, "refresh": pair.refresh})


class PasswordResetView(PublicView):
    @extend_schema(
        summary="Set a new password with a mailed code",
        description="Ends every session.",
        request=PasswordResetSerializer,
        responses={204: None, 400: CODE_INVALID},
        examples=[
            OpenApiExample(
                "reset",
                value={"email": "li@example.com", "code": "402817", "password": "staple horse battery"},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> Response:
        given = valid(PasswordResetSerializer, request)
        limit_login(request._request, email=given["email"])
        passwords.reset(**given)
        return Response(status=status.HTTP_204_NO_CONTENT)


class PasswordChangeView(APIView):
    @extend_schema(
        summary="Change the password",
        description="By the current one, or by a code (`change_password`). Ends every other session.",
        request=PasswordChangeSerializer,
        responses={
            204: None,
            400: CODE_INVALID,
            403: refusal("Not the current password.", "wrong_password", "That is not your current password."),
        },
        examples=[
            OpenApiExample(
                "by the current password",
                value={"password": "staple horse battery", "current_password": "correct horse battery"},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> Response:
        given = valid(PasswordChangeSerializer, request)
        user = me(request)
        limit_login(request._request, email=user.email or "")
        passwords.change(user=user, session_id=credentials(request).session_id, **given)
        pages.keep_signed_in(request._request, user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class EmailChangeView(APIView):
    @extend_schema(
        summary="Change the e-mail address",
        description=(
            "By a code (`change_email`) that was mailed to the new address, and the password; who has none "
            "does it within ten minutes of signing in."
        ),
        request=EmailChangeSerializer,
        responses={
            204: None,
            400: CODE_INVALID,
            403: refusal("Not the current password.", "wrong_password", "That is not your current password."),
        },
        examples=[
            OpenApiExample(
                "change",
                value={
                    "email": "new@example.com",
                    "code": "402817",
                    "current_password": "correct horse battery",
                },
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> Response:
        given = valid(EmailChangeSerializer, request)
        user = me(request)
        limit_login(request._request, email=user.email or "")
        emails.change(user=user, session_id=credentials(request).session_id, **given)
        return Response(status=status.HTTP_204_NO_CONTENT)
