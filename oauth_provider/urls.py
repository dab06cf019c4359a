"""Below /provider/."""

from django.urls import path, re_path

from oauth_provider.views import authorize, endpoints, pages

app_name = "oauth_provider"
urlpatterns = [
    path("", pages.home, name="home"),
    path("login/", pages.login, name="login"),
    path("sign-out/", pages.sign_out, name="sign-out"),
    path("applications/", pages.applications, name="applications"),
    path("language/", pages.language, name="language"),
    re_path(r"^avatars/(?P<name>[0-9a-z]{1,16})\.png$", pages.avatar, name="avatar"),
    path("authorize", authorize.authorize, name="authorize"),
    path("consent", authorize.consent, name="consent"),
    path("token", endpoints.token, name="token"),
    path("revoke", endpoints.revoke, name="revoke"),
    path("introspect", endpoints.introspect, name="introspect"),
    path("userinfo", endpoints.userinfo, name="userinfo"),
    path("jwks", endpoints.jwks, name="jwks"),
    path("logout", pages.logout, name="logout"),
    path(".well-known/openid-configuration", endpoints.discovery, name="discovery"),
    re_path(r"^(?P<rest>.*)$", pages.missing, name="missing"),
]
