from django.apps import AppConfig
from django.contrib.admin import apps as admin
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Accounts")
    default = True

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_out
        from django.core import checks

        from accounts import figures, pages, schema, third_party  # noqa: F401 - the schema's extensions register themselves
        from accounts.services import bans, retention, silences
        from chatchat import policies

        user_logged_out.connect(pages.end_with_logout)
        policies.glance.register(figures.glance)
        policies.tidy.register(bans.lift_what_is_over)
        policies.tidy.register(silences.forget_what_is_over)
        policies.tidy.register(retention.remove_what_is_over)
        checks.register(third_party.check)


class AdminConfig(admin.AdminConfig):
    """The admin, with doors that keep to the rules of accounts."""

    default_site = "accounts.adminsite.Site"
    default = False
