"""Passwords that cost nothing to hash."""

from accounts.hashers import BoundedArgon2


class CheapArgon2(BoundedArgon2):
    time_cost = 1
    memory_cost = 8
    parallelism = 1
