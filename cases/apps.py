from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "cases"

    def ready(self) -> None:
        from cases import tasks  # noqa: F401, PLC0415  registers the outbox handlers
