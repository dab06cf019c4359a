"""What of messaging the roles may see and do."""

from typing import ClassVar

from django.db import migrations

from chatchat.roles import ADMINISTRATOR, MODERATOR, grant

BOTH = {
    "conversation": ["view_conversation"],
    "participant": ["view_participant"],
    "message": ["view_message", "recall_message"],
    "attachment": ["view_attachment"],
    "reaction": ["view_reaction"],
}


class Migration(migrations.Migration):
    dependencies: ClassVar = [("messaging", "0004_withheld"), ("accounts", "0004_roles")]
    operations: ClassVar = [grant("messaging", {MODERATOR: BOTH, ADMINISTRATOR: BOTH})]
