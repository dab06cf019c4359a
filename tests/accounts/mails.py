"""Reading the mails that were sent."""

import re

from accounts.devmail import kept
from tests.client import ApiClient, ok


def newest_code(email: str) -> str:
    """The code in the newest mail to this address."""
    found = re.search(r"(?<!\d)\d{6}(?!\d)", kept(email)[0]["text"])
    assert found, kept(email)[0]
    return found.group()


def mailed_code(client: ApiClient, email: str, purpose: str) -> str:
    """Ask for a code and read it."""
    ok(client.post("auth/email-codes", {"email": email, "purpose": purpose}), 202)
    return newest_code(email)


def another(code: str) -> str:
    """A code that is not this one."""
    return f"{(int(code) + 1) % 10**6:06d}"


def is_chinese(text: str) -> bool:
    """Whether there are Han characters in it."""
    return bool(re.search("[\u4e00-\u9fff]", text))
