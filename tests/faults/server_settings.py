"""The settings of the servers on which things break: the product's own, but that a password costs nothing,
that a token outlives a clock which is hours off, and that a mutant may be put in place."""

from datetime import timedelta

from tests.stack.server_settings import *  # noqa: F403
from tests.stack.server_settings import INSTALLED_APPS, SIMPLE_JWT

INSTALLED_APPS += ["tests.faults.mutants.Mutants"]

# Only what expires looks at a clock: with the product's 15 minutes a server three hours ahead would let
# nobody in, and there would be nothing to see of how it orders, pages and delivers.
SIMPLE_JWT |= {"ACCESS_TOKEN_LIFETIME": timedelta(days=1), "LEEWAY": timedelta(hours=4)}
