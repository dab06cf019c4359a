"""Fetch and authorise, and lock: a group's lock is its conversation's row."""

from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import User
from chatchat.clock import now
from chatchat.errors import Forbidden, NotFound
from groups.models import TOKEN_MAX, Group, Invitation, JoinRequest, Membership, Role, search_key
from messaging.models import Conversation
from messaging.services import conversations


@dataclass(frozen=True)
class Locked:
    """A group that nobody else can change until the transaction ends, and who is acting in it."""

    conversation: Conversation
    group: Group
    #: None: not a member, or the system.
    actor: Membership | None

    @property
    def by(self) -> int | None:
        """The acting person's id."""
        return self.actor.user_id if self.actor is not None else None


def lock_group(group_id: int, *, actor_id: int | None = None) -> Locked:
    """The group, locked, for the system or for somebody who need not be a member."""
    conversation = conversations.lock(group_id)
    group = Group.objects.filter(pk=group_id).first()
    if group is None:
        raise NotFound
    actor = membership_of(group_id, actor_id) if actor_id is not None else None
    return Locked(conversation, group, actor)


def lock_as(group_id: int, *, actor_id: int | None, at_least: Role = Role.MEMBER) -> Locked:
    """The group, locked, for a member of this rank or a higher one; no actor: for the system.

    ``NotFound`` for who is no member, ``Forbidden`` for one of a lower rank.
    """
    locked = lock_group(group_id, actor_id=actor_id)
    if actor_id is not None:
        require_rank(locked.actor, at_least)
    return locked


def require_rank(membership: Membership | None, at_least: Role) -> Membership:
    """The membership, if it is there and ranks high enough."""
    if membership is None:
        raise NotFound
    if membership.role > at_least:
        raise Forbidden
    return membership


def lock_over(group_id: int, user_id: int, *, actor_id: int | None) -> tuple[Locked, Membership]:
    """The group, locked, and a member of it whom the actor outranks: owner > admin > member."""
    locked = lock_as(group_id, actor_id=actor_id)
    target = membership_of(group_id, user_id)
    if locked.actor is not None:
        if locked.actor.role > Role.ADMIN:
            raise Forbidden
        if target is not None and locked.actor.role >= target.role:
            raise Forbidden
    if target is None:
        raise NotFound
    return locked, target


def membership_of(group_id: int, user_id: int) -> Membership | None:
    """Somebody's place in a group, if they have one."""
    return Membership.objects.filter(group=group_id, user=user_id).first()


def member(group_id: int, user_id: int, *, at_least: Role = Role.MEMBER) -> Membership:
    """One's own place in a group, without a lock, for reading what only members or admins may read."""
    return require_rank(membership_of(group_id, user_id), at_least)


def require_active(user_id: int) -> None:
    """Refuse to let a banned or deleted person in.

    To be called after the membership was inserted: its foreign key keeps the person's row from
    changing until the end, so a deletion either shows here or comes after us.
    """
    if not User.objects.active().filter(pk=user_id).exists():
        raise NotFound


def _for_viewer(groups: QuerySet[Group], user_id: int | None) -> QuerySet[Group]:
    """With what a group's shape needs: the viewer's role, whether they have asked, who has, and more."""
    mine = Membership.objects.filter(group=OuterRef("pk"), user=user_id)
    asked = JoinRequest.objects.filter(group=OuterRef("pk"), user=user_id, status=JoinRequest.Status.PENDING)
    # A count of its own, not a join that would multiply the rows.
    waiting = pending(OuterRef("pk")).order_by().values("group").annotate(number=Count("pk"))
    return groups.select_related("owner", "conversation").annotate(
        viewer_role=Subquery(mine.values("role")[:1]),
        viewer_asked=Exists(asked),
        waiting=Coalesce(Subquery(waiting.values("number")), 0),
    )


def visible_group(viewer_id: int, group_id: int) -> Group:
    """A group that this person may know of, with what its shape needs."""
    group = _for_viewer(Group.objects.visible_to(viewer_id), viewer_id).filter(pk=group_id).first()
    if group is None:
        raise NotFound
    return group


def search(viewer_id: int, text: str) -> QuerySet[Group]:
    """The groups with ``text`` anywhere in their name that this person may know of."""
    found = Group.objects.visible_to(viewer_id).filter(search_key__contains=search_key(text))
    return _for_viewer(found, viewer_id)


def own_groups(viewer_id: int) -> QuerySet[Group]:
    """The groups that this person is in."""
    mine = Membership.objects.filter(user=viewer_id).values("group")
    return _for_viewer(Group.objects.filter(pk__in=mine), viewer_id)


def members(group_id: int) -> QuerySet[Membership]:
    """A group's members."""
    return Membership.objects.filter(group=group_id).select_related("user")


def pending(group_id: int | OuterRef) -> QuerySet[JoinRequest]:
    """Who waits to be let in."""
    requests = JoinRequest.objects.filter(
        group=group_id,
        status=JoinRequest.Status.PENDING,
        user__banned_at=None,
        user__deleted_at=None,
    )
    return requests.select_related("user")


def pending_request(group_id: int, request_id: int) -> JoinRequest:
    """One of those who wait."""
    request = pending(group_id).filter(pk=request_id).first()
    if request is None:
        raise NotFound
    return request


def requests_of(user_id: int) -> QuerySet[JoinRequest]:
    """Everything that this person has asked of groups."""
    return JoinRequest.objects.filter(user=user_id)


def heir_of(group: Group) -> Membership | None:
    """Who is owner when the owner's account ends: the first admin, else the first member."""
    others = Membership.objects.filter(
        group=group, role__gt=Role.OWNER, user__banned_at=None, user__deleted_at=None
    )
    return others.order_by("role", "pk").first()


def invitations(group_id: int) -> QuerySet[Invitation]:
    """A group's invitations, also those that ended."""
    return Invitation.objects.filter(group=group_id).select_related("created_by")


def usable_invitation(viewer_id: int, token: str) -> tuple[Invitation, Group]:
    """An invitation that still lets somebody in, and its group with what its shape needs."""
    invitation = invitation_of(token)
    if not invitation.holds(now()):
        raise NotFound
    return invitation, invited_group(viewer_id, invitation)


def invitation_of(token: str) -> Invitation:
    """The invitation, also one that ended, and who made it."""
    if len(token) > TOKEN_MAX or not token.isascii() or not token.isprintable():
        raise NotFound
    invitation = Invitation.objects.filter(token=token).select_related("created_by").first()
    if invitation is None:
        raise NotFound
    return invitation


def invited_group(viewer_id: int | None, invitation: Invitation) -> Group:
    """The group that an invitation leads to, with what its shape needs."""
    return _for_viewer(Group.objects.all(), viewer_id).get(pk=invitation.group_id)
