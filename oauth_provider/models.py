"""The provider's own people, and django-oauth-toolkit's tables with them in the place of the chat's."""

import re
import secrets
import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password, is_password_usable, make_password
from django.contrib.sessions.base_session import AbstractBaseSession
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _
from oauth2_provider.generators import generate_client_id
from oauth2_provider.models import (
    AbstractAccessToken,
    AbstractApplication,
    AbstractDeviceGrant,
    AbstractGrant,
    AbstractIDToken,
    AbstractRefreshToken,
)

from chatchat.db import ExactCharField
from oauth_provider import keys
from oauth_provider.conf import REFRESH_TOKEN_AGE

LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{0,30}[a-z0-9]\Z")


def normalised_login(value: str) -> str:
    """How a login name is kept and compared; "" for what cannot be one."""
    login = value.strip()
    # Only ASCII has capitals that mean nothing here: the Kelvin sign's small letter is a k.
    login = login.lower() if login.isascii() else ""
    return login if LOGIN.match(login) else ""


def _subject() -> str:
    return secrets.token_hex(16)


def _avatar() -> str:
    return secrets.token_hex(8)


class Person(models.Model):
    """Somebody with a Meridian ID. Not a user of the chat."""

    #: The ``sub`` of every token: says nothing, never changes, is never given again.
    subject = ExactCharField(_("subject"), max_length=32, unique=True, default=_subject, editable=False)
    login = ExactCharField(
        _("login name"),
        max_length=32,
        unique=True,
        validators=[RegexValidator(LOGIN, _("2 to 32 letters a to z, digits, dots, hyphens."))],
    )
    password = models.CharField(_("password"), max_length=128)
    nickname = models.CharField(_("nickname"), max_length=32)
    email = models.EmailField(_("e-mail address"), blank=True)
    email_verified = models.BooleanField(_("e-mail address verified"), default=True)
    #: Which picture is drawn, and its address.
    avatar = ExactCharField(_("picture"), max_length=16, unique=True, default=_avatar, editable=False)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("made at"), default=timezone.now, editable=False)
    #: What was issued before this moment is void: a new password, or a return after deactivation.
    credentials_changed_at = models.DateTimeField(default=timezone.now, editable=False)

    is_authenticated = True
    is_anonymous = False

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")

    def __str__(self) -> str:
        return str(self.login)

    def set_password(self, password: str | None) -> None:
        """Hash it; to be saved by the caller. What the old one let in is out with the saving."""
        self.password = make_password(password)
        self.credentials_changed_at = timezone.now()

    def check_password(self, password: str) -> bool:
        return check_password(password, self.password)

    def has_usable_password(self) -> bool:
        return is_password_usable(self.password)

    def session_hash(self) -> str:
        """Changes with the password; a session that holds another one is over."""
        return str(salted_hmac("oauth_provider.session", self.password, algorithm="sha256").hexdigest())

    def vouches_for(self, issued_at: datetime) -> bool:
        """Whether what was issued for this person at that time still counts."""
        return self.is_active and issued_at >= self.credentials_changed_at


class Nobody:
    """Who is at the provider's pages without being signed in there."""

    is_authenticated = False
    is_anonymous = True
    is_active = False
    pk = None

    def __str__(self) -> str:
        return ""


class PersonSession(AbstractBaseSession):
    """A browser signed in at the provider: no row of the chat's sessions."""

    @classmethod
    def get_session_store_class(cls) -> Any:
        from oauth_provider.sessions import SessionStore

        return SessionStore


