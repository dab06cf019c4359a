"""The admin's own doors: login and password change keep to the rules of accounts."""

from typing import Any, cast

from django.contrib.admin import AdminSite
from django.contrib.admin.forms import AdminAuthenticationForm, AdminPasswordChangeForm
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts import chart, pages
from accounts.authentication import PAGE_SESSION_KEY
from accounts.limits import limit_login
from accounts.models import AuditEvent, User, normalise_email
from accounts.services import passwords, record
from chatchat import glance
from chatchat.errors import ChatError

#: Entries of the record on the start page.
LATELY = 8


class LoginForm(AdminAuthenticationForm):
    """Counts tries as every other login does."""

    def clean(self) -> dict[str, Any]:
        email = normalise_email(self.cleaned_data.get("username") or "")
        if self.request is not None and email:
            try:
                limit_login(self.request, email=email)
            except ChatError as error:
                raise ValidationError(str(error.message)) from None
        try:
            return super().clean()
        except ValidationError:
            record.login_failed(User.objects.filter(email=email).first(), email=email)
            raise


class PasswordView(PasswordChangeView):
    """Ends every other session, as changing the password does elsewhere."""

    def form_valid(self, form: Any) -> HttpResponse:
        user = User.objects.get(pk=cast(User, self.request.user).pk)
        try:
            passwords.change(
                user=user,
                session_id=self.request.session[PAGE_SESSION_KEY],
                password=form.cleaned_data["new_password1"],
                current_password=form.cleaned_data["old_password"],
            )
        except ChatError as error:
            form.add_error(None, str(error.message))
            return self.form_invalid(form)
        pages.keep_signed_in(self.request, user)
        return HttpResponseRedirect(str(self.success_url))


class Site(AdminSite):
    """The moderators' and operators' door."""

    site_title = _("chatchat")
    site_header = _("chatchat: moderation and operation")
    index_title = _("At a glance")
    login_form = LoginForm

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The start page: what there is at a glance, for whoever may read the record."""
        extra: dict[str, Any] = {}
        if request.user.has_perm("accounts.view_auditevent"):
            seen = glance.glance()
            lately = AuditEvent.objects.filter(security=False).select_related("actor", "subject")
            extra = {
                "glance": seen,
                "chart": chart.chart(seen.get("hours", [])),
                "versions": glance.versions(),
                "lately": lately.order_by("-pk")[:LATELY],
            }
        return super().index(request, {**extra, **(extra_context or {})})

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        request.current_app = self.name
        return PasswordView.as_view(
            form_class=AdminPasswordChangeForm,
            success_url=reverse("admin:password_change_done", current_app=self.name),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )(request)
