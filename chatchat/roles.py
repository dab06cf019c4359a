"""The two roles of who works in the admin, as groups of Django's with narrow permissions.

Each app says in a migration of its own which of its permissions a role gets. Migrations of every age
call ``grant``: what it does stays as it is.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db.migrations.operations import RunPython

MODERATOR: Final = "moderator"
ADMINISTRATOR: Final = "administrator"

#: {role: {model: codenames}}
Granted = Mapping[str, Mapping[str, Sequence[str]]]


def grant(app_label: str, granted: Granted) -> RunPython:
    """An operation that gives the roles these permissions of an app, whether or not they exist already.

    Django makes permissions after all migrations have run; what it finds then, it leaves as it is.
    """

    def forwards(apps: Any, schema_editor: Any) -> None:
        alias = schema_editor.connection.alias
        role, kind, permission = (
            apps.get_model(*name).objects.using(alias)
            for name in (("auth", "Group"), ("contenttypes", "ContentType"), ("auth", "Permission"))
        )
        for name, models in granted.items():
            group, _made = role.get_or_create(name=name)
            for model, codenames in models.items():
                of, _made = kind.get_or_create(app_label=app_label, model=model)
                for codename in codenames:
                    found, _made = permission.get_or_create(
                        content_type=of, codename=codename, defaults={"name": f"Can {codename}"}
                    )
                    group.permissions.add(found)

    def backwards(apps: Any, schema_editor: Any) -> None:
        alias = schema_editor.connection.alias
        groups = apps.get_model("auth", "Group").objects.using(alias).filter(name__in=granted)
        permissions = apps.get_model("auth", "Permission").objects.using(alias)
        for group in groups:
            group.permissions.remove(*permissions.filter(content_type__app_label=app_label))

    return RunPython(forwards, backwards)
