"""Signing in with a third party: known at once, unknown after an address is proven; linked, unlinked.

Nothing is ever linked because two strings are alike: an identity is (issuer, subject), and whose
account it belongs to is said by somebody who is signed in there, or reads that account's mail.
"""

import hashlib
import io
import secrets
from datetime import timedelta

from django.contrib.auth.hashers import is_password_usable, make_password
from django.db import IntegrityError
from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts import mail, oidc
from accounts.audit import Action
from accounts.models import NICKNAME_MAX, Binding, Identity, User
from accounts.oidc import Claims
from accounts.services import avatars, codes, record, sessions
from accounts.services.codes import Purpose
from accounts.third_party import Provider, provider_name, providers
from chatchat.clock import now
from chatchat.db import StartOver, retried, write_transaction
from chatchat.errors import ChatError, Conflict, NotFound
from chatchat.text import clean_line

BINDING_LASTS = timedelta(minutes=10)
BINDING_TRIES = 5


class BindTokenInvalid(ChatError):
    """Unknown, used, expired, of another browser, or tried too often."""

    code = "bind_token_invalid"
    message = _("Too much time has passed. Start again at the sign-in page.")


class IdentityLinked(Conflict):
    """409: somebody signs in with this identity already."""

    code = "identity_linked"
    message = _("This sign-in belongs to an account already.")


class LastWayIn(Conflict):
    """409: without it, and without a password, nobody could sign in to this account."""

    code = "last_way_in"
    message = _("This is the only way in to your account. Set a password first.")


def known(claims: Claims) -> User | None:
    """Who signs in with this identity here; None if nobody does yet."""
    identity = (
        Identity.objects.select_related("user").filter(issuer=claims.issuer, subject=claims.subject).first()
    )
    if identity is None:
        return None
    Identity.objects.filter(pk=identity.pk).update(last_used_at=now())
    return identity.user


def of(user_id: int) -> QuerySet[Identity]:
    """The person's identities."""
    return Identity.objects.filter(user=user_id)


# --- unknown: bound once an address is proven ---------------------------------------------------------


def keep(claims: Claims, *, provider: Provider, browser: str = "") -> str:
    """Remember whom the provider vouched for; the token that says so, good in ``browser`` (its secret)."""
    token = secrets.token_urlsafe(32)
    moment = now()
    with write_transaction():
        Binding.objects.filter(expires_at__lt=moment).delete()
        Binding.objects.create(
            token=_hashed(token),
            browser=_hashed(browser) if browser else "",
            provider=provider.id,
            issuer=claims.issuer,
            subject=claims.subject,
            nickname=claims.nickname,
            picture=claims.picture,
            expires_at=moment + BINDING_LASTS,
        )
    return token


def waiting(*, token: str, browser: str) -> Binding | None:
    """What the token stands for in this browser, if it is still worth something."""
    return _bindings(token, browser).first()


def bind(*, token: str, browser: str, email: str, code: str, nickname: str | None, language: str) -> User:
    """The account of the proven address, now linked; a new one if the address (normalised) has none.

    Raises BindTokenInvalid, CodeInvalid, Invalid, IdentityLinked, Banned.
    """
    if nickname is not None:
        nickname = clean_line(nickname, field="nickname", minimum=1, maximum=NICKNAME_MAX)
    if not _bindings(token, browser).update(tries=F("tries") + 1):
        raise BindTokenInvalid
    binding = Binding.objects.filter(token=_hashed(token)).first()
    if binding is None:  # used up a moment ago
        raise BindTokenInvalid
    proof = codes.check(purpose=Purpose.BIND, email=email, code=code)
    # Slow on purpose, so not within the transaction.
    unusable = make_password(None)
    proof.take()
    user, new = _bind(binding, email=email, nickname=nickname, unusable=unusable, language=language)
    if new:
        _take_picture(user, binding)
    else:
        _tell(user, binding.provider)
    return user


def _bindings(token: str, browser: str) -> QuerySet[Binding]:
    return Binding.objects.filter(
        token=_hashed(token),
        browser__in=("", _hashed(browser)) if browser else ("",),
        tries__lt=BINDING_TRIES,
        expires_at__gt=now(),
    )


@retried
def _bind(
    binding: Binding, *, email: str, nickname: str | None, unusable: str, language: str
) -> tuple[User, bool]:
    with write_transaction():
        deleted, _rows = Binding.objects.filter(pk=binding.pk).delete()
        if not deleted:
            raise BindTokenInvalid
        user = User.objects.select_for_update().filter(email=email).first()
        new = user is None
        if user is None:
            try:
                user = User.objects.create(
                    email=email,
                    password=unusable,
                    nickname=nickname or binding.nickname or email.partition("@")[0][:NICKNAME_MAX],
                    language=language,
                    created_at=now(),
                )
            except IntegrityError:
                raise StartOver from None  # registered a moment ago
            record.own(Action.REGISTERED, user.pk, provider=binding.provider)
        elif user.banned_at is not None:
            raise sessions.Banned.of(user)
        _link(
            user, issuer=binding.issuer, subject=binding.subject,
            provider=binding.provider, nickname=binding.nickname,
        )  # fmt: skip
    return user, new


def _take_picture(user: User, binding: Binding) -> None:
    """Begin with the third party's picture; without, if it cannot be had."""
    provider = providers().get(binding.provider)
    data = oidc.picture(provider, binding.picture) if provider and binding.picture else None
    if data is not None:
        try:
            avatars.set_avatar(user=user, image=io.BytesIO(data))
        except ChatError:
            return


# --- linked and unlinked by who is signed in ----------------------------------------------------------


@retried
def link(*, user_id: int, claims: Claims, provider: Provider) -> Identity:
    """Let the person sign in with this identity too; again changes nothing. Raises IdentityLinked."""
    with write_transaction():
        user = User.objects.select_for_update().get(pk=user_id)
        if not user.is_active:
            raise NotFound
        found = Identity.objects.filter(issuer=claims.issuer, subject=claims.subject).first()
        if found is not None and found.user_id == user_id:
            return found
        identity = _link(
            user, issuer=claims.issuer, subject=claims.subject,
            provider=provider.id, nickname=claims.nickname,
        )  # fmt: skip
    _tell(user, provider.id)
    return identity


def _link(user: User, *, issuer: str, subject: str, provider: str, nickname: str) -> Identity:
    moment = now()
    try:
        identity = Identity.objects.create(
            user=user,
            issuer=issuer,
            subject=subject,
            provider=provider,
            nickname=nickname,
            created_at=moment,
            last_used_at=moment,
        )
    except IntegrityError:
        raise IdentityLinked from None
    record.own(Action.LINKED, user.pk, provider=provider)
    return identity


@retried
def unlink(*, user_id: int, identity_id: int, by: int | None = None, reason: str = "") -> None:
    """Take an identity away from the person; ``by`` them, or a moderator. Raises NotFound, LastWayIn."""
    with write_transaction():
        user = User.objects.select_for_update().get(pk=user_id)
        theirs = list(of(user_id).values_list("pk", flat=True))
        if identity_id not in theirs:
            raise NotFound
        if len(theirs) == 1 and not is_password_usable(user.password):
            raise LastWayIn
        Identity.objects.filter(pk=identity_id).delete()
        record.write(Action.UNLINKED, by=by or user_id, subject=user_id, reason=reason)


def _tell(user: User, provider: str) -> None:
    """So that nobody's account gets a second door without their knowing."""
    if user.email:
        mail.send(
            template="identity_linked",
            to=user.email,
            language=user.language,
            provider=provider_name(provider),
        )


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
