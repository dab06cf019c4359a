#!/usr/bin/env python3
"""What `make run` does before it serves: migrate, collect static files, make the demo (DEMO=0: none).

One process for all of it, since most of the time goes into starting Django.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatchat.settings")


def main() -> int:
    import django
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import call_command
    from django.db.utils import OperationalError

    try:
        django.setup()
        call_command("migrate", interactive=False, verbosity=0)
        collect_static()
        demo = os.environ.get("DEMO", "1") != "0"
        if demo:
            call_command("demo")
        # The chat can sign people in there without a demo too; whom to play comes with it.
        call_command("oauth_provider_demo", client_only=not demo)
    except ImproperlyConfigured as error:
        print(f"\nThe configuration is not complete: {error}", file=sys.stderr)
        return 1
    except OperationalError as error:
        print(f"\nThe database does not answer as it should: {error}\n", file=sys.stderr)
        print("Is the address in DATABASE_URL right, and the server running?", file=sys.stderr)
        return 1
    return 0


def collect_static() -> None:
    """Collect the static files, if one of ours or the locked packages changed since the last time."""
    from django.conf import settings
    from django.core.management import call_command

    stamp = Path(settings.STATIC_ROOT) / ".collected"
    sources = [ROOT / "requirements" / "embedded.txt", *(ROOT / "static").rglob("*")]
    newest = max(path.stat().st_mtime for path in sources)
    if not stamp.exists() or stamp.stat().st_mtime < newest:
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)
        stamp.touch()


if __name__ == "__main__":
    sys.exit(main())
