"""The page addresses of social."""

from django.urls import path

from social import pages

urlpatterns = [
    path("account/blocked/", pages.blocked, name="account-blocked"),
    path("account/blocked/<id:user>/unblock/", pages.unblock, name="account-unblock"),
]
