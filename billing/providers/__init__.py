"""Payment providers: what one must do, and the register of them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from billing.errors import PaymentsUnavailable, UntrustedAnswer
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
    # The try that it ends, where the provider says so.
    attempt_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Returned:
    """The payer is back, which proves nothing: the provider says by itself what became of it."""

    attempt_id: uuid.UUID
    gave_up: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """What a provider says of a try now. `result` with ``paid`` and ``declined``.

    ``open``: nothing was paid yet; ``waiting``: it was, but is not confirmed; ``over``: it can not
    be paid any more; ``unclear``: the answer does not fit what the payer was sent to pay.
    """

    state: Literal["open", "waiting", "paid", "declined", "over", "unclear"]
    result: PaymentResult | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """What a provider has sent of its own accord, its signature checked."""

    id: str
    kind: str
    attempt_id: uuid.UUID | None
    content: Mapping[str, Any]


class Provider(Protocol):
    """What payments need of a provider. It sees a fee's number and amount, and no person."""

    key: str
    #: Does it answer by itself, and can be asked? Else all it says is in the payer's return.
    answers_later: bool

    def check_open(self) -> None:
        """Raises `PaymentsUnavailable` where this town cannot be paid to by it."""

    def start(self, attempt: Attempt) -> str:
        """The absolute address to send the payer to; it leads back to ``kept["return_url"]``.

        `attempt` says for which fee, how much and in which ``kept["language"]``. For one attempt it
        is always the same payment, however often this is called. Raises `PaymentsUnavailable`.
        """

    def verify_return(self, request: HttpRequest) -> PaymentResult | Returned:
        """What the provider says in the payer's return. Raises `UntrustedAnswer`."""

    def look(self, attempt: Attempt) -> Seen:
        """Ask what became of a try. Raises `PaymentsUnavailable` when nobody answers."""

    def close(self, attempt: Attempt) -> Seen:
        """See to it that a try is not paid any more, unless it was. Raises as `look`."""

    def read_event(self, request: HttpRequest) -> Event:
        """An event that the provider has sent. Raises `UntrustedAnswer`."""

    def judge(self, attempt: Attempt, content: Mapping[str, Any]) -> Seen:
        """What the content of an event means for the attempt that it is about."""

    def refund(self, payment: Payment, amount: int, key: str) -> bool:
        """Give back `amount` yen of a payment; False when the provider cannot or will not.

        The worker calls it; the same `key` twice is one refund. Whatever is raised is tried again.
        """

    def origins(self) -> list[str]:
        """Origins that the payer's browser is sent to, for the page's ``form-action``."""


registry: Registry[Provider] = Registry("payment provider")


def current() -> Provider:
    """The provider of this installation (``PAYMENTS_PROVIDER``), where this town has it.

    Raises `PaymentsUnavailable`.
    """
    key = getattr(settings, "PAYMENTS_PROVIDER", "")
    if key not in registry:
        raise unavailable("no_provider")
    provider = registry.get(key)
    provider.check_open()
    return provider


def unavailable(code: str) -> PaymentsUnavailable:
    """What a payer is told, whatever the reason is."""
    return PaymentsUnavailable(
        _("You cannot pay online at the moment. Please pay at the counter."), code=code
    )


def untrusted(why: str) -> UntrustedAnswer:
    """What is said of an answer that does not hold."""
    return UntrustedAnswer(
        _(
            "We could not confirm this payment. Nothing was recorded. Please open the fee again; "
            "if money was taken, contact us with your receipt number."
        ),
        code=f"untrusted_{why}",
    )
