"""The REST addresses of social."""

from django.urls import path

from social import views

urlpatterns = [
    path("friend-requests", views.FriendRequestsView.as_view()),
    path("friend-requests/<id:pk>", views.FriendRequestView.as_view()),
    path("friend-requests/<id:pk>/accept", views.AcceptView.as_view()),
    path("friend-requests/<id:pk>/reject", views.RejectView.as_view()),
    path("friends", views.FriendsView.as_view()),
    path("friends/<id:user>", views.FriendView.as_view()),
    path("blocks", views.BlocksView.as_view()),
    path("blocks/<id:user>", views.BlockView.as_view()),
]
