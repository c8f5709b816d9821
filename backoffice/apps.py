from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BackofficeConfig(AppConfig):
    name = "backoffice"

    def ready(self) -> None:
        from audit import events  # noqa: PLC0415  models must be loaded

        events.register("outbox.revived", wording=_("{name} started a failed task again"))
