from django.apps import AppConfig


class GroupsConfig(AppConfig):
    name = "groups"

    def ready(self) -> None:
        from chatchat import policies
        from groups.services import lifecycle

        policies.person_deleted.register(lifecycle.person_deleted)
