from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PaymentsConfig(AppConfig):
    name = "payments"
    verbose_name = _("Payments")

    def ready(self) -> None:
        # The registry is filled once the apps are loaded, not on import.
        from payments.providers import registry  # noqa: PLC0415
        from payments.providers.sandbox import SandboxProvider  # noqa: PLC0415

        registry.register(SandboxProvider.key, SandboxProvider())
