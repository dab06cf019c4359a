"""What the doctor knows of groups: members are who takes part, with the rights of their roles."""

from collections.abc import Iterator

from django.db import connection

from chatchat.db import retried, write_transaction
from chatchat.doctor import Finding, Report
from groups.models import Group, History, Membership, Role
from groups.services import roster
from messaging.models import Conversation, Participant
from messaging.services import conversations

AT_ONCE = 500  # groups that one statement looks at

#: Members who do not take part, or with other rights than those of their role.
_MEMBERS = """
SELECT DISTINCT m.group_id FROM groups_membership m JOIN groups_group g ON g.conversation_id = m.group_id
LEFT JOIN messaging_participant p ON p.conversation_id = m.group_id AND p.user_id = m.user_id
WHERE m.group_id BETWEEN %s AND %s AND (
  p.id IS NULL OR p.left_at IS NOT NULL OR p.may_moderate <> (m.role <= 1)
  OR p.may_send <> (m.role <= 1 OR g.muted_all = 0)
  OR p.muted_until <> m.muted_until OR (p.muted_until IS NULL) <> (m.muted_until IS NULL)
)
"""
#: Participants who are no members.
_STRANGERS = """
SELECT DISTINCT p.conversation_id FROM messaging_participant p
JOIN messaging_conversation c ON c.id = p.conversation_id AND c.kind = 'group'
LEFT JOIN groups_membership m ON m.group_id = p.conversation_id AND m.user_id = p.user_id
WHERE p.conversation_id BETWEEN %s AND %s AND p.left_at IS NULL AND m.id IS NULL
"""
_COUNTS = """
SELECT g.conversation_id FROM groups_group g LEFT JOIN groups_membership m ON m.group_id = g.conversation_id
WHERE g.conversation_id BETWEEN %s AND %s GROUP BY g.conversation_id, g.member_count
HAVING COUNT(m.id) <> g.member_count
"""


def check(report: Report, fix: bool) -> None:
    """Every member takes part, nobody else does, rights are those of roles, and members are counted right."""
    groups = Conversation.objects.filter(kind=Conversation.Kind.GROUP).order_by("pk")
    seen = after = 0
    while ids := list(groups.filter(pk__gt=after).values_list("pk", flat=True)[:AT_ONCE]):
        seen, after = seen + len(ids), ids[-1]
        suspects: set[int] = set()
        with report.one(first_group=ids[0], last_group=ids[-1]):
            suspects = _suspects(ids[0], ids[-1])
        for group in sorted(suspects):
            with report.one(group=group):
                for finding in _examine(group_id=group, fix=fix):
                    report.differ(finding)
    report.facts.append(f"{seen:,} groups")


def _suspects(lowest: int, highest: int) -> set[int]:
    found: set[int] = set()
    with connection.cursor() as cursor:
        for statement in (_MEMBERS, _STRANGERS, _COUNTS):
            cursor.execute(statement, [lowest, highest])
            found.update(id_ for (id_,) in cursor.fetchall())
    return found


@retried
def _examine(*, group_id: int, fix: bool) -> list[Finding]:
    with write_transaction():
        return [*_Examination(conversations.lock(group_id), fix).findings()]


class _Examination:
    """One group, locked."""

    def __init__(self, conversation: Conversation, fix: bool) -> None:
        self.conversation, self.fix = conversation, fix
        self.group = Group.objects.filter(pk=conversation.pk).first()
        self.members = {row.user_id: row for row in Membership.objects.filter(group=conversation.pk)}
        self.places = {
            row.user_id: row for row in Participant.objects.filter(conversation=conversation, left_at=None)
        }

    def findings(self) -> Iterator[Finding]:
        for user_id in sorted(self.places.keys() - self.members.keys()):
            yield self._finding("takes part", True, False, user_id)
            if self.fix:
                conversations.leave(self.conversation, user_id=user_id, reason="left")
        if self.group is None:
            return
        for user_id in sorted(self.members):
            yield from self._member(self.group, self.members[user_id])
        if self.group.member_count != len(self.members):
            yield self._finding("member_count", self.group.member_count, len(self.members))
            if self.fix:
                Group.objects.filter(pk=self.group.pk).update(member_count=len(self.members))

    def _finding(self, code: str, found: object, right: object, user_id: int | None = None) -> Finding:
        where = {"group": self.conversation.pk} | ({} if user_id is None else {"user": user_id})
        return Finding(code, where, found, right, self.fix)

    def _member(self, group: Group, member: Membership) -> Iterator[Finding]:
        place = self.places.get(member.user_id)
        if place is None:
            yield self._finding("takes part", False, True, member.user_id)
            if self.fix:
                self._admit(group, member)
            return
        right = {
            "may_send": roster.may_send(group, member.role),
            "may_moderate": member.role <= Role.ADMIN,
            "muted_until": member.muted_until,
        }
        wrong = {name: value for name, value in right.items() if getattr(place, name) != value}
        for name, value in wrong.items():
            yield self._finding(name, _plain(getattr(place, name)), _plain(value), member.user_id)
        if wrong and self.fix:
            conversations.set_rights(self.conversation, user_id=member.user_id, **right)  # type: ignore[arg-type]

    def _admit(self, group: Group, member: Membership) -> None:
        conversations.join(
            self.conversation,
            user_id=member.user_id,
            may_send=roster.may_send(group, member.role),
            may_moderate=member.role <= Role.ADMIN,
            history_from_now=group.history == History.SINCE_JOINED,
        )
        conversations.set_rights(self.conversation, user_id=member.user_id, muted_until=member.muted_until)


def _plain(value: object) -> object:
    """As JSON and words have it."""
    return value if isinstance(value, bool) or value is None else str(value)
