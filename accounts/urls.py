"""The REST addresses of accounts."""

from django.urls import path

from accounts.views import auth, sessions, third_party, users

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
    path("auth/third-party", third_party.ProvidersView.as_view()),
    path("auth/third-party/bind", third_party.BindView.as_view()),
    path("auth/third-party/identities", third_party.IdentitiesView.as_view()),
    path("auth/third-party/identities/<id:pk>", third_party.OneIdentityView.as_view()),
    path("auth/third-party/<slug:provider>/login", third_party.LoginView.as_view()),
    path(
        "auth/third-party/<slug:provider>/callback",
        third_party.CallbackView.as_view(),
        name="third-party-callback",
    ),
    path("auth/third-party/<slug:provider>/password", third_party.PasswordView.as_view()),
    path("auth/third-party/<slug:provider>/link", third_party.LinkView.as_view()),
    path("users", users.PeopleView.as_view()),
    path("users/me", users.MeView.as_view()),
    path("users/me/avatar", users.AvatarView.as_view()),
    path("users/<id:pk>", users.PersonView.as_view()),
]
