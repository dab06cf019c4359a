"""The demo people, and whether they are here. `manage.py demo` makes them, only when asked to."""

from dataclasses import dataclass

from django.contrib.auth import get_user_model

PASSWORD = "chatchat-demo"  # noqa: S105 - of people who do not exist, on a machine that asked for them


@dataclass(frozen=True)
class Person:
    """Somebody to be made: ``key`` is their name in the scripts of what they say."""

    key: str
    nickname: str
    introduction: str
    language: str = "en"
    admin: bool = False

    @property
    def email(self) -> str:
        return f"{self.key}@example.com"


@dataclass(frozen=True)
class Login:
    """Who one may sign in as."""

    nickname: str
    email: str
    password: str
    admin: bool


PEOPLE = (
    Person("alice", "Alice", "Releases things on Thursdays. 正在学中文。"),
    Person("bob", "Bob", "Databases, dashboards, bread."),
    Person("carol", "Carol", "Writes the pages that you find when you need them."),
    Person("dave", "Dave", "breaks it before you do"),
    Person("xiaoming", "小明", "后端工程师，爱爬山。", "zh-hans"),
    Person("lilei", "李雷", "总是晚五分钟。", "zh-hans"),
    Person("hanmeimei", "韩梅梅", "读书、摄影、拉面。", "zh-hans"),
    Person("wangfang", "王芳", "两个孩子的妈妈，周末都在路上。", "zh-hans"),
    Person("admin", "Admin", "Looks after this server.", admin=True),
)


def logins() -> list[Login]:
    """The demo people's logins, the admin's last; empty where they were not made."""
    made = set(
        get_user_model()
        .objects.filter(email__in=[person.email for person in PEOPLE])
        .values_list("email", flat=True)
    )
    return [
        Login(person.nickname, person.email, PASSWORD, person.admin)
        for person in PEOPLE
        if person.email in made
    ]


def table() -> str:
    """The logins as lines for a terminal; empty where there are none."""
    people = logins()
    if not people:
        return ""
    lines = [
        f"  {login.email:<24}{'admin, also at /admin/' if login.admin else login.nickname}"
        for login in people
    ]
    return "\n".join([f"Demo people; the password of each is {PASSWORD}", *lines])