class Client(AbstractApplication):
    """An application that signs people in with Meridian ID, or asks in its own name."""

    user = None  # a client belongs to the operator, not to a person
    client_id = ExactCharField(_("client ID"), max_length=255, unique=True, default=generate_client_id)

    class Meta(AbstractApplication.Meta):
        verbose_name = _("client")
        verbose_name_plural = _("clients")

    @property
    def is_confidential(self) -> bool:
        return bool(self.client_type == self.CLIENT_CONFIDENTIAL)

    def allows_grant_type(self, *grant_types: str) -> bool:
        """Which flows are open to this client; implicit, hybrid and device to none."""
        return any(self._allows(grant_type) for grant_type in grant_types)

    def _allows(self, grant_type: str) -> bool:
        match grant_type:
            case self.GRANT_AUTHORIZATION_CODE:
                return bool(self.authorization_grant_type == self.GRANT_AUTHORIZATION_CODE)
            case self.GRANT_CLIENT_CREDENTIALS:
                return self.is_confidential
            case self.GRANT_PASSWORD:
                return self.is_confidential and self.client_id in settings.OAUTH_PROVIDER_PASSWORD_CLIENTS
        return False

    def redirect_uri_allowed(self, uri: str) -> bool:
        """Character by character (RFC 9700, 2.1): no port, path or query of the caller's choice."""
        return uri in self.redirect_uris.split()

    def post_logout_redirect_uri_allowed(self, uri: str) -> bool:
        return uri in self.post_logout_redirect_uris.split()

    def clean(self) -> None:
        super().clean()
        if self.authorization_grant_type not in {
            self.GRANT_AUTHORIZATION_CODE,
            self.GRANT_CLIENT_CREDENTIALS,
        }:
            raise ValidationError({"authorization_grant_type": _("This flow is not offered here.")})

    @property
    def jwk_key(self) -> Any:
        return keys.signing_key()


class Grant(AbstractGrant):
    """An authorization code: its SHA-256, what it may be exchanged for, and whether it was."""

    user = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    auth_time = models.DateTimeField()
    #: Kept for a while after use, so that a second use is noticed.
    used_at = models.DateTimeField(null=True)
    #: What comes of this code, over all refreshes; a replay ends it.
    family = models.UUIDField(default=uuid.uuid4)

    class Meta(AbstractGrant.Meta):
        verbose_name = _("authorization code")
        verbose_name_plural = _("authorization codes")


class AccessToken(AbstractAccessToken):
    """Its checksum; the token itself is nowhere."""

    user = models.ForeignKey(Person, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    family = models.UUIDField(db_index=True)

    def is_alive(self) -> bool:
        """Neither past its time nor from before its person's last change of password."""
        return not self.is_expired() and (self.user is None or self.user.vouches_for(self.created))

    class Meta(AbstractAccessToken.Meta):
        verbose_name = _("access token")
        verbose_name_plural = _("access tokens")


class RefreshToken(AbstractRefreshToken):
    """Its checksum; a revoked one is kept until it would have expired, so that its replay is noticed."""

    user = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    scope = models.TextField(blank=True)
    auth_time = models.DateTimeField()

    @property
    def expires(self) -> datetime:
        moment: datetime = self.created + REFRESH_TOKEN_AGE
        return moment

    def is_alive(self) -> bool:
        return self.revoked is None and self.expires > timezone.now() and self.user.vouches_for(self.created)

    class Meta(AbstractRefreshToken.Meta):
        verbose_name = _("refresh token")
        verbose_name_plural = _("refresh tokens")


class IDToken(AbstractIDToken):
    """Of django-oauth-toolkit's; ID tokens are signed and sent, never kept."""

    user = models.ForeignKey(Person, on_delete=models.CASCADE, null=True, blank=True, related_name="+")

    class Meta(AbstractIDToken.Meta):
        pass


class DeviceGrant(AbstractDeviceGrant):
    """Of django-oauth-toolkit's; there is no device flow here."""

    user = models.ForeignKey(Person, on_delete=models.CASCADE, null=True, blank=True, related_name="+")

    class Meta(AbstractDeviceGrant.Meta):
        pass


class Consent(models.Model):
    """What a person has let a client see; asked once, until they take it back."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="consents")
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="consents")
    scope = models.TextField(blank=True)
    given_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("granted application")
        verbose_name_plural = _("granted applications")
        constraints = [models.UniqueConstraint(fields=["person", "client"], name="one_consent_a_client")]

    def __str__(self) -> str:
        return f"{self.person} → {self.client}"

    @property
    def scopes(self) -> list[str]:
        return self.scope.split()
