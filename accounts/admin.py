"""People, their sessions and what was revoked, for moderators: found, read, acted on through services."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts import devices, find, people_deeds, recordadmin
from accounts.audit import AuditEvent
from accounts.deeds import Deed, DeedsAdmin, Order, ReasonedAdmin, ReasonedForm
from accounts.models import Binding, Identity, Revocation, Session, User
from accounts.services import staff
from chatchat.adminlists import number, prefix


class ReadOnly(DeedsAdmin):
    """Rows that change by what people do, and by deeds, never by hand."""

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def person_link(user: User | None) -> SafeString | str:
    """A person, as a link to their page."""
    if user is None:
        return "–"
    url = reverse("admin:accounts_user_change", args=(user.pk,))
    return format_html('<a href="{}">{} <span class="quiet">#{}</span></a>', url, user.nickname, user.pk)


class PersonForm(ReasonedForm):
    class Meta:
        model = User
        fields = ("nickname", "introduction", "language")


class StandingFilter(admin.SimpleListFilter):
    """Who is banned, silenced or on the staff; each is an index of its own, by which the list is ordered."""

    title = _("standing")
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, Any]]:
        return (("banned", _("banned")), ("silenced", _("may not write")), ("staff", _("staff")))

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        wanted: dict[str, dict[str, Any]] = {
            "banned": {"banned_at__isnull": False},
            "silenced": {"silenced_until__isnull": False},
            "staff": {"is_staff": True},
        }
        return queryset.filter(**wanted.get(self.value() or "", {}))


@admin.register(User)
class UserAdmin(ReasonedAdmin):
    form = PersonForm
    change_form_template = "admin/accounts/user/change_form.html"
    list_display = ("id", "nickname", "email", "created_at", "standing")
    list_display_links = ("id", "nickname")
    list_filter = (StandingFilter,)
    search_help_text = _("An id, a whole e-mail address, or how the nickname begins.")
    fields = (
        ("id", "email"),
        ("nickname", "language"),
        "introduction",
        "avatar",
        ("created_at", "last_login", "deleted_at"),
        ("banned_at", "banned_until", "ban_reason"),
        ("silenced_until", "silence_reason"),
        "role",
        "reason",
    )
    fixed = (
        *("id", "email", "avatar", "created_at", "last_login", "deleted_at", "role"),
        *("banned_at", "banned_until", "ban_reason", "silenced_until", "silence_reason"),
    )
    deeds = people_deeds.DEEDS

    def order_of(self, request: HttpRequest) -> Sequence[str]:
        term = request.GET.get("q", "").strip()
        if term and number(term) is None and "@" not in term.strip("@"):
            return ("nickname", "pk")
        standing = request.GET.get("standing")
        return {"banned": ("-banned_at", "-pk"), "silenced": ("-silenced_until", "-pk")}.get(
            standing or "", ("-pk",)
        )

    def find(self, request: HttpRequest, queryset: QuerySet[Any], term: str) -> QuerySet[Any]:
        if self.order_of(request)[0] == "nickname":
            return queryset.filter(prefix("nickname", term))
        return queryset.filter(pk__in=find.ids(term))

    @admin.display(description=_("standing"))
    def standing(self, row: User) -> Any:
        words = [
            (row.deleted_at, _("deleted")),
            (row.banned_at, _("banned")),
            (row.silenced_until, _("may not write")),
            (row.is_superuser or None, _("superuser")),
            (row.is_staff or None, _("staff")),
        ]
        return next((word for so, word in words if so is not None), "")

    @admin.display(description=_("role"))
    def role(self, row: User) -> Any:
        return people_deeds.ROLE_WORDS[staff.role_of(row)]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        gone = isinstance(obj, User) and obj.deleted_at is not None
        return (*self.fixed, "nickname", "introduction", "language") if gone else self.fixed

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        writable = self.has_change_permission(request, obj)
        return self.fields if writable else [one for one in self.fields if one != "reason"]

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        gone = isinstance(obj, User) and obj.deleted_at is not None
        return super().has_change_permission(request, obj) and not gone

    def put_right(self, row: User, order: Order, words: dict[str, Any]) -> None:
        staff.edit_profile(user=row, by=order.by, reason=order.reason, **words)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        extra: dict[str, Any] = {}
        if object_id and request.method == "GET" and request.user.has_perm("accounts.view_auditevent"):
            shown = recordadmin.shown_to(request, AuditEvent.objects.filter(subject=number(object_id)))
            extra["history"] = shown.select_related("actor").order_by("-pk")[:10]
        return super().changeform_view(request, object_id, form_url, {**extra, **(extra_context or {})})


def _end(session: Session, order: Order) -> None:
    staff.end_session(user_id=session.user_id, session_id=session.pk, by=order.by, reason=order.reason)


def _unlink(identity: Identity, order: Order) -> None:
    staff.unlink(user_id=identity.user_id, identity_id=identity.pk, by=order.by, reason=order.reason)


class OfPeople(ReadOnly):
    """Rows of a person's, found by them."""

    list_select_related: ClassVar[tuple[str, ...]] = ("user",)
    lookups = frozenset({"user__id__exact"})
    search_help_text = _("A person: an id, a whole e-mail address, or how the nickname begins.")

    def find(self, request: HttpRequest, queryset: QuerySet[Any], term: str) -> QuerySet[Any]:
        return queryset.filter(user__in=find.ids(term))

    @admin.display(description=_("person"))
    def person(self, row: Any) -> Any:
        return person_link(row.user)


@admin.register(Session)
class SessionAdmin(OfPeople):
    list_display = ("id", "person", "device_name", "ip", "created_at", "last_seen_at", "revoked_at")
    search_help_text = _("A person (id, e-mail address, how the nickname begins), or a whole IP address.")
    exclude = ("refresh_jti",)
    lookups = frozenset({"user__id__exact", "ip__exact"})
    deeds = (
        Deed(
            "end",
            _("Sign out of this device"),
            "accounts.change_session",
            _end,
            _("Signed out."),
            _("The tokens, the page and the sockets of this sign-in end at once. They may sign in again."),
            fits=lambda row: row.revoked_at is None,
        ),
    )

    @admin.display(description=_("device"))
    def device_name(self, row: Session) -> str:
        return devices.describe(row.device).name

    def find(self, request: HttpRequest, queryset: QuerySet[Any], term: str) -> QuerySet[Any]:
        if (address := recordadmin.address(term)) is not None:
            return queryset.filter(ip=address)
        return super().find(request, queryset, term)


@admin.register(Identity)
class IdentityAdmin(OfPeople):
    list_display = ("id", "person", "provider", "nickname", "issuer", "subject", "created_at", "last_used_at")
    deeds = (
        Deed(
            "unlink",
            _("Unlink"),
            "accounts.change_identity",
            _unlink,
            _("Unlinked."),
            _("They cannot sign in with it any more. They may link it again themselves."),
        ),
    )


@admin.register(Binding)
class BindingAdmin(ReadOnly):
    list_display = ("id", "provider", "nickname", "issuer", "subject", "tries", "expires_at")
    exclude = ("token", "browser")
    search_help_text = _("An id.")


@admin.register(Revocation)
class RevocationAdmin(OfPeople):
    list_display = ("id", "kind", "person", "session_id", "conversation_id", "reason", "created_at")


admin.site.register(AuditEvent, recordadmin.RecordAdmin)
