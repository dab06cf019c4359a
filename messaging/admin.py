"""Conversations and messages for moderators: found, read in context, acted on through services."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.admin import ThroughServices
from messaging.models import Attachment, Conversation, Message, Participant, Reaction
from messaging.services import messages


class ReadOnly(ThroughServices):
    """Rows that change by what people do, never by hand."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Conversation)
class ConversationAdmin(ReadOnly):
    list_display = ("id", "kind", "title", "last_seq", "messages_link", "people_link", "created_at")
    list_filter = ("kind",)
    search_fields = ("=id", "title", "participants__user__nickname", "=participants__user__email")
    ordering = ("-last_message_id",)

    @admin.display(description=_("messages"))
    def messages_link(self, row: Conversation) -> SafeString:
        return _link("admin:messaging_message_changelist", row, _("read"))

    @admin.display(description=_("people"))
    def people_link(self, row: Conversation) -> SafeString:
        return _link("admin:messaging_participant_changelist", row, _("see"))


def _link(name: str, conversation: Conversation, text: Any) -> SafeString:
    url = f"{reverse(name)}?conversation__id__exact={conversation.pk}"
    return format_html('<a href="{}">{}</a>', url, text)


@admin.register(Participant)
class ParticipantAdmin(ReadOnly):
    list_display = (
        "conversation",
        "user",
        "visible_from_seq",
        "delivered_seq",
        "read_seq",
        "may_send",
        "may_moderate",
        "muted_until",
        "left_at",
    )
    list_filter = ("may_send", "may_moderate", ("left_at", admin.EmptyFieldListFilter))
    search_fields = ("=conversation__id", "user__nickname", "=user__email")
    list_select_related = ("conversation", "user")
    ordering = ("-id",)


class AttachmentInline(admin.TabularInline[Attachment, Message]):
    """What a message was sent with: what is said of it, not the file, which is for who sees the message."""

    model = Attachment
    fields = ("name", "type", "size", "width", "height", "owner", "created_at")
    readonly_fields = fields
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Message)
class MessageAdmin(ReadOnly):
    inlines = (AttachmentInline,)
    list_display = ("id", "conversation", "seq", "sender", "body", "sent_at", "edited_at", "recalled_at")
    list_filter = ("kind", "sent_at", ("recalled_at", admin.EmptyFieldListFilter))
    search_fields = ("=conversation__id", "body", "sender__nickname", "=sender__email", "=client_id")
    list_select_related = ("conversation", "sender")
    ordering = ("-id",)
    actions = ("recall",)

    @admin.action(description=_("Recall the selected messages"))
    def recall(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        self.each(request, queryset, lambda row: messages.take_back(message=row), gettext("recalled"))


@admin.register(Reaction)
class ReactionAdmin(ReadOnly):
    list_display = ("id", "emoji", "user", "message", "created_at")
    search_fields = ("=message__id", "user__nickname")
    list_select_related = ("user", "message")
    ordering = ("-id",)
