"""The record in the admin: read, filtered, exported; never changed."""

import csv
import ipaddress
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html
from django.utils.timezone import is_naive, make_aware
from django.utils.translation import gettext_lazy as _

from accounts import find
from accounts.audit import SECURITY, Action, AuditEvent
from accounts.deeds import DeedsAdmin
from accounts.models import User
from accounts.services import record
from chatchat.adminlists import MAX_ID, number
from chatchat.clock import rfc3339
from chatchat.landmarks import ids_before

#: Lines of one export: what a spreadsheet can hold is more, what somebody reads is less.
EXPORT_MOST: Final = 100_000
CHUNK: Final = 1000
COLUMNS: Final = (
    *("id", "at", "action", "actor", "actor_email", "subject", "subject_email"),
    *("conversation", "message", "until", "reason", "ip", "details"),
)
#: What a spreadsheet takes for the beginning of a formula (OWASP, CSV Injection).
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
SEES_SECURITY = "accounts.view_security"


def address(text: str) -> str | None:
    """A whole IP address; None for anything else."""
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        return None


def sees_security(request: HttpRequest) -> bool:
    """Whether they may see who signed in from where."""
    return bool(request.user.has_perm(SEES_SECURITY))


def shown_to(request: HttpRequest, rows: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
    """What of the record this person may see."""
    if sees_security(request):
        return rows
    return rows.filter(security=False)


class RecordAdmin(DeedsAdmin):
    change_list_template = "admin/accounts/auditevent/change_list.html"
    list_display = ("at", "what", "who", "whom", "where", "until", "reason", "from_where", "more")
    list_display_links = ("at",)
    list_select_related = ("actor", "subject")
    parameters = ("what", "who", "whom", "where", "ip", "since", "till")
    search_fields = ()
    fields = ("at", "what", "who", "whom", "where", "until", "reason", "from_where", "details")
    readonly_fields = fields

    # --- who may what

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_export_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("accounts.export_auditevent"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return shown_to(request, super().get_queryset(request))

    def get_list_display(self, request: HttpRequest) -> Any:
        shown = self.list_display
        return shown if sees_security(request) else [one for one in shown if one not in _SECURITY_COLUMNS]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.get_list_display(request) if not sees_security(request) else self.fields

    # --- what is looked for

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return _narrowed(queryset, request), False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        every = sees_security(request)
        offered = [(one.value, one.label) for one in Action if every or not one.value.startswith(SECURITY)]
        return super().changelist_view(request, {"actions": offered, **(extra_context or {})})

    # --- columns

    @admin.display(description=_("what"))
    def what(self, row: AuditEvent) -> Any:
        return row.get_action_display()

    @admin.display(description=_("who"))
    def who(self, row: AuditEvent) -> Any:
        return _person(row.actor)

    @admin.display(description=_("whom"))
    def whom(self, row: AuditEvent) -> Any:
        return _person(row.subject) if row.subject_id != row.actor_id else "–"

    @admin.display(description=_("where"))
    def where(self, row: AuditEvent) -> Any:
        if row.conversation_id is None:
            return "–"
        url = reverse("admin:messaging_message_changelist") + f"?conversation={row.conversation_id}"
        named = f"{row.conversation_id}/{row.seq}" if row.seq is not None else f"{row.conversation_id}"
        return format_html('<a href="{}">{}</a>', url, named)

    @admin.display(description=_("from where"))
    def from_where(self, row: AuditEvent) -> Any:
        return row.ip or "–"

    @admin.display(description=_("details"))
    def more(self, row: AuditEvent) -> str:
        return _details(row)

    # --- export

    def get_urls(self) -> list[URLPattern]:
        export = path("export/", self.admin_site.admin_view(self.export), name="accounts_auditevent_export")
        return [export, *super().get_urls()]

    def export(self, request: HttpRequest) -> StreamingHttpResponse:
        """What the list shows, newest first, as CSV (RFC 4180); asked for by POST, since it is"
        " written down."""
        if request.method != "POST" or not self.has_export_permission(request):
            raise PermissionDenied
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = _narrowed(self.get_queryset(request), request)
        by: Any = request.user
        record.own(
            Action.EXPORTED, by.pk, filters=sorted(name for name, value in request.GET.items() if value)
        )
        with_address = sees_security(request)
        answer = StreamingHttpResponse(_lines(rows, with_address), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = 'attachment; filename="record.csv"'
        answer["X-Content-Type-Options"] = "nosniff"
        return answer


_SECURITY_COLUMNS = frozenset({"from_where"})


def _person(user: User | None) -> Any:
    if user is None:
        return "–"
    url = reverse("admin:accounts_user_change", args=(user.pk,))
    return format_html('<a href="{}">{} <span class="quiet">#{}</span></a>', url, user.nickname, user.pk)


def _details(row: AuditEvent) -> str:
    return ", ".join(f"{name}: {value}" for name, value in row.details.items())


def _narrowed(rows: QuerySet[Any], request: HttpRequest) -> QuerySet[Any]:
    """By who, whom, where, from where (indexed) and when (by id, which grows with time)."""
    asked = {name: request.GET.get(name, "").strip() for name in RecordAdmin.parameters}
    if asked["what"]:
        rows = rows.filter(action=asked["what"])
    for name, column in (("who", "actor"), ("whom", "subject")):
        if asked[name]:
            rows = rows.filter(**{column: find.one(asked[name]) or 0})
    if asked["where"]:
        rows = rows.filter(conversation_id=number(asked["where"].split("/")[0]) or 0)
    if asked["ip"]:
        rows = rows.filter(ip=address(asked["ip"])) if address(asked["ip"]) else rows.none()
    since, till = _moment(asked["since"]), _moment(asked["till"])
    moments = [moment for moment in (since, till) if moment is not None]
    if moments:
        bounds = ids_before(AuditEvent.objects.all(), moments, at="at")
        if since is not None:
            rows = rows.filter(pk__gt=bounds[0], at__gte=since)
        if till is not None:
            rows = rows.filter(pk__lte=bounds[-1] + CHUNK, at__lt=till)
    return rows


def _moment(text: str) -> datetime | None:
    """A time in UTC as a form sends it; None for anything else."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return make_aware(moment) if moment is not None and is_naive(moment) else moment


class _Echo:
    """A file that hands back what is written."""

    def write(self, text: str) -> str:
        return text


def _lines(rows: QuerySet[Any], with_address: bool) -> Iterator[str]:
    """A chunk at a time, each found by the last one's id."""
    write = csv.writer(_Echo(), quoting=csv.QUOTE_ALL).writerow
    yield "\ufeff" + write(COLUMNS)  # by which spreadsheets know UTF-8
    last, left = MAX_ID, EXPORT_MOST
    while left > 0:
        found = rows.filter(pk__lt=last).select_related("actor", "subject").order_by("-pk")
        chunk = list(found[: min(CHUNK, left)])
        yield "".join(write([harmless(cell) for cell in _cells(row, with_address)]) for row in chunk)
        if len(chunk) < CHUNK:
            return
        last, left = chunk[-1].pk, left - len(chunk)


def _cells(row: AuditEvent, with_address: bool) -> list[Any]:
    return [
        row.pk,
        rfc3339(row.at),
        row.action,
        row.actor_id,
        row.actor.email if row.actor else None,
        row.subject_id,
        row.subject.email if row.subject else None,
        row.conversation_id,
        row.seq,
        rfc3339(row.until) if row.until else None,
        row.reason,
        row.ip if with_address else None,
        json.dumps(row.details, ensure_ascii=False) if row.details else None,
    ]


def harmless(cell: Any) -> str:
    """As text that no spreadsheet takes for a formula: those begin with an apostrophe."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text
