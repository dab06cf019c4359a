"""The page addresses of accounts."""

from django.urls import path

from accounts import page_views

urlpatterns = [
    path("login/", page_views.login, name="login"),
    path("logout/", page_views.logout, name="logout"),
    path("register/", page_views.register, name="register"),
    path("password/", page_views.password, name="password"),
    path("language/", page_views.language, name="language"),
    path("dev/mail/", page_views.dev_mail, name="dev-mail"),
]
