"""What of groups the roles may see and do."""

from typing import ClassVar

from django.db import migrations

from chatchat.roles import ADMINISTRATOR, MODERATOR, grant

BOTH = {
    "group": ["view_group", "change_group", "moderate_group"],
    "dissolved": ["view_dissolved"],
    "membership": ["view_membership"],
    "joinrequest": ["view_joinrequest"],
    "invitation": ["view_invitation"],
}


class Migration(migrations.Migration):
    dependencies: ClassVar = [("groups", "0003_dissolved"), ("accounts", "0004_roles")]
    operations: ClassVar = [grant("groups", {MODERATOR: BOTH, ADMINISTRATOR: BOTH})]
