"""What social takes in and gives out."""

from typing import Any

from rest_framework import serializers

from accounts.serializers import PersonSerializer
from chatchat.fields import IdField, LineField, TimeField
from social.models import GREETING_MAX, REMARK_MAX, FriendRequest

# --- what comes in --------------------------------------------------------------------------------


class AskRequest(serializers.Serializer[Any]):
    user = IdField()
    greeting = LineField(minimum=0, maximum=GREETING_MAX, required=False, default="")


class RemarkRequest(serializers.Serializer[Any]):
    remark = LineField(minimum=0, maximum=REMARK_MAX)


# --- what goes out --------------------------------------------------------------------------------


class FriendRequestSerializer(serializers.Serializer[Any]):
    """Who asks whom; ``conversation`` is set once it has become a friendship."""

    id = IdField()
    sender = PersonSerializer()
    recipient = PersonSerializer()
    greeting = serializers.CharField()
    status = serializers.ChoiceField(choices=FriendRequest.Status.choices)
    created_at = TimeField()
    conversation = IdField(source="conversation_id", allow_null=True)


class AcceptedSerializer(serializers.Serializer[Any]):
    """A new friend, and the conversation with them."""

    friend = PersonSerializer(source="sender")
    conversation = IdField(source="conversation_id")


class FriendSerializer(serializers.Serializer[Any]):
    """A friend, as one calls them, and the conversation with them."""

    friend = PersonSerializer()
    remark = serializers.CharField()
    conversation = IdField(source="conversation_id")
    created_at = TimeField()


class BlockSerializer(serializers.Serializer[Any]):
    """Whom one blocks."""

    user = PersonSerializer(source="blocked")
    created_at = TimeField()
