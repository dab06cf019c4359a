"""Where attachments are kept, read from a URL; for the settings."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def attachments(url: str, *, var: Path, key: str = "", secret: str = "") -> dict[str, Any]:
    """Django's ``STORAGES["attachments"]``: a folder, or ``s3://bucket/prefix?endpoint=…&region=…``.

    Without keys the bucket's client looks where its library always looks.
    """
    parts = urlsplit(url)
    if parts.scheme in ("", "file"):
        location = Path(unquote(parts.path)) if parts.path else var / "attachments"
        return {
            "BACKEND": "messaging.attachments.storage.FolderStorage",
            "OPTIONS": {"location": location},
        }
    if parts.scheme != "s3" or not parts.netloc or parts.username is not None:
        raise ImproperlyConfigured(
            "ATTACHMENTS_URL is file:///a/folder or s3://bucket/prefix?endpoint=https://host&region=name; "
            "keys are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    given = dict(parse_qsl(parts.query))
    if unknown := set(given) - {"endpoint", "region"}:
        raise ImproperlyConfigured(f"ATTACHMENTS_URL: there is no {', '.join(sorted(unknown))}")
    return {
        "BACKEND": "messaging.attachments.bucket.BucketStorage",
        "OPTIONS": {
            "bucket_name": parts.netloc,
            "location": unquote(parts.path).strip("/"),
            "endpoint_url": given.get("endpoint"),
            "region_name": given.get("region"),
            "access_key": key or None,
            "secret_key": secret or None,
        },
    }
