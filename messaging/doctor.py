"""What the doctor knows of messaging: numbers, markers and counts, recomputed from the messages themselves.

First one statement a stretch of conversations finds those where something differs: a statement sees the
database at one moment, so a site that goes on writing causes no false alarm. Then each of them is recomputed
under its lock (``messaging.recount``), which is also where it is mended.
"""

from collections.abc import Iterator

from django.db import connection

from chatchat.doctor import Report
from messaging import recount
from messaging.models import Conversation

STRETCH = 200_000  # messages that one statement looks at, and at least one conversation
AT_ONCE = 1000  # conversations

#: Heads that are not those of their messages; ordinals that do not count; seqs with holes. A hole is a count
#: that is lower than the highest seq: seqs are unique and above 0.
_NUMBERS = """
SELECT c.id FROM messaging_conversation c
LEFT JOIN (
  SELECT conversation_id, COUNT(*) AS messages, MIN(seq) AS lowest, MAX(seq) AS highest,
         MAX(version) AS version, SUM(person) AS people, SUM(ordinal <> counted) AS wrong
  FROM (
    SELECT conversation_id, seq, version, ordinal, sender_id IS NOT NULL AS person,
           SUM(sender_id IS NOT NULL) OVER (
             PARTITION BY conversation_id ORDER BY seq ROWS UNBOUNDED PRECEDING
           ) AS counted
    FROM messaging_message WHERE conversation_id BETWEEN %s AND %s
  ) numbered GROUP BY conversation_id
) m ON m.conversation_id = c.id
LEFT JOIN messaging_message newest ON newest.conversation_id = c.id AND newest.seq = c.last_seq
WHERE c.id BETWEEN %s AND %s AND (
  c.last_seq <> COALESCE(m.messages, 0) OR c.last_seq <> COALESCE(m.highest, 0) OR COALESCE(m.lowest, 1) <> 1
  OR c.last_version <> COALESCE(m.version, 0) OR c.last_ordinal <> COALESCE(m.people, 0)
  OR COALESCE(m.wrong, 0) > 0 OR c.last_message_id <> COALESCE(newest.id, c.last_message_id)
) ORDER BY c.id
"""
#: Markers that point nowhere, or whose ordinal is not that of their message.
_MARKERS = """
SELECT DISTINCT p.conversation_id FROM messaging_participant p
JOIN messaging_conversation c ON c.id = p.conversation_id
LEFT JOIN messaging_message m ON m.conversation_id = p.conversation_id AND m.seq = p.read_seq
WHERE p.conversation_id BETWEEN %s AND %s AND (
  p.read_seq < 0 OR p.delivered_seq < p.read_seq OR p.delivered_seq > c.last_seq
  OR p.read_ordinal <> COALESCE(m.ordinal, 0) OR p.visible_from_seq < 1 OR p.visible_from_seq > c.last_seq + 1
) ORDER BY p.conversation_id
"""
#: Somebody's own message past their read marker would be counted as unread.
_OWN = """
SELECT DISTINCT p.conversation_id FROM messaging_participant p
JOIN (
  SELECT conversation_id, sender_id, MAX(seq) AS seq FROM messaging_message
  WHERE conversation_id BETWEEN %s AND %s AND sender_id IS NOT NULL GROUP BY conversation_id, sender_id
) own ON own.conversation_id = p.conversation_id AND own.sender_id = p.user_id
WHERE p.read_seq < own.seq ORDER BY p.conversation_id
"""


def check(report: Report, fix: bool) -> None:
    """Recompute last_seq, last_version, last_ordinal, ordinals, markers and unread counts."""
    conversations = messages = 0
    for lowest, highest, count, length in stretches():
        conversations += count
        messages += length
        suspects: set[int] = set()
        with report.one(first_conversation=lowest, last_conversation=highest):
            suspects = _suspects(lowest, highest)
        for conversation in sorted(suspects):
            with report.one(conversation=conversation):
                for finding in recount.examine(conversation_id=conversation, fix=fix):
                    report.differ(finding)
    report.facts.append(f"{messages:,} messages of {conversations:,} conversations")


def stretches() -> Iterator[tuple[int, int, int, int]]:
    """(lowest id, highest id, how many, their messages) of conversations, in the order of ids."""
    after, ids, length = 0, list[int](), 0
    while True:
        heads = Conversation.objects.filter(pk__gt=after).order_by("pk").values_list("pk", "last_seq")
        rows = list(heads[:AT_ONCE])
        for id_, last_seq in rows:
            if ids and length + last_seq > STRETCH:
                yield ids[0], ids[-1], len(ids), length
                ids, length = [], 0
            ids.append(id_)
            length += max(0, last_seq)
        if ids:
            yield ids[0], ids[-1], len(ids), length
            ids, length = [], 0
        if len(rows) < AT_ONCE:
            return
        after = rows[-1][0]


def _suspects(lowest: int, highest: int) -> set[int]:
    found: set[int] = set()
    with connection.cursor() as cursor:
        for statement in (_NUMBERS, _MARKERS, _OWN):
            cursor.execute(statement, [lowest, highest] * (statement.count("%s") // 2))
            found.update(id_ for (id_,) in cursor.fetchall())
    return found
