"""messaging joins the server process: the hub asks its source, the writer begins and ends with it."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MessagingConfig(AppConfig):
    name = "messaging"
    verbose_name = _("Conversations")

    def ready(self) -> None:
        from chatchat import doctor, policies
        from chatchat.realtime import process
        from messaging import doctor as checks
        from messaging import figures, live
        from messaging.services import moderation
        from messaging.services.conversations import restate_directs
        from messaging.source import DatabaseSource

        process.register(DatabaseSource(), started=live.begin, leaving=live.leave, stopping=live.end)
        policies.profile_changed.register(restate_directs)
        policies.tidy.register(moderation.forget_what_is_over)
        policies.glance.register(figures.glance)
        doctor.register("counters", checks.check)
