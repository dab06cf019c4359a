from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_out

        from accounts import pages, schema  # noqa: F401 - the schema's extensions register themselves

        user_logged_out.connect(pages.end_with_logout)
