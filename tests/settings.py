"""The settings under test: the product's own, on a stack of this test process's own.

The stack is chosen as everywhere, by DATABASE_URL and REDIS_URL; `scripts/services.py` starts
throw-away servers and sets them. Each pytest-xdist worker gets a database, a Redis server and a
`VAR_DIR` that no other one touches. The environment set here is also what server processes that
tests start inherit (see `tests/stack/server.py`).
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
WORKER_NUMBER = int(WORKER.removeprefix("gw"))

STACK = "production" if os.environ.get("DATABASE_URL", "").startswith(("mysql", "mariadb")) else "embedded"

#: Which server the servers under test are: "uvicorn", as the product comes, or "daphne".
SERVER = os.environ.get("TEST_SERVER") or "uvicorn"

#: The dotted path of another channel layer than the product's own; "" is that.
LAYER = os.environ.get("CHANNEL_LAYER", "")

# In memory where there is such a place: nothing here must outlive the machine, only processes.
_shm = Path("/dev/shm")  # noqa: S108
RUN_DIR = Path(tempfile.mkdtemp(prefix="chatchat-", dir=_shm if os.access(_shm, os.W_OK) else None))
atexit.register(shutil.rmtree, RUN_DIR, ignore_errors=True)

os.environ["VAR_DIR"] = str(RUN_DIR)
os.environ["DEV_MAIL"] = "1"
os.environ["SECRET_KEY"] = "only-for-tests-" + "0123456789" * 4
os.environ["ALLOWED_HOSTS"] = "localhost,127.0.0.1,testserver"
os.environ["SECURE"] = "0"  # the tests speak plain http
# Everything that is ever logged is searched for what must not be (tests/canaries.py).
os.environ["LOG_LEVEL"], os.environ["LOG_FORMAT"] = "DEBUG", "json"
if STACK == "production":
    # Channels of Redis's publish/subscribe know no database numbers: each worker has a server.
    _redis_urls = os.environ.get("TEST_REDIS_URLS", os.environ.get("REDIS_URL", "")).split(",")
    if len(_redis_urls) <= WORKER_NUMBER or not _redis_urls[0]:
        raise RuntimeError(f"no Redis server for {WORKER}: run the tests under scripts/services.py")
    os.environ["REDIS_URL"] = _redis_urls[WORKER_NUMBER]

from chatchat.settings import *  # noqa: E402, F403
from chatchat.settings import LOGGING, STORAGES  # noqa: E402

# In this process a template's {% static %} needs no collected files; a server process has them.
STATIC_ROOT = RUN_DIR / "no-static"
STATIC_ROOT.mkdir()
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}

LOG_FILE = RUN_DIR / "log.jsonl"
LOGGING["handlers"]["console"] |= {"class": "logging.FileHandler", "filename": LOG_FILE, "delay": True}

# Argon2 as everywhere, at a thousandth of the price; a server process verifies it like any other.
PASSWORD_HASHERS = ["tests.stack.hashing.CheapArgon2"]
