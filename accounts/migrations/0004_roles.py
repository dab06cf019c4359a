"""The roles, and what of accounts they may see and do."""

from typing import ClassVar

from django.db import migrations

from chatchat.roles import ADMINISTRATOR, MODERATOR, grant

MODERATORS = {
    "user": ["view_user", "change_user", "moderate_user"],
    "session": ["view_session", "change_session"],
    "auditevent": ["view_auditevent"],
}
ADMINISTRATORS = {
    "user": [*MODERATORS["user"], "appoint_user", "erase_user"],
    "session": MODERATORS["session"],
    "auditevent": ["view_auditevent", "view_security", "export_auditevent"],
    "identity": ["view_identity", "change_identity"],
    "binding": ["view_binding"],
    "revocation": ["view_revocation"],
}


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("accounts", "0003_moderation"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations: ClassVar = [grant("accounts", {MODERATOR: MODERATORS, ADMINISTRATOR: ADMINISTRATORS})]
