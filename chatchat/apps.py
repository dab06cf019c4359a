from django.apps import AppConfig


class ChatchatConfig(AppConfig):
    name = "chatchat"

    def ready(self) -> None:
        from chatchat.telemetry import logs

        logs.configure()
