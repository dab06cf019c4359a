"""The page addresses of messaging that need no script; the chat's own are in ``chatchat.urls``."""

from django.urls import path

from messaging import plain

urlpatterns = [
    path("plain/", plain.conversations, name="plain"),
    path("plain/search/", plain.found, name="plain-search"),
    path("plain/<id:conversation>/", plain.conversation, name="plain-conversation"),
]
