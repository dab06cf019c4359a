"""The REST addresses of accounts."""

from django.urls import path

from accounts.views import auth, sessions, users

urlpatterns = [
    path("auth/email-codes", auth.EmailCodesView.as_view()),
    path("auth/register", auth.RegisterView.as_view()),
    path("auth/token", auth.TokenView.as_view()),
    path("auth/token/refresh", auth.RefreshView.as_view()),
    path("auth/session", sessions.SessionView.as_view()),
    path("auth/sessions", sessions.SessionsView.as_view()),
    path("auth/sessions/<id:pk>", sessions.OneSessionView.as_view()),
    path("auth/logout", sessions.LogoutView.as_view()),
    path("auth/password/reset", auth.PasswordResetView.as_view()),
    path("auth/password/change", auth.PasswordChangeView.as_view()),
    path("auth/email/change", auth.EmailChangeView.as_view()),
    path("users", users.PeopleView.as_view()),
    path("users/me", users.MeView.as_view()),
    path("users/me/avatar", users.AvatarView.as_view()),
    path("users/<id:pk>", users.PersonView.as_view()),
]
