"""Every setting, read from the environment; the table in README.md names them all.

With nothing set this is the embedded stack: SQLite, everything in memory, one process, mail kept
and shown. A secret has no default anywhere else: what is missing is named and the server stays down.
"""

import hmac
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import django_stubs_ext
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from chatchat import storages
from chatchat.environment import env, keep_once
from chatchat.fuse import Fuse
from chatchat.limits import *  # noqa: F403 - settings, all of them
from chatchat.limits import ATTACHMENT_MAX_BYTES
from chatchat.observability import *  # noqa: F403

# So that ModelAdmin[User] and its like may be written at runtime too.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))
VAR_DIR.mkdir(parents=True, exist_ok=True)

DATABASE_URL = env.str("DATABASE_URL", default="")
REDIS_URL = env.str("REDIS_URL", default="")
#: No services named: the stack that one command starts on a laptop.
EMBEDDED = not DATABASE_URL.startswith(("mysql", "mariadb")) and not REDIS_URL

DEBUG = env.bool("DEBUG", default=False)
HOST = env.str("HOST", default="127.0.0.1" if EMBEDDED else "0.0.0.0")  # noqa: S104 - behind a proxy
PORT = env.int("PORT", default=8000)
#: How long what was accepted may take once the process is told to stop.
DRAIN_SECONDS = env.float("DRAIN_SECONDS", default=10)
#: How many of a process's requests are worked on at once, each by a thread with a database connection.
REQUEST_THREADS = env.int("REQUEST_THREADS", default=20)
#: Mail is kept and shown at /dev/mail/ instead of being sent.
DEV_MAIL = env.bool("DEV_MAIL", default=EMBEDDED)


def _secret_key() -> str:
    """Of the environment; the embedded stack makes its own once and keeps it."""
    given: str = env.str("SECRET_KEY", default="")
    if given:
        if len(given) < 32:
            raise ImproperlyConfigured("SECRET_KEY is too short: 32 characters at least")
        return given
    if not EMBEDDED:
        raise ImproperlyConfigured("SECRET_KEY is not set: outside the embedded stack it has no default")
    kept = VAR_DIR / "secret_key"
    if not kept.exists():
        from django.core.management.utils import get_random_secret_key

        keep_once(kept, get_random_secret_key())
    key: str = kept.read_text()
    return key


def _derived_secret(purpose: str) -> str:
    """64 hexadecimal digits that whoever has SECRET_KEY can make again (RFC 2104)."""
    return hmac.new(SECRET_KEY.encode(), purpose.encode(), "sha256").hexdigest()


SECRET_KEY = _secret_key()
if EMBEDDED:
    ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
else:
    ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[])
    if not ALLOWED_HOSTS:
        raise ImproperlyConfigured("ALLOWED_HOSTS is not set: name the hosts that this server answers for")
#: Where people reach the site, for links in mails: https://chat.example.com
SITE_URL = env.str("SITE_URL", default=f"http://localhost:{PORT}").rstrip("/")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    # It brings the development server, and with it Twisted, which nothing else needs.
    *(["daphne"] if sys.argv[1:2] == ["runserver"] else []),
    "accounts.apps.AdminConfig",  # django.contrib.admin, with our own site
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "servestatic.runserver_nostatic",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "oauth2_provider",
    "oauth_provider",
    "chatchat",
    "accounts",
    "messaging",
    "social",
    "groups",
]

MIDDLEWARE = [
    "chatchat.middleware.content_policy",
    "chatchat.telemetry.probes.middleware",
    "chatchat.telemetry.requests.middleware",
    "chatchat.middleware.measured_bodies",
    "chatchat.origin.remembered",
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.middleware.AuthenticationMiddleware",
    "accounts.middleware.LimitRequests",
    "oauth_provider.middleware.ProviderMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "chatchat.middleware.RefusalMiddleware",
]

ROOT_URLCONF = "chatchat.urls"
ASGI_APPLICATION = "chatchat.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "libraries": {"modules": "chatchat.statics"},
        },
    }
]

# --- what is kept ------------------------------------------------------------------------------


