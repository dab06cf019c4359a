from django.apps import AppConfig


class GroupsConfig(AppConfig):
    name = "groups"

    def ready(self) -> None:
        from chatchat import doctor, policies
        from groups import doctor as checks
        from groups.services import lifecycle, moderation

        policies.person_deleted.register(lifecycle.person_deleted)
        policies.tidy.register(moderation.forget_what_is_over)
        doctor.register("members", checks.check)
