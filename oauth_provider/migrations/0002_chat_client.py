"""The chat's client, without a secret that anybody knows and without an address to return to."""

from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import migrations


def make_client(apps: Any, schema_editor: Any) -> None:
    apps.get_model("oauth_provider", "Client").objects.get_or_create(
        client_id="chatchat",
        defaults={
            "name": "chatchat",
            "client_type": "confidential",
            "authorization_grant_type": "authorization-code",
            "algorithm": "RS256",
            "client_secret": make_password(None),
            "redirect_uris": "",
        },
    )


class Migration(migrations.Migration):
    dependencies = [("oauth_provider", "0001_initial")]

    operations = [migrations.RunPython(make_client, migrations.RunPython.noop)]
