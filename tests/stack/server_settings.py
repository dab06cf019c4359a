"""The settings of the servers under test: the product's own, but that a password costs them nothing."""

from chatchat.settings import *  # noqa: F403

PASSWORD_HASHERS = ["tests.stack.hashing.CheapArgon2"]
