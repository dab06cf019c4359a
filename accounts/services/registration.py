"""New accounts."""

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError

from accounts.audit import Action
from accounts.models import NICKNAME_MAX, User
from accounts.services import codes, record, sessions
from accounts.services.codes import CodeInvalid, Purpose
from accounts.services.passwords import check_new_password
from accounts.tokens import Pair
from chatchat.clock import now
from chatchat.db import retried, write_transaction
from chatchat.text import clean_line


def create(*, email: str, code: str, password: str, nickname: str, language: str) -> User:
    """A new account for whoever got ``code`` at ``email`` (normalised). Raises CodeInvalid, Invalid.

    An address that is taken answers as a wrong code does.
    """
    nickname = clean_line(nickname, field="nickname", minimum=1, maximum=NICKNAME_MAX)
    check_new_password(password)
    proof = codes.check(purpose=Purpose.REGISTER, email=email, code=code)
    hashed = make_password(password)
    proof.take()
    return _create(email=email, hashed=hashed, nickname=nickname, language=language)


@retried
def _create(*, email: str, hashed: str, nickname: str, language: str) -> User:
    try:
        with write_transaction():
            user = User.objects.create(
                email=email, password=hashed, nickname=nickname, language=language, created_at=now()
            )
            record.own(Action.REGISTERED, user.pk)
            return user
    except IntegrityError:
        raise CodeInvalid from None


def register(
    *,
    email: str,
    code: str,
    password: str,
    nickname: str,
    language: str,
    device: str = "",
    ip: str | None = None,
) -> tuple[User, Pair]:
    """``create``, and a first session for a client that keeps tokens."""
    user = create(email=email, code=code, password=password, nickname=nickname, language=language)
    _, pair = sessions.begin_with_tokens(user=user, device=device, ip=ip)
    return user, pair
