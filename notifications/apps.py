from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = _("Notifications")

    def ready(self) -> None:
        # Notices register themselves with the registry, and the outbox handler with the outbox.
        from common.chores import chores  # noqa: PLC0415
        from notifications import contacts, events, notices, tasks  # noqa: F401, PLC0415

        events.register()
        chores.register("notifications.old_contact_checks", contacts.forget_old)
