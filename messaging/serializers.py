"""Input of messaging's REST door, and its output's shapes for the schema."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from chatchat.fields import FlagField, IdField, TextField
from messaging.examples import CONVERSATION, MESSAGE, SEND, UNREAD, given, taken
from messaging.models import Conversation, Message, Notifications
from messaging.unread import COUNTED


@extend_schema_serializer(examples=[taken("send", SEND)])
class ClientIdField(serializers.UUIDField):
    """A UUID as a string; REST framework's own field would take any number for one."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid", value=data)
        return super().to_internal_value(data)


class SendRequest(serializers.Serializer[Any]):
    client_id = ClientIdField(help_text="Your own id for it: a retry with the same id is harmless.")
    kind = serializers.ChoiceField(choices=[("text", "text")], default="text")
    body = TextField(
        max_length=settings.MESSAGE_MAX_LENGTH, allow_blank=True, help_text="May be empty beside attachments."
    )
    reply_to = IdField(required=False, allow_null=True, default=None, help_text="The seq of a message here.")
    attachments = serializers.ListField(
        child=IdField(),
        default=list,
        max_length=settings.ATTACHMENTS_PER_MESSAGE,
        help_text="Ids of your uploads that were not sent yet, in the order in which they are shown.",
    )


@extend_schema_serializer(examples=[taken("edit", {"body": "后天见 👋"})])
class MessageEditRequest(serializers.Serializer[Any]):
    body = TextField(
        max_length=settings.MESSAGE_MAX_LENGTH, allow_blank=True, help_text="May be empty beside attachments."
    )


@extend_schema_serializer(examples=[taken("up to here", {"seq": 41})])
class SeqRequest(serializers.Serializer[Any]):
    seq = IdField()


@extend_schema_serializer(
    examples=[
        taken("pin", {"pinned": True}),
        taken("hear of mentions only", {"notifications": "mentions"}),
    ]
)
class PreferencesRequest(serializers.Serializer[Any]):
    pinned = FlagField(required=False)
    notifications = serializers.ChoiceField(choices=Notifications.choices, required=False)


@extend_schema_serializer(examples=[taken("up to here", {"conversation": 42, "seq": 41})])
class AckRequest(SeqRequest):
    conversation = IdField()


class UploadRequest(serializers.Serializer[Any]):
    file = serializers.FileField(allow_empty_file=True, max_length=None)


# --- output ---------------------------------------------------------------------------------------


class ThumbnailShape(serializers.Serializer[Any]):
    url = serializers.CharField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()


class AttachmentShape(serializers.Serializer[Any]):
    id = IdField()
    name = serializers.CharField(help_text="At most 255 bytes, without folders.")
    type = serializers.CharField(
        help_text="By its content; `application/octet-stream` for what is not known."
    )
    size = serializers.IntegerField()
    width = serializers.IntegerField(allow_null=True, help_text="Of pictures, in pixels.")
    height = serializers.IntegerField(allow_null=True)
    url = serializers.CharField()
    thumbnail = ThumbnailShape(allow_null=True, help_text="A WebP of at most 512 pixels a side.")


class SenderShape(serializers.Serializer[Any]):
    id = IdField()
    nickname = serializers.CharField()
    avatar = serializers.CharField(allow_null=True)


class ReactionShape(serializers.Serializer[Any]):
    emoji = serializers.CharField()
    count = serializers.IntegerField()
    users = serializers.ListField(child=IdField(), help_text="The first 20.")


@extend_schema_serializer(examples=[given("message", MESSAGE)])
class MessageShape(serializers.Serializer[Any]):
    seq = IdField()
    version = IdField()
    sender = SenderShape(allow_null=True, help_text="None: the system.")
    kind = serializers.ChoiceField(choices=Message.Kind.choices)
    body = serializers.CharField()
    data = serializers.DictField(  # type: ignore[assignment]  # the wire's word, and a property of serializers
        help_text="Of the system's lines: `event` and whom it concerns; `mentions`, `attachments`."
    )
    reply_to = IdField(allow_null=True)
    reactions = ReactionShape(many=True)
    client_id = serializers.UUIDField(allow_null=True)
    sent_at = serializers.DateTimeField()
    edited_at = serializers.DateTimeField(allow_null=True)
    recalled_at = serializers.DateTimeField(allow_null=True)


class ReceiptShape(serializers.Serializer[Any]):
    user = IdField()
    delivered_seq = serializers.IntegerField()
    read_seq = serializers.IntegerField()


class SilencedShape(serializers.Serializer[Any]):
    until = serializers.DateTimeField()
    reason = serializers.CharField()


