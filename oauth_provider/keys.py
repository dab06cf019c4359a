"""The key that signs ID tokens."""

import functools
import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from jwcrypto import jwk

from chatchat.environment import keep_once


@functools.cache
def signing_key() -> Any:
    """The RSA key as a JWK: of the environment, or else made once and kept beside the database."""
    pem = settings.OAUTH_PROVIDER_KEY or kept_key(Path(settings.VAR_DIR) / "oauth_provider_key.pem")
    return jwk.JWK.from_pem(pem.encode())


def kept_key(path: Path) -> str:
    """What ``path`` holds; a new key where there is none. Of two processes at once, one key wins."""
    if not path.exists():
        keep_once(path, _new_key())
    return path.read_text()


def _new_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def public_keys() -> list[dict[str, Any]]:
    """The JSON Web Key Set that verifies what ``signing_key`` signed."""
    key = signing_key()
    public: dict[str, Any] = json.loads(key.export_public())
    return [public | {"alg": "RS256", "use": "sig", "kid": key.thumbprint()}]
