"""Groups for moderators: found, read, acted on through services."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from chatchat.errors import ChatError
from chatchat.text import clean_line, clean_note
from groups.models import (
    ANNOUNCEMENT_MAX,
    INTRODUCTION_MAX,
    NAME_MAX,
    Group,
    Invitation,
    JoinRequest,
    Membership,
)
from groups.services import invitations, lifecycle, members, requests
from messaging.admin import ReadOnly


class Moderated(ReadOnly):
    """Read-only rows with actions, for who may change groups."""

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("groups.change_group")


class GroupForm(forms.ModelForm[Group]):
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


@admin.register(Group)
class GroupAdmin(Moderated):
    form = GroupForm
    list_display = (
        "conversation_id",
        "name",
        "owner",
        "join_policy",
        "member_count",
        "muted_all",
        "created_at",
    )
    list_filter = ("join_policy", "muted_all", "created_at")
    list_select_related = ("owner",)
    search_fields = ("=conversation__id", "name", "owner__nickname", "=owner__email")
    ordering = ("-conversation_id",)
    actions = ("remove_picture", "dissolve")
    readonly_fields = ("owner", "join_policy", "history", "muted_all", "member_count", "created_at")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_moderate_permission(request)

    def save_model(self, request: HttpRequest, obj: Group, form: Any, change: bool) -> None:
        words = {name: form.cleaned_data[name] for name in form.changed_data}
        lifecycle.edit(group_id=obj.pk, **words)

    @admin.action(description=_("Remove the selected groups' pictures"), permissions=["moderate"])
    def remove_picture(self, request: HttpRequest, queryset: QuerySet[Group]) -> None:
        def act(row: Group) -> None:
            lifecycle.remove_avatar(group_id=row.pk)

        self.each(request, queryset, act, gettext("without a picture"))

    @admin.action(description=_("Dissolve the selected groups"), permissions=["moderate"])
    def dissolve(self, request: HttpRequest, queryset: QuerySet[Group]) -> None:
        self.each(request, queryset, lambda row: lifecycle.dissolve(group_id=row.pk), gettext("dissolved"))


@admin.register(Membership)
class MembershipAdmin(Moderated):
    list_display = ("id", "group", "user", "role", "muted_until", "joined_at")
    list_filter = ("role", ("muted_until", admin.EmptyFieldListFilter))
    list_select_related = ("group", "user")
    search_fields = ("=group__conversation__id", "group__name", "user__nickname", "=user__email")
    ordering = ("-id",)
    actions = ("remove",)

    @admin.action(description=_("Remove the selected members from their groups"), permissions=["moderate"])
    def remove(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        def act(row: Membership) -> None:
            members.kick(group_id=row.group_id, user_id=row.user_id)

        self.each(request, queryset, act, gettext("removed"))


@admin.register(JoinRequest)
class JoinRequestAdmin(Moderated):
    list_display = ("id", "group", "user", "message", "status", "created_at", "decided_by", "decided_at")
    list_filter = ("status", "created_at")
    list_select_related = ("group", "user", "decided_by")
    search_fields = ("=group__conversation__id", "group__name", "user__nickname", "=user__email", "message")
    ordering = ("-id",)
    actions = ("reject",)
    exclude = ("pending_key",)

    @admin.action(description=_("Reject the selected requests"), permissions=["moderate"])
    def reject(self, request: HttpRequest, queryset: QuerySet[JoinRequest]) -> None:
        def act(row: JoinRequest) -> None:
            requests.reject(group_id=row.group_id, request_id=row.pk)

        self.each(request, queryset, act, gettext("rejected"))


@admin.register(Invitation)
class InvitationAdmin(Moderated):
    list_display = ("id", "group", "created_by", "uses", "max_uses", "expires_at")
    list_filter = ("expires_at",)
    list_select_related = ("group", "created_by")
    search_fields = ("=group__conversation__id", "group__name", "created_by__nickname", "=created_by__email")
    ordering = ("-id",)
    actions = ("revoke",)
    # A token is a key: who may read this page need not be let in by it.
    exclude = ("token",)

    @admin.action(description=_("Take the selected invitations back"), permissions=["moderate"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        def act(row: Invitation) -> None:
            invitations.revoke(group_id=row.group_id, invitation_id=row.pk)

        self.each(request, queryset, act, gettext("taken back"))