def _database() -> dict[str, Any]:
    url = DATABASE_URL or f"sqlite:///{VAR_DIR / 'chatchat.sqlite3'}"
    config: dict[str, Any] = dict(env.db_url_config(url.replace("mariadb://", "mysql://", 1)))
    if config["ENGINE"] == "django.db.backends.sqlite3":
        config["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 3,  # for another process: those of this one take turns, see chatchat.db
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
        }
    else:
        if password := env.str("DATABASE_PASSWORD", default=""):
            config["PASSWORD"] = password  # which has a file of its own, and need not be quoted for a URL
        config["ENGINE"] = "chatchat.mysql"
        config["OPTIONS"] = {
            "charset": "utf8mb4",
            "isolation_level": "read committed",
            "connect_timeout": 2,  # also what the server's first word may take
            "init_command": "SET sql_mode='STRICT_TRANS_TABLES', innodb_lock_wait_timeout=10",
        }
        config["TEST"] = {"CHARSET": "utf8mb4"}
    # The threads that keep connections are few, and one that broke meanwhile is noticed when it is needed.
    return config | {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"
MEDIA_ROOT = VAR_DIR / "media"
MEDIA_URL = "/media/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(VAR_DIR / "static")))
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "chatchat.statics.StaticStorage"},
    "attachments": storages.attachments(
        env.str("ATTACHMENTS_URL", default=""),
        var=VAR_DIR,
        key=env.str("AWS_ACCESS_KEY_ID", default=""),
        secret=env.str("AWS_SECRET_ACCESS_KEY", default=""),
    ),
}
SERVESTATIC_USE_FINDERS = DEBUG

# --- what carries: Redis holds nothing that cannot be lost -----------------------------------------

if REDIS_URL:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": "chatchat",
            "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 2, "retry": Fuse()},
        }
    }
    CHANNEL_LAYERS: dict[str, Any] = {
        "default": {"BACKEND": "chatchat.realtime.layers.RedisLayer", "CONFIG": {"url": REDIS_URL}}
    }
else:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            # Of the default, 300, codes and counts would be thrown out while they still count.
            "OPTIONS": {"MAX_ENTRIES": 200_000},
        }
    }
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
if _layer := env.str("CHANNEL_LAYER", default=""):  # such as Channels' own
    CHANNEL_LAYERS = {
        "default": {"BACKEND": _layer, "CONFIG": {"hosts": [REDIS_URL]} if REDIS_URL else {}},
    }

# --- mail ----------------------------------------------------------------------------------------

EMAIL_URL = env.str("EMAIL_URL", default="")
if DEV_MAIL and not EMAIL_URL:
    EMAIL_BACKEND = "accounts.devmail.KeepMail"
elif EMAIL_URL:
    vars().update(env.email_url_config(EMAIL_URL))
else:
    raise ImproperlyConfigured("EMAIL_URL is not set: smtp://user:password@host:port, or set DEV_MAIL=1")
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="chatchat <no-reply@localhost>")

# --- who is who ----------------------------------------------------------------------------------

PASSWORD_HASHERS = [
    "accounts.hashers.BoundedArgon2",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=30),
    "ISSUER": "chatchat",
    "ALGORITHM": "HS256",
    "USER_ID_CLAIM": "sub",
}
SESSION_COOKIE_NAME = "chatchat_session"
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 30 * 24 * 3600
CSRF_COOKIE_NAME = "chatchat_csrf"
CSRF_FAILURE_VIEW = "chatchat.api.csrf_failure"
LOGIN_URL = "/login/"

# --- third parties ---------------------------------------------------------------------------------

#: Whether the simulated third party, /provider/, is there.
OAUTH_PROVIDER = env.bool("OAUTH_PROVIDER", default=True)
#: What its client, which is us, is known by there.
OAUTH_PROVIDER_CLIENT_SECRET = env.str("OAUTH_PROVIDER_CLIENT_SECRET", default="") or _derived_secret(
    "oauth_provider"
)
#: {id: what accounts.third_party.Provider holds}: those through which people may sign in.
THIRD_PARTY: dict[str, Any] = env.json("THIRD_PARTY", default={}) or (
    {
        "meridian": {
            "name": "Meridian",
            "issuer": f"{SITE_URL}/provider",
            "client_id": "chatchat",
            "client_secret": OAUTH_PROVIDER_CLIENT_SECRET,
            "password": True,
        }
    }
    if OAUTH_PROVIDER
    else {}
)

