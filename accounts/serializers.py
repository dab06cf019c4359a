"""What accounts take in and give out."""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.fields import CodeField, EmailField, NewPasswordField, PasswordField
from accounts.models import INTRODUCTION_MAX, NICKNAME_MAX, Identity, Session, User, avatar_url
from accounts.services.codes import Purpose
from accounts.third_party import provider_name
from chatchat.fields import IdField, LineField, TextField, TimeField


def person(user: User) -> dict[str, Any]:
    """A person as every door shows them to others: ``{id, nickname, avatar}``."""
    return {"id": user.pk, "nickname": user.nickname, "avatar": avatar_url(user.avatar)}


# --- what comes in --------------------------------------------------------------------------------


class EmailCodeSerializer(serializers.Serializer[Any]):
    email = EmailField(help_text=_("change_email: the new address; change_password: the account's own."))
    purpose = serializers.ChoiceField(choices=[purpose.value for purpose in Purpose])


class RegisterSerializer(serializers.Serializer[Any]):
    email = EmailField()
    code = CodeField()
    password = NewPasswordField()
    nickname = LineField(maximum=NICKNAME_MAX)


class LoginSerializer(serializers.Serializer[Any]):
    email = EmailField()
    password = PasswordField()


class RefreshSerializer(serializers.Serializer[Any]):
    refresh = TextField(max_length=4096)


class PasswordResetSerializer(serializers.Serializer[Any]):
    email = EmailField()
    code = CodeField()
    password = NewPasswordField()


class PasswordChangeSerializer(serializers.Serializer[Any]):
    password = NewPasswordField()
    code = CodeField(required=False)
    current_password = PasswordField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("code" in attrs) == ("current_password" in attrs):
            raise serializers.ValidationError({"code": [_("Give either a code or the current password.")]})
        return attrs


class EmailChangeSerializer(serializers.Serializer[Any]):
    email = EmailField()
    code = CodeField()
    current_password = PasswordField(required=False)


class DeleteMeSerializer(serializers.Serializer[Any]):
    current_password = PasswordField(required=False)


class ProfileChangeSerializer(serializers.Serializer[Any]):
    nickname = LineField(maximum=NICKNAME_MAX, required=False)
    introduction = LineField(minimum=0, maximum=INTRODUCTION_MAX, required=False)
    language = serializers.ChoiceField(choices=settings.LANGUAGES, required=False)


class ThirdPartyPasswordSerializer(serializers.Serializer[Any]):
    username = TextField(max_length=255)
    password = PasswordField()


class BindSerializer(serializers.Serializer[Any]):
    bind_token = TextField(max_length=100)
    email = EmailField()
    code = CodeField()
    nickname = LineField(maximum=NICKNAME_MAX, required=False)


class LinkSerializer(serializers.Serializer[Any]):
    current_password = PasswordField(required=False)


class AvatarSerializer(serializers.Serializer[Any]):
    image = serializers.FileField(help_text=_("JPEG, PNG, WebP or GIF, at most 5 MiB."))


# --- what goes out --------------------------------------------------------------------------------


class PersonSerializer(serializers.Serializer[Any]):
    """A person, briefly."""

    id = IdField()
    nickname = serializers.CharField()
    avatar = serializers.SerializerMethodField()

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_avatar(self, user: User) -> str | None:
        return avatar_url(user.avatar)


class ProfileSerializer(PersonSerializer):
    """A person's public profile."""

    introduction = serializers.CharField()


class MeSerializer(ProfileSerializer):
    """A person, to themselves."""

    email = serializers.EmailField()
    language = serializers.CharField()
    created_at = TimeField()
    is_staff = serializers.BooleanField()


class SessionSerializer(serializers.Serializer[Any]):
    """A login on a device."""

    id = IdField()
    device = serializers.CharField()
    ip = serializers.CharField(allow_null=True)
    created_at = TimeField()
    last_seen_at = TimeField()
    current = serializers.SerializerMethodField()

    def get_current(self, session: Session) -> bool:
        return bool(session.pk == self.context.get("current"))


class CodeSentSerializer(serializers.Serializer[Any]):
    expires_in = serializers.IntegerField(help_text=_("seconds"))
    resend_in = serializers.IntegerField(help_text=_("seconds"))


class PairSerializer(serializers.Serializer[Any]):
    access = serializers.CharField()
    refresh = serializers.CharField()


class SignedInSerializer(PairSerializer):
    user = MeSerializer()


class ProviderSerializer(serializers.Serializer[Any]):
    """A third party through which one may sign in."""

    id = serializers.CharField()
    name = serializers.CharField()
    password = serializers.BooleanField(help_text="Whether it takes a login name and password from here.")


class ProviderListSerializer(serializers.Serializer[Any]):
    results = ProviderSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class VouchedForSerializer(serializers.Serializer[Any]):
    """What a third party says of somebody; nothing of it is believed but who it is."""

    nickname = serializers.CharField()
    avatar = serializers.CharField(allow_null=True)


class ToBindSerializer(serializers.Serializer[Any]):
    """Somebody who is not known here yet: they prove an e-mail address next."""

    bind_token = serializers.CharField()
    profile = VouchedForSerializer()


class IdentitySerializer(serializers.Serializer[Any]):
    """Somebody at a third party who signs in as this person."""

    id = IdField()
    provider = serializers.CharField()
    name = serializers.SerializerMethodField(help_text="The provider's.")
    nickname = serializers.CharField()
    created_at = TimeField()
    last_used_at = TimeField()

    @extend_schema_field(serializers.CharField())
    def get_name(self, identity: Identity) -> str:
        return provider_name(identity.provider)


class LinkedSerializer(serializers.Serializer[Any]):
    identity = IdentitySerializer()


class AuthorizationUrlSerializer(serializers.Serializer[Any]):
    authorization_url = serializers.CharField()


class WhoSerializer(serializers.Serializer[Any]):
    """What the credentials of this request say."""

    user = MeSerializer()
    session = SessionSerializer()
    scopes = serializers.ListField(child=serializers.CharField())
    issued_at = TimeField()
    expires_at = TimeField()
