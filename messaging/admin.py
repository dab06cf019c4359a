"""Conversations and messages for moderators: found, read in context, acted on through services."""

import json
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts import find
from accounts.admin import OfPeople, ReadOnly, person_link
from accounts.deeds import Deed, Order, said
from accounts.models import User
from chatchat.adminlists import AFTER, BEFORE, number
from messaging import moderating, wording
from messaging.attachments import serving, storage
from messaging.models import Attachment, Conversation, Message, Participant, Reaction, Withheld
from messaging.services import moderation

RECALL = "messaging.recall_message"


@admin.register(Conversation)
class ConversationAdmin(ReadOnly):
    list_display = ("id", "kind", "title", "last_seq", "messages_link", "people_link", "created_at")
    fields = (
        ("id", "kind"), "title", ("last_seq", "last_version"), ("messages_link", "people_link"), "created_at",
    )  # fmt: skip
    readonly_fields = ("id", "messages_link", "people_link")
    search_help_text = _("An id, or the whole e-mail address of somebody who takes part.")

    def find(self, request: HttpRequest, queryset: QuerySet[Any], term: str) -> QuerySet[Any]:
        if (id_ := number(term)) is not None:
            return queryset.filter(pk=id_)
        theirs = Participant.objects.filter(user=find.one(term) or 0).values("conversation")
        return queryset.filter(pk__in=theirs)

    @admin.display(description=_("messages"))
    def messages_link(self, row: Conversation) -> SafeString:
        return _link("admin:messaging_message_changelist", f"conversation={row.pk}", _("read"))

    @admin.display(description=_("people"))
    def people_link(self, row: Conversation) -> SafeString:
        return _link("admin:messaging_participant_changelist", f"conversation__id__exact={row.pk}", _("see"))


def _link(name: str, query: str, text: Any) -> SafeString:
    return format_html('<a href="{}?{}">{}</a>', reverse(name), query, text)


@admin.register(Participant)
class ParticipantAdmin(OfPeople):
    list_display = (
        *("id", "conversation", "person", "read_seq", "may_send", "may_moderate", "muted_until", "left_at"),
    )
    list_select_related = ("conversation", "user")
    lookups = frozenset({"conversation__id__exact", "user__id__exact"})


