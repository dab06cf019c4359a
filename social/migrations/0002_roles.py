"""What of social the roles may see and do: who is whose friend, and who blocks whom, is not for moderators."""

from typing import ClassVar

from django.db import migrations

from chatchat.roles import ADMINISTRATOR, MODERATOR, grant

MODERATORS = {"friendrequest": ["view_friendrequest", "change_friendrequest"]}
ADMINISTRATORS = {
    **MODERATORS,
    "friendship": ["view_friendship", "change_friendship"],
    "block": ["view_block"],
    "pair": ["view_pair"],
}


class Migration(migrations.Migration):
    dependencies: ClassVar = [("social", "0001_initial"), ("accounts", "0004_roles")]
    operations: ClassVar = [grant("social", {MODERATOR: MODERATORS, ADMINISTRATOR: ADMINISTRATORS})]
