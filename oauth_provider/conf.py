"""What the provider is called, where it is, and what it lets through."""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

BRAND: Final = "Meridian"
#: Everything of the provider is below this path, its cookies too.
MOUNT: Final = "/provider/"
SESSION_COOKIE: Final = "meridian_session"
CSRF_COOKIE: Final = "meridian_csrf"
LANGUAGE_COOKIE: Final = "meridian_language"
SESSION_AGE: Final = timedelta(days=7)

REFRESH_TOKEN_AGE: Final = timedelta(days=30)
#: A code that is replayed within this time ends what it issued.
USED_CODE_MEMORY: Final = timedelta(days=1)

#: The chat's client, made by a migration; the relying party names it.
CHAT_CLIENT_ID: Final = "chatchat"
CALLBACK_PATH: Final = "/api/v1/auth/third-party/meridian/callback"

#: Characters. What is longer is refused before anything looks at it.
MAX_PARAMETER: Final = 2048
MAX_PARAMETERS: Final = 40
MAX_STATE: Final = 1024
MAX_NONCE: Final = 255
MAX_BODY: Final = 16 * 1024  # bytes

#: What a person may let a client see, in words for the consent page.
SCOPES: Final[dict[str, str | Promise]] = {
    "openid": _("Know that it is you when you come back"),
    "profile": _("See your nickname and your picture"),
    "email": _("See your e-mail address"),
}


def issuer() -> str:
    """The issuer identifier: no trailing slash, exactly as in every ``iss``."""
    return f"{settings.SITE_URL}{MOUNT.rstrip('/')}"
