"""Groups for moderators: found, read, acted on through services."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts import find
from accounts.admin import OfPeople, ReadOnly, person_link
from accounts.deeds import Deed, Order, ReasonedAdmin, ReasonedForm
from chatchat.adminlists import conversation_number, number
from chatchat.errors import ChatError
from chatchat.text import clean_line, clean_note
from groups.models import (
    ANNOUNCEMENT_MAX,
    INTRODUCTION_MAX,
    NAME_MAX,
    Dissolved,
    Group,
    Invitation,
    JoinRequest,
    Membership,
    search_key,
)
from groups.services import moderation

MODERATE = "groups.moderate_group"


class GroupForm(ReasonedForm):
    """What moderators put right: the words."""

    class Meta:
        model = Group
        fields = ("name", "introduction", "announcement")
        widgets = {"announcement": forms.Textarea(attrs={"rows": 5})}

    def clean_name(self) -> str:
        return self._line("name", 1, NAME_MAX)

    def clean_introduction(self) -> str:
        return self._line("introduction", 0, INTRODUCTION_MAX)

    def clean_announcement(self) -> str:
        return self._checked("announcement", clean_note, maximum=ANNOUNCEMENT_MAX)

    def _line(self, field: str, minimum: int, maximum: int) -> str:
        return self._checked(field, clean_line, minimum=minimum, maximum=maximum)

    def _checked(self, field: str, clean: Callable[..., str], **bounds: int) -> str:
        try:
            return clean(self.cleaned_data[field], field=field, **bounds)
        except ChatError as error:
            raise forms.ValidationError([str(text) for text in error.details[field]]) from None


def _messages_link(conversation: int) -> SafeString:
    url = f"{reverse('admin:messaging_message_changelist')}?conversation={conversation}"
    return format_html('<a href="{}">{}</a>', url, _("read"))


@admin.register(Group)
class GroupAdmin(ReasonedAdmin):
    form = GroupForm
    list_display = (
        conversation_number,
        "name",
        "owned_by",
        "join_policy",
        "member_count",
        "muted_all",
        "created_at",
    )
    list_display_links = (conversation_number, "name")
    list_select_related = ("owner",)
    search_help_text = _("An id, how the name begins, or the whole e-mail address of its owner.")
    fields = (
        "name",
        "introduction",
        "announcement",
        ("owned_by", "member_count"),
        ("join_policy", "history", "muted_all"),
        ("messages_link", "members_link"),
        "created_at",
        "reason",
    )
    readonly_fields = (
        *("owned_by", "join_policy", "history", "muted_all", "member_count", "created_at"),
        *("messages_link", "members_link"),
    )
    deeds = (
        Deed(
            "remove_picture",
            _("Remove the picture"),
            MODERATE,
            lambda row, order: moderation.remove_picture(group_id=row.pk, by=order.by, reason=order.reason),
            _("Picture removed."),
            _("The picture is gone for good; the group may choose another one."),
        ),
        Deed(
            "dissolve",
            _("Dissolve"),
            MODERATE,
            lambda row, order: moderation.dissolve(group_id=row.pk, by=order.by, reason=order.reason),
            _("Dissolved."),
            _(
                "The group is gone for all its members at once; those who have it open are told why,"
                " its owner also"
                " by mail. Who was in it is kept for a term (30 days unless set otherwise). Undo: restore it,"
                " under “Dissolved groups”."
            ),
            grave=True,
        ),
    )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("groups.change_group"))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields if self.has_change_permission(request) else self.fields[:-1]

    def order_of(self, request: HttpRequest) -> Sequence[str]:
        term = request.GET.get("q", "").strip()
        by_name = term and number(term) is None and "@" not in term
        return ("search_key", "pk") if by_name else ("-pk",)

    def find(self, request: HttpRequest, queryset: QuerySet[Any], term: str) -> QuerySet[Any]:
        if (id_ := number(term)) is not None:
            return queryset.filter(pk=id_)
        if "@" in term:
            return queryset.filter(owner=find.one(term) or 0)
        key = search_key(term)
        # Compared exactly, on every database: the bounds are a range of the index.
        return queryset.filter(search_key__gte=key, search_key__lt=key + "\U0010ffff")

    @admin.display(description=_("owner"))
    def owned_by(self, row: Group) -> Any:
        return person_link(row.owner)

    @admin.display(description=_("messages"))
    def messages_link(self, row: Group) -> SafeString:
        return _messages_link(row.pk)

    @admin.display(description=_("members"))
    def members_link(self, row: Group) -> SafeString:
        url = f"{reverse('admin:groups_membership_changelist')}?group__conversation__id__exact={row.pk}"
        return format_html('<a href="{}">{}</a>', url, _("see"))

    def put_right(self, row: Group, order: Order, words: dict[str, Any]) -> None:
        moderation.edit(group_id=row.pk, by=order.by, reason=order.reason, **words)


@admin.register(Dissolved)
class DissolvedAdmin(ReadOnly):
    list_display = (conversation_number, "name", "members", "dissolved_at", "until", "messages_link")
    list_display_links = (conversation_number, "name")
    fields = ("name", "members", "dissolved_at", "until", "messages_link")
    readonly_fields = fields
    deeds = (
        Deed(
            "restore",
            _("Restore"),
            MODERATE,
            lambda row, order: moderation.restore(conversation_id=row.pk, by=order.by, reason=order.reason),
            _("Restored."),
            _(
                "The group is back, with those who were in it and have an account still, their"
                " roles, mutes and"
                " markers. Its requests and invitations are gone. Its owner is told."
            ),
        ),
    )

    @admin.display(description=_("members"))
    def members(self, row: Dissolved) -> int:
        return len(row.kept["members"])

    @admin.display(description=_("messages"))
    def messages_link(self, row: Dissolved) -> SafeString:
        return _messages_link(row.pk)


def _mute(row: Membership, order: Order) -> None:
    moderation.mute(
        group_id=row.group_id, user_id=row.user_id, until=order.until, by=order.by, reason=order.reason
    )


def _remove(row: Membership, order: Order) -> None:
    moderation.remove(group_id=row.group_id, user_id=row.user_id, by=order.by, reason=order.reason)


class OfGroups(OfPeople):
    """Rows of a group's, found by who is in them, or by the group's id after a #."""

    search_help_text = _(
        "A person: an id, a whole e-mail address, or how the nickname begins; a group: g and its id."
    )
    lookups = frozenset({"group__conversation__id__exact", "user__id__exact"})
    list_select_related: ClassVar[tuple[str, ...]] = ("group", "user")

    def find(self, request: HttpRequest, queryset: QuerySet[Any], term: str) -> QuerySet[Any]:
        if term[:1] in "gG" and (id_ := number(term[1:])) is not None:
            return queryset.filter(group=id_)
        return super().find(request, queryset, term)