#: An RSA key in PEM, which signs ID tokens; where none is given one is made once and kept in VAR_DIR.
OAUTH_PROVIDER_KEY = env.str("OAUTH_PROVIDER_KEY", default="", multiline=True)
#: The confidential clients that may exchange a person's password for tokens.
OAUTH_PROVIDER_PASSWORD_CLIENTS = env.list("OAUTH_PROVIDER_PASSWORD_CLIENTS", default=["chatchat"])
SECURE = env.bool("SECURE", default=not EMBEDDED)
OAUTH2_PROVIDER: dict[str, Any] = {
    "OAUTH2_VALIDATOR_CLASS": "oauth_provider.validator.Validator",
    "OAUTH2_BACKEND_CLASS": "oauth_provider.core.Core",
    "OIDC_SERVER_CLASS": "oauth_provider.core.Server",
    "OIDC_ENABLED": True,
    "OIDC_ISS_ENDPOINT": f"{SITE_URL}/provider",
    "OIDC_RSA_PRIVATE_KEY": "kept by oauth_provider.keys",
    "SCOPES": {"openid": "", "profile": "", "email": ""},  # worded in oauth_provider.conf
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"] if SECURE else ["http", "https"],
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "AUTHORIZATION_CODE_EXPIRE_SECONDS": 60,
    "ACCESS_TOKEN_EXPIRE_SECONDS": 3600,
    "ID_TOKEN_EXPIRE_SECONDS": 3600,
    "REFRESH_TOKEN_EXPIRE_SECONDS": 30 * 24 * 3600,
    "APPLICATION_ADMIN_CLASS": "oauth_provider.admin.ClientAdmin",
    "GRANT_ADMIN_CLASS": "oauth_provider.admin.GrantAdmin",
    "ACCESS_TOKEN_ADMIN_CLASS": "oauth_provider.admin.AccessTokenAdmin",
    "REFRESH_TOKEN_ADMIN_CLASS": "oauth_provider.admin.RefreshTokenAdmin",
    "ID_TOKEN_ADMIN_CLASS": "oauth_provider.admin.HiddenAdmin",
    # All of RFC 9700 but the password grant's end: that is for the listed clients.
    **dict.fromkeys(
        (
            "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT",
            "COMPLIANT_BCP_RFC9700_PKCE_METHOD",
            "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT",
            "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS",
            "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE",
            "COMPLIANT_BCP_RFC9700_REFRESH_TOKEN",
            "COMPLIANT_BCP_RFC9700_REDIRECT_URI_SCHEME",
            "COMPLIANT_BCP_RFC9700_REDIRECT_URI_MATCHING",
            "COMPLIANT_BCP_RFC9700_PKCE_REQUIRED",
        ),
        True,
    ),
}
OAUTH2_PROVIDER_APPLICATION_MODEL = "oauth_provider.Client"
OAUTH2_PROVIDER_GRANT_MODEL = "oauth_provider.Grant"
OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL = "oauth_provider.AccessToken"  # noqa: S105 - a model
OAUTH2_PROVIDER_REFRESH_TOKEN_MODEL = "oauth_provider.RefreshToken"  # noqa: S105 - a model
OAUTH2_PROVIDER_ID_TOKEN_MODEL = "oauth_provider.IDToken"  # noqa: S105 - a model
OAUTH2_PROVIDER_DEVICE_GRANT_MODEL = "oauth_provider.DeviceGrant"

# --- the REST door -------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.BearerAuthentication",
        "accounts.authentication.PageSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["chatchat.api.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["chatchat.api.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "chatchat.api.exception_handler",
    "DATETIME_FORMAT": "%Y-%m-%dT%H:%M:%S.%fZ",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "chatchat",
    "DESCRIPTION": "A self-hosted chat backend: the REST door.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "RoleEnum": ["owner", "admin", "member"],
        "GrantedRoleEnum": ["admin", "member"],
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "chatchat.openapi.add_refusals",
    ],
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
#: Of any request: a little more than the biggest file.
BODY_MAX_BYTES = max(ATTACHMENT_MAX_BYTES, 5 * 1024 * 1024) + 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# --- limits -----------------------------------------------------------------------------------------

RATELIMIT_FAIL_OPEN = False
SILENCED_SYSTEM_CHECKS = [
    # LocMem counts exactly within the embedded stack's one process; a test counts along.
    "django_ratelimit.E003",
    # RedisCache's incr is Redis's own INCRBY, which is atomic; the check knows only older backends.
    "django_ratelimit.W001",
    # The password grant, for the listed clients alone; the flag would refuse it to those too.
    "oauth2_provider.W002",
]

# --- language and time -------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_NAME = "chatchat_language"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

# --- transport security --------------------------------------------------------------------------------

if SECURE:
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=365 * 24 * 3600)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
#: Addresses and networks of our reverse proxies, and "unix": whose X-Forwarded-* are believed.
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=[])
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
