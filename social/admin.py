"""Requests, friendships and blocks for moderators: found, read, acted on through services."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts import find
from accounts.admin import ReadOnly
from accounts.deeds import Deed
from chatchat.adminlists import conversation_number
from social import moderation
from social.models import Block, FriendRequest, Friendship, Pair


class OfTwo(ReadOnly):
    """Rows that name two people, found by either."""

    sides: tuple[str, str]
    search_help_text = _("A person: an id, a whole e-mail address, or how the nickname begins.")

    def find(self, request: HttpRequest, queryset: QuerySet[Any], term: str) -> QuerySet[Any]:
        ids = find.ids(term)
        one, other = self.sides
        return queryset.filter(Q(**{f"{one}__in": ids}) | Q(**{f"{other}__in": ids}))


@admin.register(FriendRequest)
class FriendRequestAdmin(OfTwo):
    sides = ("sender", "recipient")
    list_display = ("id", "sender", "recipient", "greeting", "status", "created_at", "answered_at")
    list_select_related = sides
    exclude = ("pair",)
    deeds = (
        Deed(
            "cancel",
            _("Cancel"),
            "social.change_friendrequest",
            lambda row, order: moderation.cancel(request=row, by=order.by, reason=order.reason),
            _("Cancelled."),
            _("The request is gone for both, as if its sender had taken it back. They may ask again."),
            fits=lambda row: row.status == FriendRequest.Status.PENDING,
        ),
    )


@admin.register(Friendship)
class FriendshipAdmin(OfTwo):
    sides = ("user", "friend")
    list_display = ("id", "user", "friend", "remark", conversation_number, "created_at")
    list_select_related = sides
    deeds = (
        Deed(
            "end",
            _("End the friendship"),
            "social.change_friendship",
            lambda row, order: moderation.end(friendship=row, by=order.by, reason=order.reason),
            _("Ended."),
            _("The two cannot write to each other any more. They may become friends again themselves."),
        ),
    )


@admin.register(Block)
class BlockAdmin(OfTwo):
    sides = ("blocker", "blocked")
    list_display = ("id", "blocker", "blocked", "created_at")
    list_select_related = sides


@admin.register(Pair)
class PairAdmin(ReadOnly):
    list_display = ("key",)
    search_help_text = _("Two ids with a colon between them, the lower first.")

    def find(self, request: HttpRequest, queryset: QuerySet[Any], term: str) -> QuerySet[Any]:
        return queryset.filter(pk=term[:41])