@admin.register(Membership)
class MembershipAdmin(OfGroups):
    list_display = ("id", "group", "person", "role", "muted_until", "joined_at")
    deeds = (
        Deed(
            "mute",
            _("Mute in this group"),
            MODERATE,
            _mute,
            _("Muted."),
            _(
                "They can read the group and not write in it. A line in the group says so, without"
                " the reason; they"
                " are told the reason. The group's owner and admins may undo it as well. Undo: lift the mute."
            ),
            term="must",
        ),
        Deed(
            "unmute",
            _("Lift the mute"),
            MODERATE,
            _mute,
            _("Mute lifted."),
            _("They can write in the group again at once."),
            fits=lambda row: row.muted_until is not None,
        ),
        Deed(
            "remove",
            _("Remove from the group"),
            MODERATE,
            _remove,
            _("Removed."),
            _("Their access ends at once. They may come back as anybody may; owners cannot be removed."),
        ),
    )


def _reject(row: JoinRequest, order: Order) -> None:
    moderation.reject(
        group_id=row.group_id, request_id=row.pk, user_id=row.user_id, by=order.by, reason=order.reason
    )


@admin.register(JoinRequest)
class JoinRequestAdmin(OfGroups):
    list_display = ("id", "group", "person", "message", "status", "created_at", "decided_by", "decided_at")
    list_select_related = ("group", "user", "decided_by")
    exclude = ("pending_key",)
    deeds = (
        Deed(
            "reject",
            _("Reject"),
            MODERATE,
            _reject,
            _("Rejected."),
            _("They are told that they were not let in, and may ask again."),
            fits=lambda row: row.status == JoinRequest.Status.PENDING,
        ),
    )


def _revoke(row: Invitation, order: Order) -> None:
    moderation.revoke(
        group_id=row.group_id,
        invitation_id=row.pk,
        user_id=row.created_by_id,
        by=order.by,
        reason=order.reason,
    )


@admin.register(Invitation)
class InvitationAdmin(OfGroups):
    list_display = ("id", "group", "person", "uses", "max_uses", "expires_at")
    list_select_related = ("group", "created_by")
    lookups = frozenset({"group__conversation__id__exact", "created_by__id__exact"})
    # A token is a key: who may read this page need not be let in by it.
    exclude = ("token",)
    deeds = (
        Deed(
            "revoke",
            _("Take back"),
            MODERATE,
            _revoke,
            _("Taken back."),
            _("Nobody comes in by it any more. The group may make another one."),
        ),
    )

    def find(self, request: HttpRequest, queryset: QuerySet[Any], term: str) -> QuerySet[Any]:
        if term[:1] in "gG" and (id_ := number(term[1:])) is not None:
            return queryset.filter(group=id_)
        return queryset.filter(created_by__in=find.ids(term))

    @admin.display(description=_("made by"))
    def person(self, row: Invitation) -> Any:
        return person_link(row.created_by)
