"""Payment providers: what one must do, and the register of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from billing.errors import PaymentsUnavailable
from billing.models import Attempt, Payment
from common.registry import Registry

Outcome = Literal["paid", "declined", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentResult:
    """A provider's verified answer about one try to pay: for which fee, how much yen.

    `payment_id` is the provider's own, the same however often the answer arrives.
    """

    provider: str
    payment_id: str
    fee_id: str
    reference: str
    amount: int
    outcome: Outcome


class Provider(Protocol):
    """What payments need of a provider. It sees a fee and no person."""

    key: str

    def start(self, attempt: Attempt, return_url: str, language: str) -> str:
        """The absolute address to send the payer to; it leads back to `return_url`.

        `attempt` says for which fee and how much. Raises `PaymentsUnavailable`.
        """

    def verify_return(self, request: HttpRequest) -> PaymentResult:
        """What the provider says in the payer's return. Raises `UntrustedAnswer`."""

    def refund(self, payment: Payment, amount: int, key: str) -> bool:
        """Give back `amount` yen of a payment; False when the provider cannot or will not.

        The worker calls it; the same `key` twice is one refund. Whatever is raised is tried again.
        """

    def origins(self) -> list[str]:
        """Origins that the payer's browser is sent to, for the page's ``form-action``."""


registry: Registry[Provider] = Registry("payment provider")


def current() -> Provider:
    """The provider of this installation (``PAYMENTS_PROVIDER``). Raises `PaymentsUnavailable`."""
    key = getattr(settings, "PAYMENTS_PROVIDER", "")
    if key not in registry:
        raise PaymentsUnavailable(
            _("You cannot pay online at the moment. Please pay at the counter."), code="no_provider"
        )
    return registry.get(key)
