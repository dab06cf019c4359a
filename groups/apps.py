from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GroupsConfig(AppConfig):
    name = "groups"
    verbose_name = _("Groups")

    def ready(self) -> None:
        from chatchat import doctor, policies
        from groups import doctor as checks
        from groups.services import lifecycle, moderation

        policies.person_deleted.register(lifecycle.person_deleted)
        policies.tidy.register(moderation.forget_what_is_over)
        doctor.register("members", checks.check)
