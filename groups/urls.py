"""The REST addresses of groups."""

from django.urls import path

from groups.views import lifecycle, people

urlpatterns = [
    path("groups", lifecycle.GroupsView.as_view()),
    path("groups/<id:group>", lifecycle.GroupView.as_view()),
    path("groups/<id:group>/avatar", lifecycle.AvatarView.as_view()),
    path("groups/<id:group>/join", lifecycle.JoinView.as_view()),
    path("groups/<id:group>/leave", lifecycle.LeaveView.as_view()),
    path("groups/<id:group>/transfer", lifecycle.TransferView.as_view()),
    path("groups/<id:group>/members", people.MembersView.as_view()),
    path("groups/<id:group>/members/<id:user>", people.MemberView.as_view()),
    path("groups/<id:group>/join-requests", people.JoinRequestsView.as_view()),
    path("groups/<id:group>/join-requests/<id:pk>/approve", people.ApproveView.as_view()),
    path("groups/<id:group>/join-requests/<id:pk>/reject", people.RejectView.as_view()),
    path("groups/<id:group>/invitations", people.InvitationsView.as_view()),
    path("groups/<id:group>/invitations/<id:pk>", people.InvitationView.as_view()),
    path("invitations/<str:token>", people.InvitedView.as_view()),
    path("invitations/<str:token>/qr", people.QRView.as_view()),
]
