"""People, their sessions and what was revoked, for moderators: found, read, acted on through services."""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import Binding, Identity, Revocation, Session, User
from accounts.services import avatars, bans, deletion, profiles, sessions, third_party
from chatchat.errors import ChatError


class ThroughServices(admin.ModelAdmin[Any]):
    """Nothing is added or deleted by hand: rows come and go with what people do."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def each(self, request: HttpRequest, queryset: QuerySet[Any], act: Any, done: str) -> None:
        """Do ``act`` to each, on the record; who is refused is named."""
        for row in queryset:
            try:
                act(row)
            except ChatError as error:
                self.message_user(request, f"{row}: {error.message}", messages.ERROR)
            else:
                self.log_change(request, row, done)
                self.message_user(request, f"{row}: {done}")


class PersonForm(forms.ModelForm[User]):
    class Meta:
        model = User
        fields = ("nickname", "introduction", "language", "is_staff", "is_superuser", "groups")


@admin.register(User)
class UserAdmin(ThroughServices):
    form = PersonForm
    list_display = ("id", "nickname", "email", "created_at", "banned_at", "deleted_at", "is_staff")
    list_filter = ("is_staff", ("banned_at", admin.EmptyFieldListFilter), "created_at")
    search_fields = ("=id", "nickname", "=email")
    ordering = ("-id",)
    actions = ("ban", "unban", "remove_avatar", "sign_out", "erase")
    fields = (
        ("id", "email"),
        "nickname",
        "introduction",
        "avatar",
        "language",
        ("created_at", "last_login", "banned_at", "deleted_at"),
        ("is_staff", "is_superuser"),
        "groups",
    )
    filter_horizontal = ("groups",)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        fixed: tuple[str, ...] = (
            "id",
            "email",
            "avatar",
            "created_at",
            "last_login",
            "banned_at",
            "deleted_at",
        )
        if isinstance(obj, User) and obj.deleted_at is not None:
            return (*fixed, "nickname", "introduction", "language", "is_staff", "is_superuser", "groups")
        if not request.user.is_superuser:
            # Who may enter the admin, and what they may do there, is for superusers.
            fixed = (*fixed, "is_staff", "is_superuser", "groups")
        return fixed

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        changed = {name: form.cleaned_data[name] for name in form.changed_data}
        profile = {
            name: changed[name] for name in ("nickname", "introduction", "language") if name in changed
        }
        profiles.update(user=User.objects.get(pk=obj.pk), **profile)
        rights = {name: changed[name] for name in ("is_staff", "is_superuser") if name in changed}
        if rights and request.user.is_superuser:
            User.objects.filter(pk=obj.pk).update(**rights)

    @admin.action(description=_("Ban"), permissions=["change"])
    def ban(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        by = cast(User, request.user)
        self.each(request, queryset, lambda user: bans.ban_person(user_id=user.pk, by=by), str(_("Banned.")))

    @admin.action(description=_("Let in again"), permissions=["change"])
    def unban(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self.each(request, queryset, lambda user: bans.unban_person(user_id=user.pk), str(_("Let in again.")))

    @admin.action(description=_("Remove the avatar"), permissions=["change"])
    def remove_avatar(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self.each(request, queryset, lambda user: avatars.remove_avatar(user=user), str(_("Avatar removed.")))

    @admin.action(description=_("Sign out everywhere"), permissions=["change"])
    def sign_out(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self.each(
            request,
            queryset,
            lambda user: sessions.end_all(user_id=user.pk, reason="revoked"),
            str(_("Signed out.")),
        )

    @admin.action(description=_("Delete the account for good"), permissions=["erase"])
    def erase(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self.each(
            request,
            queryset.exclude(pk=cast(User, request.user).pk),
            lambda user: deletion.erase_person(user_id=user.pk),
            str(_("Account deleted.")),
        )

    def has_erase_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser


@admin.register(Session)
class SessionAdmin(ThroughServices):
    list_display = ("id", "user", "device", "ip", "created_at", "last_seen_at", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "created_at")
    list_select_related = ("user",)
    search_fields = ("=user__id", "user__nickname", "=user__email", "device", "=ip")
    ordering = ("-id",)
    actions = ("end",)
    exclude = ("refresh_jti",)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_end_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_session")

    @admin.action(description=_("End"), permissions=["end"])
    def end(self, request: HttpRequest, queryset: QuerySet[Session]) -> None:
        self.each(
            request,
            queryset,
            lambda session: sessions.end(user_id=session.user_id, session_id=session.pk),
            str(_("Ended.")),
        )


@admin.register(Identity)
class IdentityAdmin(ThroughServices):
    list_display = ("id", "user", "provider", "nickname", "issuer", "subject", "created_at", "last_used_at")
    list_filter = ("provider", "created_at")
    list_select_related = ("user",)
    search_fields = ("=id", "=user__id", "user__nickname", "=user__email", "nickname", "=subject")
    ordering = ("-id",)
    actions = ("unlink",)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_unlink_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_identity")

    @admin.action(description=_("Unlink"), permissions=["unlink"])
    def unlink(self, request: HttpRequest, queryset: QuerySet[Identity]) -> None:
        self.each(
            request,
            queryset,
            lambda identity: third_party.unlink(user_id=identity.user_id, identity_id=identity.pk),
            str(_("Unlinked.")),
        )


@admin.register(Binding)
class BindingAdmin(ThroughServices):
    list_display = ("id", "provider", "nickname", "issuer", "subject", "tries", "expires_at")
    list_filter = ("provider",)
    search_fields = ("=id", "nickname", "=subject")
    ordering = ("-id",)
    exclude = ("token", "browser")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Revocation)
class RevocationAdmin(ThroughServices):
    list_display = ("id", "kind", "user", "session_id", "conversation_id", "reason", "created_at")
    list_filter = ("kind", "reason", "created_at")
    list_select_related = ("user",)
    search_fields = ("=id", "=user__id", "user__nickname", "=user__email", "=session_id", "=conversation_id")
    ordering = ("-id",)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
