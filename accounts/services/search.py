"""Finding people."""

from django.db.models import Q, QuerySet

from accounts.access import visible_people
from accounts.models import User, normalise_email


def people(*, viewer_id: int, term: str) -> QuerySet[User]:
    """Others whose nickname contains ``term``, in any case, or whose whole e-mail address it is."""
    found = visible_people(viewer_id=viewer_id).exclude(pk=viewer_id)
    return found.filter(Q(nickname__icontains=term) | Q(email=normalise_email(term)))
