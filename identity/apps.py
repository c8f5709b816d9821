from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IdentityConfig(AppConfig):
    name = "identity"
    label = "identity"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Identity")

    def ready(self) -> None:
        # Models are loaded only now.
        from common.chores import chores  # noqa: PLC0415
        from identity import events, sessions  # noqa: PLC0415
        from identity.representation import recognition  # noqa: F401, PLC0415  a handler

        events.register()
        chores.register("identity.expired_sessions", sessions.SessionStore.clear_expired)
