"""What can go wrong with a payment."""

from common.errors import Conflict, DomainError


class PaymentsUnavailable(DomainError):
    """Nobody can pay online here, now."""


class UntrustedAnswer(DomainError):
    """An answer that did not come from the provider, is too old, or is about something else."""


class NotDue(Conflict):
    """The fee is paid or cancelled already."""


class BeingConfirmed(Conflict):
    """Somebody has paid this fee, it seems; the provider's answer is not here yet."""
