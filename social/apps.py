from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SocialConfig(AppConfig):
    name = "social"
    verbose_name = _("Friends")

    def ready(self) -> None:
        from chatchat import doctor, policies
        from social import access, services
        from social import doctor as checks

        # A block hides both from each other.
        policies.hidden_people.register(access.blockers_of)
        policies.hidden_people.register(access.blocked_by)
        policies.person_deleted.register(services.person_deleted)
        doctor.register("friends", checks.check)
