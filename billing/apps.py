from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

WORDINGS = {
    "fee.cancelled": _("{name} cancelled a fee."),
    "fee.received": _("{name} entered a payment of a fee."),
    "fee.reduced": _("{name} let somebody off a fee, or a part of it."),
    "fee.moved": _("{name} put money that was too much to another fee."),
    "fee.try_dismissed": _("{name} noted that an unclear card payment had brought no money."),
    "fee.expired": _("A fee expired unpaid."),
    "refund.asked": _("{name} asked for a refund of a fee."),
    "refund.agreed": _("{name} agreed to a refund."),
    "refund.refused": _("{name} did not agree to a refund."),
    "refund.paid_back": _("{name} noted that a fee was paid back."),
    "bank.file_read": _("{name} uploaded a file of the bank."),
    "bank.file_applied": _("{name} had a file of the bank booked."),
    "bank.file_discarded": _("{name} discarded a file of the bank."),
    "bank.line_assigned": _("{name} assigned a transfer to a fee."),
    "bank.line_to_return": _("{name} noted that a transfer has to go back."),
    "bank.line_returned": _("{name} noted that a transfer went back."),
}


class PaymentsConfig(AppConfig):
    name = "billing"
    # Tables, migrations and kinds of the outbox keep the name that they began with.
    label = "payments"
    verbose_name = _("Payments")

    def ready(self) -> None:
        # Registries are filled once the apps are loaded, not on import.
        from audit import events  # noqa: PLC0415
        from billing.providers import registry  # noqa: PLC0415
        from billing.providers.sandbox import SandboxProvider  # noqa: PLC0415
        from billing.providers.stripe_checkout import StripeProvider  # noqa: PLC0415

        registry.register(SandboxProvider.key, SandboxProvider())
        registry.register(StripeProvider.key, StripeProvider())
        from billing import banking, paying, refunds  # noqa: F401, PLC0415  outbox handlers

        for event, wording in WORDINGS.items():
            events.register(event, wording=wording)
