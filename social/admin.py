"""Requests, friendships and blocks for moderators: found, read, acted on through services."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from messaging.admin import ReadOnly
from social import services
from social.models import Block, FriendRequest, Friendship, Pair


@admin.register(FriendRequest)
class FriendRequestAdmin(ReadOnly):
    list_display = ("id", "sender", "recipient", "greeting", "status", "created_at", "answered_at")
    list_filter = ("status", "created_at")
    list_select_related = ("sender", "recipient")
    search_fields = (
        "=id",
        "sender__nickname",
        "=sender__email",
        "recipient__nickname",
        "=recipient__email",
        "greeting",
    )
    ordering = ("-id",)
    actions = ("cancel",)
    exclude = ("pair",)

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("social.change_friendrequest")

    @admin.action(description=_("Cancel the selected requests"), permissions=["cancel"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[FriendRequest]) -> None:
        def act(row: FriendRequest) -> None:
            services.cancel(user_id=row.sender_id, request_id=row.pk)

        self.each(request, queryset, act, gettext("cancelled"))


@admin.register(Friendship)
class FriendshipAdmin(ReadOnly):
    list_display = ("id", "user", "friend", "remark", "conversation_id", "created_at")
    list_filter = ("created_at",)
    list_select_related = ("user", "friend")
    search_fields = ("user__nickname", "=user__email", "friend__nickname", "=friend__email")
    ordering = ("-id",)
    actions = ("end",)

    def has_end_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("social.change_friendship")

    @admin.action(description=_("End the selected friendships"), permissions=["end"])
    def end(self, request: HttpRequest, queryset: QuerySet[Friendship]) -> None:
        def act(row: Friendship) -> None:
            services.unfriend(user_id=row.user_id, friend_id=row.friend_id)

        self.each(request, queryset, act, gettext("ended"))


@admin.register(Block)
class BlockAdmin(ReadOnly):
    list_display = ("id", "blocker", "blocked", "created_at")
    list_filter = ("created_at",)
    list_select_related = ("blocker", "blocked")
    search_fields = ("blocker__nickname", "=blocker__email", "blocked__nickname", "=blocked__email")
    ordering = ("-id",)


@admin.register(Pair)
class PairAdmin(ReadOnly):
    list_display = ("key",)
    search_fields = ("=key",)
    ordering = ("key",)
