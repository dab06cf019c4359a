"""The REST addresses of messaging."""

from django.urls import URLPattern, path

from messaging import views
from messaging.attachments import views as attachments

urlpatterns: list[URLPattern] = [
    path("conversations", views.ConversationsView.as_view()),
    path("conversations/<id:conversation>", views.ConversationView.as_view()),
    path("conversations/<id:conversation>/messages", views.MessagesView.as_view()),
    path("conversations/<id:conversation>/messages/<id:seq>", views.MessageView.as_view()),
    path(
        "conversations/<id:conversation>/messages/<id:seq>/reactions/<str:emoji>",
        views.ReactionView.as_view(),
    ),
    path("conversations/<id:conversation>/read", views.ReadView.as_view()),
    path("conversations/<id:conversation>/unread", views.UnreadView.as_view()),
    path("conversations/<id:conversation>/sync", views.SyncView.as_view()),
    path("attachments", attachments.AttachmentsView.as_view()),
    path("attachments/<id:attachment>", attachments.AttachmentView.as_view()),
    path("attachments/<id:attachment>/thumbnail", attachments.ThumbnailView.as_view()),
    path("messages/search", views.SearchView.as_view()),
    path("offline", views.OfflineView.as_view()),
    path("offline/ack", views.OfflineAckView.as_view()),
]
