"""People, their sessions, and the numbered record of what ended for whom."""

import contextlib
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.audit import REASON_MAX
from accounts.audit import AuditEvent as AuditEvent
from chatchat.db import ExactCharField
from chatchat.text import DELETED

NICKNAME_MAX = 32
INTRODUCTION_MAX = 200
#: Stands where a deleted person's nickname stood.
DELETED_NICKNAME = DELETED


def normalise_email(email: str) -> str:
    """The form in which addresses are kept and compared: trimmed, lower case, the domain in ASCII."""
    local, at, domain = email.strip().lower().rpartition("@")
    if not domain.isascii():
        # One mailbox, one account, however its domain is written (RFC 3490).
        with contextlib.suppress(UnicodeError):
            domain = domain.encode("idna").decode("ascii").lower()
    return f"{local}{at}{domain}"


class UserManager(BaseUserManager["User"]):
    """Makes people; the address is normalised, the password hashed."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=normalise_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=normalise_email(username or ""))


class UserQuerySet(models.QuerySet["User"]):
    """Queries that say what they mean."""

    def active(self) -> "UserQuerySet":
        """Neither banned nor deleted."""
        return self.filter(banned_at__isnull=True, deleted_at__isnull=True)


class User(AbstractBaseUser, PermissionsMixin):
    """A person. A deleted one stays as an empty shell, so that their messages keep a sender."""

    email = ExactCharField(_("e-mail address"), max_length=254, unique=True, null=True)
    nickname = models.CharField(_("nickname"), max_length=NICKNAME_MAX, db_index=True)
    introduction = models.CharField(_("introduction"), max_length=INTRODUCTION_MAX, blank=True)
    #: The storage's name of the picture; empty: none.
    avatar = models.CharField(_("avatar"), max_length=200, blank=True)
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, default="en")
    is_staff = models.BooleanField(_("may enter the admin"), default=False, db_index=True)
    banned_at = models.DateTimeField(_("banned at"), null=True, blank=True, db_index=True)
    #: When the ban ends by itself; None: when somebody lifts it.
    banned_until = models.DateTimeField(_("banned until"), null=True, blank=True, db_index=True)
    #: The database has the default too: processes of the version before go on adding people meanwhile.
    ban_reason = models.CharField(
        _("why banned"), max_length=REASON_MAX, blank=True, default="", db_default=""
    )
    #: Until then they may read, and write nowhere.
    silenced_until = models.DateTimeField(_("may not write until"), null=True, blank=True, db_index=True)
    silence_reason = models.CharField(
        _("why not"), max_length=REASON_MAX, blank=True, default="", db_default=""
    )
    deleted_at = models.DateTimeField(_("deleted at"), null=True, blank=True)
    created_at = models.DateTimeField(_("registered at"), default=timezone.now)

    objects = UserManager.from_queryset(UserQuerySet)()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["nickname"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        permissions = (
            ("moderate_user", "Can stop people from writing, ban them, end their sessions, and undo it"),
            ("appoint_user", "Can give people roles and take them away"),
            ("erase_user", "Can delete accounts for good"),
        )

    def __str__(self) -> str:
        return f"{self.nickname} #{self.pk}"

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        """May sign in: neither banned nor deleted."""
        return self.banned_at is None and self.deleted_at is None


def avatar_url(name: str) -> str | None:
    """The address of the avatar that storage calls ``name``; None where there is none."""
    return f"{settings.MEDIA_URL}{name}" if name else None


class Session(models.Model):
    """A login on a device, through the API or the pages: one family of refresh tokens."""

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="sessions", verbose_name=_("person")
    )
    #: The id (``jti``) of the only refresh token that still counts; another of the family is a replay.
    refresh_jti = ExactCharField(max_length=64, blank=True)
    device = models.CharField(_("device"), max_length=200, blank=True)
    ip = models.GenericIPAddressField(_("IP address"), null=True, blank=True)
    created_at = models.DateTimeField(_("signed in at"), default=timezone.now)
    last_seen_at = models.DateTimeField(_("last seen at"), default=timezone.now)
    revoked_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        indexes = (
            models.Index(fields=("user", "revoked_at"), name="session_user_revoked"),
            models.Index(fields=("ip",), name="session_ip"),
        )

    def __str__(self) -> str:
        return f"{self.device or 'session'} #{self.pk}"


class Identity(models.Model):
    """Somebody at a third party who signs in as this person here.

    Who it is, issuer and subject say together (OpenID Connect Core, section 2), compared exactly; the
    names beside them are for people to read.
    """

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="identities", verbose_name=_("person")
    )
    issuer = ExactCharField(_("issuer"), max_length=255)
    subject = ExactCharField(_("subject"), max_length=255)
    #: The provider's id in the settings when it was linked.
    provider = models.CharField(_("provider"), max_length=64)
    nickname = models.CharField(_("nickname"), max_length=NICKNAME_MAX, blank=True)
    created_at = models.DateTimeField(_("linked at"), default=timezone.now)
    last_used_at = models.DateTimeField(_("last used at"), default=timezone.now)

    class Meta:
        verbose_name = _("identity")
        verbose_name_plural = _("identities")
        constraints = (models.UniqueConstraint(fields=("issuer", "subject"), name="identity_is_one_person"),)

    def __str__(self) -> str:
        return f"{self.nickname or self.subject} ({self.provider})"


class Binding(models.Model):
    """Somebody whom a third party has vouched for, until they prove an e-mail address.

    The token that names it is kept as its SHA-256 only. It is worth something in one browser, for a few
    tries and minutes, and once: whoever uses it up deletes the row.
    """

    token = ExactCharField(max_length=64, unique=True)
    #: SHA-256 of the secret of the browser that was vouched for; empty: a client that got the token itself.
    browser = ExactCharField(max_length=64, blank=True)
    provider = models.CharField(_("provider"), max_length=64)
    issuer = ExactCharField(_("issuer"), max_length=255)
    subject = ExactCharField(_("subject"), max_length=255)
    nickname = models.CharField(_("nickname"), max_length=NICKNAME_MAX, blank=True)
    #: Where the profile picture may be fetched; empty: there is none.
    picture = models.CharField(_("picture"), max_length=1000, blank=True)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    expires_at = models.DateTimeField(_("expires at"), db_index=True)

    class Meta:
        verbose_name = _("binding under way")
        verbose_name_plural = _("bindings under way")

    def __str__(self) -> str:
        return f"{self.nickname or self.subject} ({self.provider})"


class Revocation(models.Model):
    """What ended, or changed, for whom: a numbered row that every server process reads.

    The row is written in the transaction of the change. Processes hear of it at once through the
    channel layer and, should that be away, by reading the rows past the last they saw, twice a second.
    """

    class Kind(models.TextChoices):
        SESSION = "session", _("a session was revoked")
        PERSON = "person", _("all of a person's sessions were revoked")
        PARTICIPATION = "participation", _("what a person sees of a conversation changed")
        VOICE = "voice", _("whether a person may write at all changed")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", verbose_name=_("person"))
    #: Of kind ``session``: that session; of kind ``person``: the one that goes on, if any.
    session_id = models.BigIntegerField(_("session"), null=True, blank=True)
    #: Of kind ``participation``.
    conversation_id = models.BigIntegerField(_("conversation"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=32, blank=True)
    created_at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("revocation")
        verbose_name_plural = _("revocations")
        constraints = (
            models.CheckConstraint(
                condition=~Q(kind="participation") | Q(conversation_id__isnull=False),
                name="revocation_names_its_conversation",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"