@extend_schema_serializer(examples=[given("conversation", CONVERSATION)])
class ConversationShape(serializers.Serializer[Any]):
    id = IdField()
    kind = serializers.ChoiceField(choices=Conversation.Kind.choices)
    title = serializers.CharField()
    avatar = serializers.CharField(allow_null=True)
    peer = SenderShape(allow_null=True, help_text="The other person of a direct conversation.")
    first_seq = IdField(help_text="The first message that you may see.")
    last_seq = serializers.IntegerField()
    last_version = serializers.IntegerField()
    delivered_seq = serializers.IntegerField()
    read_seq = serializers.IntegerField()
    unread = serializers.IntegerField()
    last_message = MessageShape(allow_null=True, help_text="Its body shortened to 100 characters.")
    muted = serializers.BooleanField(help_text="A moderator has muted you for a time.")
    muted_until = serializers.DateTimeField(allow_null=True, help_text="Until then.")
    silenced = SilencedShape(
        allow_null=True, help_text="A moderator of the site has stopped you from writing anywhere."
    )
    may_send = serializers.BooleanField()
    may_moderate = serializers.BooleanField(help_text="You may recall others' messages and mute them.")
    pinned = serializers.BooleanField(help_text="You want it to stand first in your list.")
    notifications = serializers.ChoiceField(
        choices=Notifications.choices, help_text="Of which messages you want to be notified."
    )
    receipts = ReceiptShape(many=True)


@extend_schema_serializer(examples=[given("page", {"results": [CONVERSATION], "next": None})])
class ConversationPageShape(serializers.Serializer[Any]):
    results = ConversationShape(many=True)
    next = serializers.CharField(allow_null=True)


@extend_schema_serializer(examples=[given("page", {"results": [MESSAGE], "has_more": True})])
class MessagePageShape(serializers.Serializer[Any]):
    results = MessageShape(many=True)
    has_more = serializers.BooleanField()


@extend_schema_serializer(
    examples=[given("page", {"conversation": 42, "messages": [MESSAGE], "next": 57, "complete": True})]
)
class SyncPageShape(serializers.Serializer[Any]):
    conversation = IdField()
    messages = MessageShape(many=True)
    next = serializers.IntegerField(help_text="Pass it as `after`.")
    complete = serializers.BooleanField()


class OfflineMessageShape(serializers.Serializer[Any]):
    conversation = IdField()
    message = MessageShape()


@extend_schema_serializer(
    examples=[given("page", {"results": [{"conversation": 42, "message": MESSAGE}], "next": None})]
)
class OfflinePageShape(serializers.Serializer[Any]):
    results = OfflineMessageShape(many=True)
    next = serializers.CharField(allow_null=True)


@extend_schema_serializer(
    examples=[given("page", {"results": [{"conversation": 42, "message": MESSAGE}], "next": "118320"})]
)
class FoundPageShape(serializers.Serializer[Any]):
    results = OfflineMessageShape(many=True)
    next = serializers.CharField(
        allow_null=True, help_text="Pass it as `cursor` to look further back; null: that was all there is."
    )


@extend_schema_serializer(examples=[given("markers", {"delivered_seq": 41, "read_seq": 41, "unread": 0})])
class MarkersShape(serializers.Serializer[Any]):
    delivered_seq = serializers.IntegerField()
    read_seq = serializers.IntegerField()
    unread = serializers.IntegerField()


class UnreadMessageShape(serializers.Serializer[Any]):
    seq = IdField()
    sender = SenderShape(allow_null=True, help_text="None: the system.")
    counted = serializers.BooleanField()
    reason = serializers.ChoiceField(choices=[(reason, reason) for reason in COUNTED])
    number = serializers.IntegerField(allow_null=True, help_text="The how-manieth of the counted ones it is.")
    sent_at = serializers.DateTimeField()


@extend_schema_serializer(examples=[given("a badge that says 2", UNREAD)])
class UnreadShape(serializers.Serializer[Any]):
    conversation = IdField()
    unread = serializers.IntegerField(help_text="What the badge says: `last_ordinal` less `read_ordinal`.")
    read_seq = serializers.IntegerField(help_text="Your read marker.")
    read_ordinal = serializers.IntegerField(help_text="How many of people's messages there are up to it.")
    last_seq = serializers.IntegerField()
    last_ordinal = serializers.IntegerField(help_text="How many of people's messages there are in all.")
    first_seq = IdField(help_text="The first message that you may see.")
    results = UnreadMessageShape(many=True)
    next = serializers.IntegerField(allow_null=True, help_text="Pass it as `after`; null: that was all.")
