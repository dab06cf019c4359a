"""The page addresses of accounts."""

from django.urls import path

from accounts import page_views, third_party_pages

urlpatterns = [
    path("login/", page_views.login, name="login"),
    path("logout/", page_views.logout, name="logout"),
    path("register/", page_views.register, name="register"),
    path("password/", page_views.password, name="password"),
    path("account/", third_party_pages.account, name="account"),
    path("account/identities/<id:pk>/unlink/", third_party_pages.unlink, name="identity-unlink"),
    path("third-party/bind/", third_party_pages.bind, name="third-party-bind"),
    path("third-party/<slug:provider>/", third_party_pages.leave, name="third-party-login"),
    path("third-party/<slug:provider>/link/", third_party_pages.link, name="third-party-link"),
    path("language/", page_views.language, name="language"),
    path("dev/mail/", page_views.dev_mail, name="dev-mail"),
]
