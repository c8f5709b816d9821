from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PaymentsConfig(AppConfig):
    name = "payments"
    verbose_name = _("Payments")

    def ready(self) -> None:
        # Registries are filled once the apps are loaded, not on import.
        from audit import events  # noqa: PLC0415
        from payments.providers import registry  # noqa: PLC0415
        from payments.providers.sandbox import SandboxProvider  # noqa: PLC0415

        registry.register(SandboxProvider.key, SandboxProvider())
        events.register("fee.cancelled", wording=_("{name} cancelled a fee."))
