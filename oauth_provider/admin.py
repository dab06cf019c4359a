"""Meridian's people, clients, grants and tokens, for whoever runs the simulation. No secret is ever shown."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.hashers import make_password
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from chatchat.text import check_encodable
from oauth_provider import services
from oauth_provider.models import Client, Consent, Person, normalised_login


class _Shown(admin.ModelAdmin[Any]):
    show_full_result_count = False
    list_per_page = 50

    def has_module_permission(self, request: HttpRequest) -> bool:
        return settings.OAUTH_PROVIDER and super().has_module_permission(request)


class _ReadOnly(_Shown):
    """Rows come and go with what people and clients do."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class PasswordForm(forms.Form):
    password = forms.CharField(
        label=_("New password"),
        min_length=10,
        max_length=services.MAX_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("The same again"),
        max_length=services.MAX_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("password") and cleaned.get("again") and cleaned["password"] != cleaned["again"]:
            self.add_error("again", _("The two passwords are not the same."))
        return cleaned


class PersonForm(forms.ModelForm[Person]):
    class Meta:
        model = Person
        fields = ("login", "nickname", "email", "email_verified", "is_active")

    def clean_login(self) -> str:
        login = normalised_login(self.cleaned_data["login"])
        if not login:
            raise forms.ValidationError(_("2 to 32 letters a to z, digits, dots, hyphens."))
        return login

    def clean_nickname(self) -> str:
        nickname: str = self.cleaned_data["nickname"]
        check_encodable(nickname, field="nickname")
        return nickname


@admin.register(Person)
class PersonAdmin(_Shown):
    form = PersonForm
    list_display = ("login", "nickname", "email", "is_active", "created_at")
    list_filter = ("is_active", "created_at")
    search_fields = ("login", "nickname", "email", "=subject")
    ordering = ("login",)
    readonly_fields = ("subject", "avatar", "created_at", "credentials_changed_at")
    change_form_template = "oauth_provider/admin/person.html"

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.is_superuser and super().has_delete_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Person, form: Any, change: bool) -> None:
        if not change:
            obj.password = make_password(None)  # nobody signs in until one is set
        super().save_model(request, obj, form, change)
        if change and "is_active" in form.changed_data:
            services.set_active(person=obj, active=obj.is_active)

    def get_urls(self) -> list[URLPattern]:
        own = path(
            "<path:object_id>/password/",
            self.admin_site.admin_view(self.password),
            name="oauth_provider_person_password",
        )
        return [own, *super().get_urls()]

    def password(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A new password; the old one's sessions and tokens end."""
        person: Any = self.get_object(request, unquote(object_id))
        if not self.has_change_permission(request, person):
            raise PermissionDenied
        if person is None:
            raise Http404
        form = PasswordForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            services.set_password(person=person, password=form.cleaned_data["password"])
            self.log_change(request, person, str(_("Password changed.")))
            self.message_user(request, _("Password changed."), messages.SUCCESS)
            return HttpResponseRedirect(reverse("admin:oauth_provider_person_change", args=[person.pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": _("New password"),
            "subtitle": str(person),
            "form": form,
            "opts": self.opts,
            "original": person,
        }
        return TemplateResponse(request, "oauth_provider/admin/password.html", context)


class ClientForm(forms.ModelForm[Client]):
    new_secret = forms.CharField(
        label=_("New client secret"),
        required=False,
        min_length=32,
        max_length=255,
        help_text=_("Stored hashed and never shown again; leave empty to keep the present one."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    class Meta:
        model = Client
        fields = (
            "client_id",
            "name",
            "client_type",
            "authorization_grant_type",
            "redirect_uris",
            "post_logout_redirect_uris",
            "allowed_origins",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields.get("authorization_grant_type")
        if field is not None:
            offered = {Client.GRANT_AUTHORIZATION_CODE, Client.GRANT_CLIENT_CREDENTIALS}
            field.choices = [choice for choice in Client.GRANT_TYPES if choice[0] in offered]


class ClientAdmin(_Shown):
    form = ClientForm
    list_display = ("client_id", "name", "client_type", "authorization_grant_type", "created")
    list_filter = ("client_type", "authorization_grant_type")
    search_fields = ("client_id", "name", "redirect_uris")
    ordering = ("client_id",)
    view_on_site = False  # django-oauth-toolkit has a page for it, which is not served here

    def save_model(self, request: HttpRequest, obj: Client, form: Any, change: bool) -> None:
        if form.cleaned_data.get("new_secret"):
            obj.client_secret = form.cleaned_data["new_secret"]
        obj.algorithm = Client.RS256_ALGORITHM
        obj.hash_client_secret = True
        super().save_model(request, obj, form, change)


class GrantAdmin(_ReadOnly):
    list_display = ("id", "user", "application", "scope", "created", "expires", "used_at")
    list_select_related = ("user", "application")
    search_fields = ("user__login", "user__nickname", "application__client_id", "application__name")
    ordering = ("-id",)
    fields = ("user", "application", "scope", "redirect_uri", "created", "expires", "used_at")


class AccessTokenAdmin(_ReadOnly):
    list_display = ("id", "user", "application", "scope", "created", "expires")
    list_select_related = ("user", "application")
    search_fields = ("user__login", "user__nickname", "application__client_id", "application__name")
    ordering = ("-id",)
    fields = ("user", "application", "scope", "created", "expires")


class RefreshTokenAdmin(_ReadOnly):
    list_display = ("id", "user", "application", "scope", "created", "revoked")
    list_filter = (("revoked", admin.EmptyFieldListFilter),)
    list_select_related = ("user", "application")
    search_fields = ("user__login", "user__nickname", "application__client_id", "application__name")
    ordering = ("-id",)
    fields = ("user", "application", "scope", "auth_time", "created", "revoked")


class HiddenAdmin(_ReadOnly):
    """ID tokens are not kept: there is nothing to see."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Consent)
class ConsentAdmin(_ReadOnly):
    list_display = ("id", "person", "client", "scope", "given_at")
    list_select_related = ("person", "client")
    search_fields = ("person__login", "person__nickname", "client__client_id", "client__name")
    ordering = ("-id",)
    actions = ("withdraw",)

    def has_withdraw_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("oauth_provider.change_consent")

    @admin.action(description=_("Take back, with every token"), permissions=["withdraw"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Consent]) -> None:
        for consent in queryset.select_related("person", "client"):
            services.withdraw(person=consent.person, client_id=consent.client_id)
            self.log_change(request, consent, str(_("Taken back.")))
            self.message_user(request, f"{consent}: {_('Taken back.')}")
