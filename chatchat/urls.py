"""The addresses of all doors."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path, register_converter
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from chatchat import pages
from chatchat.api import IdConverter
from messaging.pages import chat

register_converter(IdConverter, "id")

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path(
        "api/docs/",
        SpectacularSwaggerSplitView.as_view(url_name="schema", template_name="chatchat/api_docs.html"),
        name="api-docs",
    ),
    path("", pages.welcome, name="welcome"),
    path("favicon.ico", pages.favicon),
    re_path(r"^docs/(?P<name>[a-z0-9-]+)/$", pages.document, name="document"),
    path("", include("accounts.page_urls")),
    path("", include("groups.page_urls")),
    path("", include("social.page_urls")),
    path("", include("messaging.page_urls")),
    path("chat/", chat, name="chat"),
    path("chat/<id:conversation>/", chat, name="chat-conversation"),
    # The texts of the pages' scripts; the language is in the address, so that it may be cached.
    path("strings/<str:language>.js", pages.strings, name="strings"),
    path("media/", include("accounts.media_urls")),
    *([path("provider/", include("oauth_provider.urls"))] if settings.OAUTH_PROVIDER else []),
    path("api/v1/", include("accounts.urls")),
    path("api/v1/", include("social.urls")),
    path("api/v1/", include("groups.urls")),
    path("api/v1/", include("messaging.urls")),
]
handler400 = "chatchat.api.bad_request"
handler404 = "chatchat.api.not_found"
handler500 = "chatchat.api.server_error"
