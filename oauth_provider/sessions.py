"""Being signed in at the provider: its own sessions, its own cookie, its own people."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from oauth_provider.conf import SESSION_AGE
from oauth_provider.models import Nobody, Person, PersonSession

PERSON = "person"
HASH = "hash"
AUTH_TIME = "auth_time"


class SessionStore(DatabaseStore):
    """Django's, in a table of its own and for a shorter time."""

    @classmethod
    def get_model_class(cls) -> type[PersonSession]:
        return PersonSession

    def get_session_cookie_age(self) -> int:
        return int(SESSION_AGE.total_seconds())


def signed_in(session: SessionBase) -> Person | Nobody:
    """Whose browser this is; nobody's once the password changed or the person was deactivated."""
    number = session.get(PERSON)
    if number is None:
        return Nobody()
    person = Person.objects.filter(pk=number, is_active=True).first()
    if person is None or not constant_time_compare(session.get(HASH, ""), person.session_hash()):
        session.flush()
        return Nobody()
    return person


def sign_in(request: HttpRequest, person: Person) -> None:
    """A new session, whatever was there: nobody else may know its key."""
    request.session.flush()
    request.session[PERSON] = person.pk
    request.session[HASH] = person.session_hash()
    request.session[AUTH_TIME] = int(datetime.now(UTC).timestamp())
    who: Any = person
    request.user = who


def sign_out(request: HttpRequest) -> None:
    request.session.flush()
    nobody: Any = Nobody()
    request.user = nobody


def auth_time(request: HttpRequest) -> datetime:
    """When the person at this browser last gave their password."""
    return datetime.fromtimestamp(request.session[AUTH_TIME], UTC)


def age(request: HttpRequest) -> timedelta:
    return datetime.now(UTC) - auth_time(request)
