"""How moderators name people: by id, by whole e-mail address, or by how the nickname begins."""

from accounts.models import User, normalise_email
from chatchat.adminlists import number, prefix

MOST = 50


def ids(term: str) -> list[int]:
    """The ids of those whom ``term`` names; of a nickname's beginning, the first fifty by name."""
    if (id_ := number(term)) is not None:
        return [id_]
    if "@" in term.strip("@"):
        return list(User.objects.filter(email=normalise_email(term)).values_list("pk", flat=True))
    people = User.objects.filter(prefix("nickname", term)).order_by("nickname", "pk")
    return list(people.values_list("pk", flat=True)[:MOST])


def one(term: str) -> int | None:
    """The one person whom an id or an e-mail address names; None if nobody is."""
    if not term.strip() or (number(term) is None and "@" not in term):
        return None
    return next(iter(ids(term)), None)
