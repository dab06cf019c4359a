"""What groups take in and give out."""

from typing import Any

from django.core.validators import MaxValueValidator
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from accounts.serializers import PersonSerializer
from chatchat.fields import FlagField, IdField, LineField, NoteField, TextField, TimeField
from groups.models import (
    ANNOUNCEMENT_MAX,
    INTRODUCTION_MAX,
    MESSAGE_MAX,
    NAME_MAX,
    TOKEN_MAX,
    Group,
    History,
    Invitation,
    JoinPolicy,
    JoinRequest,
    Membership,
    Role,
)

EXPIRY_MAX = 30 * 24 * 3600  # seconds
EXPIRY_DEFAULT = 7 * 24 * 3600
USES_MAX = 1000

# --- what comes in --------------------------------------------------------------------------------


class CreateRequest(serializers.Serializer[Any]):
    name = LineField(maximum=NAME_MAX)
    introduction = LineField(minimum=0, maximum=INTRODUCTION_MAX, required=False)
    join_policy = serializers.ChoiceField(choices=JoinPolicy.choices, required=False)
    history = serializers.ChoiceField(choices=History.choices, required=False)


class EditRequest(serializers.Serializer[Any]):
    name = LineField(maximum=NAME_MAX, required=False)
    introduction = LineField(minimum=0, maximum=INTRODUCTION_MAX, required=False)
    announcement = NoteField(
        maximum=ANNOUNCEMENT_MAX, required=False, help_text="For members; may have lines."
    )
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


def invitation_url(request: Request, token: str) -> str:
    """The address of the page on which an invitation is taken, as whoever asks reaches this site."""
    return request.build_absolute_uri(reverse("invite", args=[token]))


# --- what goes out --------------------------------------------------------------------------------


#: Of a group, what is nobody else's business.
MEMBERS_ONLY = ("conversation", "owner", "announcement", "muted_all")


class RoleField(serializers.ChoiceField):
    """A role by its word."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=[role.word for role in Role], **kwargs)

    def to_representation(self, value: Any) -> Any:
        return Role(value).word


class GroupSerializer(serializers.Serializer[Any]):
    """A group; what only members may know is null for who is not in it, what only admins may for members."""

    id = IdField(source="pk")
    conversation = IdField(source="pk", allow_null=True)
    name = serializers.CharField()
    avatar = serializers.CharField(allow_null=True)
    introduction = serializers.CharField()
    announcement = serializers.CharField(allow_null=True)
    join_policy = serializers.ChoiceField(choices=JoinPolicy.choices)
    history = serializers.ChoiceField(choices=History.choices)
    muted_all = serializers.BooleanField(allow_null=True)
    member_count = serializers.IntegerField()
    owner = PersonSerializer(allow_null=True)
    role = RoleField(source="viewer_role", allow_null=True)
    requested = serializers.BooleanField(source="viewer_asked")
    waiting = serializers.IntegerField(
        allow_null=True, help_text="How many ask to be let in; for the owner and admins."
    )
    created_at = TimeField()

    def to_representation(self, instance: Group) -> dict[str, Any]:
        shape = super().to_representation(instance)
        if shape["role"] is None:
            shape |= dict.fromkeys(MEMBERS_ONLY)
        if shape["role"] not in {Role.OWNER.word, Role.ADMIN.word}:
            shape["waiting"] = None
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
    url = serializers.SerializerMethodField(help_text="Of the page where people join.")
    created_by = PersonSerializer()
    max_uses = serializers.IntegerField()
    uses = serializers.IntegerField()
    expires_at = TimeField()
    created_at = TimeField()

    @extend_schema_field(serializers.URLField())
    def get_url(self, invitation: Invitation) -> str:
        return invitation_url(self.context["request"], invitation.token)


class InvitedSerializer(serializers.Serializer[Any]):
    """What an invitation's token leads to."""

    group = GroupSerializer()
    invited_by = PersonSerializer()
    expires_at = TimeField()
