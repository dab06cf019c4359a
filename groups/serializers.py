"""What groups take in and give out."""

from typing import Any

from django.core.validators import MaxValueValidator
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.serializers import PersonSerializer
from chatchat.fields import IdField, LineField, TextField, TimeField
from groups.models import (
    INTRODUCTION_MAX,
    MESSAGE_MAX,
    NAME_MAX,
    TOKEN_MAX,
    Group,
    History,
    JoinPolicy,
    JoinRequest,
    Membership,
    Role,
)

EXPIRY_MAX = 30 * 24 * 3600  # seconds
EXPIRY_DEFAULT = 7 * 24 * 3600
USES_MAX = 1000

# --- what comes in --------------------------------------------------------------------------------


class FlagField(serializers.BooleanField):
    """True or false, and nothing that merely looks like one."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class CreateRequest(serializers.Serializer[Any]):
    name = LineField(maximum=NAME_MAX)
    introduction = LineField(minimum=0, maximum=INTRODUCTION_MAX, required=False)
    join_policy = serializers.ChoiceField(choices=JoinPolicy.choices, required=False)
    history = serializers.ChoiceField(choices=History.choices, required=False)


class EditRequest(serializers.Serializer[Any]):
    name = LineField(maximum=NAME_MAX, required=False)
    introduction = LineField(minimum=0, maximum=INTRODUCTION_MAX, required=False)
    join_policy = serializers.ChoiceField(choices=JoinPolicy.choices, required=False)
    history = serializers.ChoiceField(choices=History.choices, required=False)
    muted_all = FlagField(required=False)


class JoinRequestRequest(serializers.Serializer[Any]):
    invitation = TextField(max_length=TOKEN_MAX, required=False, allow_null=True, default=None)
    message = LineField(minimum=0, maximum=MESSAGE_MAX, required=False, default="")


class TransferRequest(serializers.Serializer[Any]):
    user = IdField()


class MemberRequest(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=[Role.ADMIN.word, Role.MEMBER.word], required=False)
    muted_until = serializers.DateTimeField(required=False, allow_null=True)

    def validate_role(self, value: str) -> Role:
        return Role[value.upper()]


class InvitationRequest(serializers.Serializer[Any]):
    expires_in = IdField(
        required=False,
        default=EXPIRY_DEFAULT,
        min_value=60,
        validators=[MaxValueValidator(EXPIRY_MAX)],
        help_text=_("seconds"),
    )
    max_uses = IdField(required=False, default=1, validators=[MaxValueValidator(USES_MAX)])


# --- what goes out --------------------------------------------------------------------------------


class RoleField(serializers.ChoiceField):
    """A role by its word."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=[role.word for role in Role], **kwargs)

    def to_representation(self, value: Any) -> Any:
        return Role(value).word


class GroupSerializer(serializers.Serializer[Any]):
    """A group; ``conversation``, ``owner`` and ``muted_all`` are null for who is not in it."""

    id = IdField(source="pk")
    conversation = IdField(source="pk", allow_null=True)
    name = serializers.CharField()
    introduction = serializers.CharField()
    join_policy = serializers.ChoiceField(choices=JoinPolicy.choices)
    history = serializers.ChoiceField(choices=History.choices)
    muted_all = serializers.BooleanField(allow_null=True)
    member_count = serializers.IntegerField()
    owner = PersonSerializer(allow_null=True)
    role = RoleField(source="viewer_role", allow_null=True)
    requested = serializers.BooleanField(source="viewer_asked")
    created_at = TimeField()

    def to_representation(self, instance: Group) -> dict[str, Any]:
        shape = super().to_representation(instance)
        if shape["role"] is None:
            shape |= {"conversation": None, "owner": None, "muted_all": None}
        return shape


class MemberSerializer(serializers.Serializer[Membership]):
    """A member of a group."""

    user = PersonSerializer()
    role = RoleField()
    muted_until = TimeField(allow_null=True)
    joined_at = TimeField()


class JoinRequestSerializer(serializers.Serializer[JoinRequest]):
    """Somebody who wants to join."""

    id = IdField()
    group = IdField(source="group_id")
    user = PersonSerializer()
    message = serializers.CharField()
    status = serializers.ChoiceField(choices=JoinRequest.Status.choices)
    created_at = TimeField()


class InvitationSerializer(serializers.Serializer[Any]):
    """An invitation; who has its token may join."""

    id = IdField()
    token = serializers.CharField()
    created_by = PersonSerializer()
    max_uses = serializers.IntegerField()
    uses = serializers.IntegerField()
    expires_at = TimeField()
    created_at = TimeField()


class InvitedSerializer(serializers.Serializer[Any]):
    """What an invitation's token leads to."""

    group = GroupSerializer()
    expires_at = TimeField()
