"""Stripe's hosted page, through django-payments' provider (`billing.providers.stripe_calls`).

Every municipality has an account of its own, named in ``STRIPE_ACCOUNTS`` by the files of its
secrets. What Stripe learns of a payment is the fee's number, the amount, and which town it is.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from django.conf import settings
from django.http import HttpRequest
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from billing.models import Attempt, Payment
from billing.providers import (
    Event,
    PaymentResult,
    Returned,
    Seen,
    unavailable,
    untrusted,
)
from common.database import connection

if TYPE_CHECKING:
    from billing.providers.stripe_calls import Checkout

CURRENCY = "jpy"
log = structlog.get_logger(__name__)


class Account(BaseModel):
    """One municipality's account: where its secrets are kept, each in a file of its own.

    The file of the webhook's secret may have several lines: while one is being replaced, both hold.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_key_file: Path
    webhook_secret_file: Path

    @property
    def api_key(self) -> str:
        return self.api_key_file.read_text().strip()

    @property
    def webhook_secrets(self) -> list[str]:
        return self.webhook_secret_file.read_text().split()


_ACCOUNTS: TypeAdapter[dict[str, Account]] = TypeAdapter(dict[str, Account])


def accounts() -> dict[str, Account]:
    """Every municipality's account, by schema. Raises `ValueError` naming what is wrong."""
    try:
        return _ACCOUNTS.validate_python(settings.STRIPE_ACCOUNTS)
    except ValidationError as error:
        places = ", ".join(".".join(map(str, each["loc"])) for each in error.errors())
        raise ValueError(f"STRIPE_ACCOUNTS: {places}") from None


class StripeProvider:
    """Stripe Checkout. What counts is Stripe's own word, never the payer's return."""

    key = "stripe"
    answers_later = True

    def check_open(self) -> None:
        _checkout()

    def start(self, attempt: Attempt) -> str:
        """Stripe's page for this try; made once, by the try's id as key."""
        address = _checkout().page_of(attempt)
        if not any(address.startswith(f"{origin}/") for origin in self.origins()):
            log.error("payments.strange_page", attempt=str(attempt.pk))
            raise unavailable("strange_page")
        return address

    def verify_return(self, request: HttpRequest) -> Returned:
        """Who is back, which says nothing about money."""
        try:
            attempt_id = uuid.UUID(request.GET.get("try", ""))
        except ValueError:
            raise untrusted("try") from None
        return Returned(attempt_id, gave_up=request.GET.get("gave_up") == "1")

    def look(self, attempt: Attempt) -> Seen:
        """As Stripe tells it now. What never got to Stripe is open, or over by now."""
        checkout = _checkout()
        if attempt.transaction_id is None:
            checkout.page_of(attempt)
        return self.judge(attempt, checkout.session(str(attempt.transaction_id)))

    def close(self, attempt: Attempt) -> Seen:
        if attempt.transaction_id is None:
            # It may have got there all the same: the same key finds it.
            _checkout().page_of(attempt)
        return self.judge(attempt, _checkout().closed(str(attempt.transaction_id)))

    def read_event(self, request: HttpRequest) -> Event:
        """A signed event about a session; what it is about is found by the try's id."""
        content = _checkout().event(request)
        about = content.get("data", {}).get("object", {})
        session = about if about.get("object") == "checkout.session" else {}
        try:
            attempt_id = uuid.UUID(session.get("client_reference_id") or "")
        except ValueError:
            attempt_id = None
        return Event(str(content["id"]), str(content.get("type", "")), attempt_id, session)

    def judge(self, attempt: Attempt, content: Mapping[str, Any]) -> Seen:
        """What a session says, and whether it is ours: this try, this sum, in yen, this town."""
        paid, over = content.get("payment_status") == "paid", content.get("status") == "expired"
        known = attempt.transaction_id in (None, content.get("id"))
        about = content.get("metadata") or {}
        fits = (
            known
            and content.get("client_reference_id") == str(attempt.pk)
            and about.get("town") == connection.schema_name
            and about.get("number") == attempt.fee.number
            and content.get("amount_total") == attempt.amount
            and content.get("currency") == CURRENCY
        )
        if not fits:
            return Seen("unclear")
        if paid:
            _keep(attempt, content)
            return Seen("paid", self._result(attempt, str(content["id"])))
        if over:
            return Seen("over")
        return Seen("waiting" if content.get("status") == "complete" else "open")

    def _result(self, attempt: Attempt, session_id: str) -> PaymentResult:
        return PaymentResult(
            provider=self.key,
            payment_id=session_id,
            fee_id=str(attempt.fee_id),
            reference=attempt.fee.reference,
            amount=attempt.amount,
            outcome="paid",
            attempt_id=attempt.pk,
        )

    def refund(self, payment: Payment, amount: int, key: str) -> bool:
        """By the payment behind the session; Stripe knows the refund by `key`."""
        session_id = payment.provider_payment_id.partition(":")[0]
        attempt = Attempt.objects.filter(transaction_id=session_id).first()
        if attempt is None:
            return False
        checkout = _checkout()
        intent = attempt.kept.get("payment_intent") or checkout.session(session_id).get(
            "payment_intent"
        )
        return bool(intent) and checkout.give_back(str(intent), amount, key)

    def origins(self) -> list[str]:
        return list(settings.STRIPE_ORIGINS)


def _keep(attempt: Attempt, session: Mapping[str, Any]) -> None:
    """What a refund needs, whoever told it first."""
    attempt.transaction_id = str(session["id"])
    attempt.kept = {**attempt.kept, "payment_intent": session.get("payment_intent")}
    attempt.save(update_fields=["transaction_id", "kept"])


def _checkout() -> Checkout:
    """Calls in the name of this municipality. Raises `PaymentsUnavailable` where it has none."""
    # 20 MB and half a second, for those who pay by Stripe only.
    from billing.providers.stripe_calls import Checkout  # noqa: PLC0415

    account = accounts().get(str(connection.schema_name))
    if account is None:
        raise unavailable("no_account")
    try:
        return Checkout(account.api_key, account.webhook_secrets)
    except OSError as error:
        log.exception("payments.no_secret", error=type(error).__name__)
        raise unavailable("no_secret") from None
