from django.apps import AppConfig


class ChatchatConfig(AppConfig):
    name = "chatchat"
