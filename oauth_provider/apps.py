from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OAuthProviderConfig(AppConfig):
    name = "oauth_provider"
    verbose_name = _("Meridian ID (simulated third party)")
