"""The page addresses of groups."""

from django.urls import path

from groups import pages

urlpatterns = [path("invite/<str:token>/", pages.invite, name="invite")]
