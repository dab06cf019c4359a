"""Argon2, a few at a time."""

import os
from threading import BoundedSemaphore

from django.contrib.auth.hashers import Argon2PasswordHasher

# One hash takes 100 MiB and a core: a thousand logins at once wait for their turn instead of for memory.
_turns = BoundedSemaphore(max(2, os.cpu_count() or 2))


class BoundedArgon2(Argon2PasswordHasher):
    """Django's, with its parameters and format; as many at once as there are cores."""

    def encode(self, password: str, salt: str) -> str:
        with _turns:
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with _turns:
            return super().verify(password, encoded)
