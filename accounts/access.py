"""Fetch and authorise in one step."""

from datetime import timedelta

from django.db.models import QuerySet
from rest_framework_simplejwt.settings import api_settings

from accounts.models import Session, User
from chatchat import policies
from chatchat.clock import now
from chatchat.errors import NotFound


def session_lifetime() -> timedelta:
    """A session that was not seen for so long has no refresh token or cookie left that could wake it."""
    lifetime: timedelta = api_settings.REFRESH_TOKEN_LIFETIME
    return lifetime


def live_sessions(user_id: int) -> QuerySet[Session]:
    """The person's sessions that go on."""
    since = now() - session_lifetime()
    return Session.objects.filter(user_id=user_id, revoked_at__isnull=True, last_seen_at__gt=since)


def visible_people(*, viewer_id: int) -> QuerySet[User]:
    """Whom this person may find: neither banned nor deleted, nor hidden from them by a policy."""
    people: QuerySet[User] = User.objects.active()
    for hidden in policies.hidden_people(viewer_id):
        people = people.exclude(pk__in=hidden)
    return people


def visible_person(*, viewer_id: int, user_id: int) -> User:
    """The person, if this viewer may see them. Raises NotFound."""
    if viewer_id == user_id:
        people: QuerySet[User] = User.objects.active()
    else:
        people = visible_people(viewer_id=viewer_id)
    user = people.filter(pk=user_id).first()
    if user is None:
        raise NotFound
    return user
