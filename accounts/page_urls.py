"""The page addresses of accounts."""

from django.urls import path

from accounts import account_pages, page_views, third_party_pages

urlpatterns = [
    path("login/", page_views.login, name="login"),
    path("logout/", page_views.logout, name="logout"),
    path("register/", page_views.register, name="register"),
    path("password/", page_views.password, name="password"),
    path("account/", account_pages.profile, name="account"),
    path("account/avatar/", account_pages.avatar, name="account-avatar"),
    path("account/avatar/remove/", account_pages.remove_avatar, name="account-avatar-remove"),
    path("account/sign-in/", third_party_pages.ways_in, name="account-sign-in"),
    path("account/password/", account_pages.password, name="account-password"),
    path("account/email/", account_pages.email, name="account-email"),
    path("account/devices/", account_pages.signed_in_devices, name="account-devices"),
    path("account/devices/<id:pk>/end/", account_pages.end_device, name="account-device-end"),
    path("account/devices/end-others/", account_pages.end_other_devices, name="account-devices-end"),
    path("account/notifications/", account_pages.notifications, name="account-notifications"),
    path("account/delete/", account_pages.delete, name="account-delete"),
    path("account/identities/<id:pk>/unlink/", third_party_pages.unlink, name="identity-unlink"),
    path("third-party/bind/", third_party_pages.bind, name="third-party-bind"),
    path("third-party/<slug:provider>/", third_party_pages.leave, name="third-party-login"),
    path("third-party/<slug:provider>/link/", third_party_pages.link, name="third-party-link"),
    path("language/", page_views.language, name="language"),
    path("dev/mail/", page_views.dev_mail, name="dev-mail"),
]