@admin.register(Message)
class MessageAdmin(ReadOnly):
    change_list_template = "admin/messaging/message/change_list.html"
    list_display = ("id", "place", "person", "text", "sent_at", "state")
    list_display_links = ("id", "text")
    list_select_related = ("conversation", "sender")
    search_fields = ()
    parameters = moderating.PARAMETERS
    deeds = (
        Deed(
            "recall",
            _("Recall"),
            RECALL,
            lambda row, order: moderation.recall(message_id=row.pk, by=order.by, reason=order.reason),
            _("Recalled."),
            _(
                "Everybody sees at once that the message was recalled, and no longer what it said."
                " Its sender is"
                " told why. What it said is kept for a term (30 days unless set otherwise), for moderators"
                " alone. Undo: restore it."
            ),
            fits=lambda row: row.recalled_at is None and row.kind != Message.Kind.SYSTEM,
        ),
        Deed(
            "restore",
            _("Restore"),
            RECALL,
            lambda row, order: moderation.restore(message_id=row.pk, by=order.by, reason=order.reason),
            _("Restored."),
            _(
                "Everybody sees the message again, with its files and reactions. Only what"
                " moderators recalled"
                " can be restored: what people recall themselves is gone."
            ),
            fits=lambda row: row.recalled_at is not None and Withheld.objects.filter(pk=row.pk).exists(),
        ),
    )

    # --- the list

    def order_of(self, request: HttpRequest) -> Any:
        return self._search(request).order

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if request.method == "POST":  # what was marked, wherever it was seen
            return queryset, False
        edges = [_edge(request, name) for name in (BEFORE, AFTER)]
        return self._search(request).rows(queryset, edges=edges), False

    def _search(self, request: HttpRequest) -> moderating.Search:
        kept = getattr(request, "_search", None)
        if not isinstance(kept, moderating.Search):
            kept = moderating.Search.of(request.GET)
            request._search = kept  # type: ignore[attr-defined]
        return kept

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        search = self._search(request)
        further = None
        if search.windowed and not search.nothing and request.method == "GET":
            low, _high = search.bounds()
            if low > 1:
                query = request.GET.copy()
                for name in (BEFORE, AFTER):
                    query.pop(name, None)
                query["far"] = str(low - 1)
                further = f"?{query.urlencode()}"
        extra = {"search": search, "window": moderating.WINDOW, "further": further, **(extra_context or {})}
        return super().changelist_view(request, extra)

    @admin.display(description=_("conversation"))
    def place(self, row: Message) -> SafeString:
        name = row.conversation.title or row.conversation.get_kind_display()
        url = reverse("admin:messaging_message_changelist") + f"?conversation={row.conversation_id}"
        return format_html(
            '<a href="{}">{} <span class="quiet">{}/{}</span></a>', url, name, row.conversation_id, row.seq
        )

    @admin.display(description=_("sender"))
    def person(self, row: Message) -> Any:
        return person_link(row.sender) if row.sender is not None else _("the system")

    @admin.display(description=_("message"))
    def text(self, row: Message) -> str:
        if row.recalled_at is not None:
            return "–"
        if row.kind == Message.Kind.SYSTEM:
            return wording.system(row.data, {})
        return said(" ".join(row.body.split())) or said(
            ", ".join(one["name"] for one in row.data.get("attachments", []))
        )

    def describe(self, row: Message) -> str:
        return f"{row.sender or row}: {self.text(row)}"

    @admin.display(description=_("state"))
    def state(self, row: Message) -> Any:
        if row.recalled_at is not None:
            return _("recalled")
        return _("edited") if row.edited_at is not None else ""

    # --- one of them, among its neighbours

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        if request.method not in ("GET", "HEAD") or not self.has_view_permission(request):
            raise PermissionDenied
        message: Any = self.get_queryset(request).select_related("conversation").filter(
            pk=number(unquote(object_id)) or 0
        ).first()  # fmt: skip
        if message is None:
            raise Http404
        people = Participant.objects.filter(conversation=message.conversation_id, left_at=None)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Message in context"),
            "subtitle": str(message),
            "opts": self.opts,
            "original": message,
            "message_row": message,
            "lines": moderating.context(message),
            "people": people.select_related("user").order_by("pk")[:3],
            "deeds": [deed for deed in self.allowed(request) if deed.fits(message)],
            "deed_target": message,
            "sees_files": request.user.has_perm("messaging.view_attachment"),
            "media": self.media,
        }
        return TemplateResponse(request, "admin/messaging/message/context.html", context)

    # --- what was attached

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.file)
        return [
            path("file/<id:attachment>/", view, name="messaging_message_file"),
            path("file/<id:attachment>/small/", view, {"small": True}, name="messaging_message_thumbnail"),
            *super().get_urls(),
        ]

    def file(self, request: HttpRequest, attachment: int, small: bool = False) -> HttpResponseBase:
        """A picture or file that was sent, for who may read what it was sent with."""
        if not request.user.has_perm("messaging.view_attachment"):
            raise PermissionDenied
        ready = Attachment.objects.filter(pk=attachment, state=Attachment.State.READY)
        row = ready.exclude(message=None).first()
        if row is None or (small and row.thumbnail_width is None):
            raise Http404
        if small:
            name, size = row.file + storage.THUMBNAIL, row.thumbnail_size
            return serving.serve(request, file=name, size=size, type_="image/webp", name=f"{row.pk}.webp")
        return serving.serve(request, file=row.file, size=row.size, type_=row.type, name=row.name)


def _edge(request: HttpRequest, name: str) -> int:
    """The seq or id at a page's edge; 0: none, or nonsense, which the list refuses."""
    try:
        [value] = json.loads(request.GET.get(name, "[0]"))
        return value if isinstance(value, int) and 0 <= value <= moderating.MAX else 0
    except (ValueError, TypeError, RecursionError):
        return 0


@admin.register(Reaction)
class ReactionAdmin(OfPeople):
    list_display = ("id", "emoji", "person", "message", "created_at")
    list_select_related = ("user", "message")
    lookups = frozenset({"user__id__exact", "message__id__exact"})


def _recall_recent(user: User, order: Order) -> None:
    moderation.recall_recent(user_id=user.pk, by=order.by, reason=order.reason)


people: Any = admin.site.get_model_admin(User)
people.deeds.insert(
    2,
    Deed(
        "recall_recent",
        _("Recall all of the last hour"),
        RECALL,
        _recall_recent,
        _("Recalled."),
        _(
            "What the person wrote anywhere in the last hour is recalled, at most 2,000 messages at"
            " a time. They are"
            " told once. Undo: restore the messages, one by one or marked in the list."
        ),
        fits=lambda row: row.deleted_at is None,
        grave=True,
    ),
)
