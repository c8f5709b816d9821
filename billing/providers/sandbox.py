"""The provider of the demo: its page is ``sandbox.pay``; request and answer are signed.

A real provider replaces this file and the page. What it shows holds for any of them: the amount is
never taken from the browser, an answer counts only for the fee, the sum and the town that were
asked about, and the same answer twice is one payment.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest

from billing.models import Attempt, Payment
from billing.providers import (
    Event,
    PaymentResult,
    Seen,
    signing,
    unavailable,
    untrusted,
)
from common.database import connection

REQUEST = "madoguchi.pay.request"
ANSWER = "madoguchi.pay.answer"
PARAMETER = "payment"
REQUEST_SECONDS = 30 * 60
ANSWER_SECONDS = 10 * 60


class SandboxProvider:
    """Speaks with the sandbox's payment page through the payer's browser."""

    key = "sandbox"
    answers_later = False

    def check_open(self) -> None:
        _secret()

    def start(self, attempt: Attempt) -> str:
        """The payment page's address with the signed request."""
        fee = attempt.fee
        request = signing.sign(
            _secret(),
            REQUEST,
            {
                "town": connection.schema_name,
                "payee": connection.tenant.name.as_dict(),
                "fee": str(fee.pk),
                "reference": fee.reference,
                "title": fee.title.as_dict(),
                "amount": attempt.amount,
                "return_url": attempt.kept["return_url"],
                "language": attempt.kept["language"],
                # The payment's number follows from it: a double click, and two tabs, are one.
                "try": str(attempt.pk),
            },
        )
        return f"{_page()}?{urlencode({PARAMETER: request})}"

    def verify_return(self, request: HttpRequest) -> PaymentResult:
        """The page's signed answer. Raises `UntrustedAnswer`."""
        try:
            answer = signing.read(
                _secret(), ANSWER, request.GET.get(PARAMETER, ""), max_age=ANSWER_SECONDS
            )
        except signing.BadMessage as error:
            raise untrusted(str(error)) from error
        if answer.get("town") != connection.schema_name:
            raise untrusted("town")
        outcome = answer.get("outcome")
        if outcome not in ("paid", "declined", "cancelled"):
            raise untrusted("outcome")
        return PaymentResult(
            provider=self.key,
            payment_id=str(answer["payment_id"]),
            fee_id=str(answer["fee"]),
            reference=str(answer["reference"]),
            amount=int(answer["amount"]),
            outcome=outcome,
            attempt_id=uuid.UUID(answer["try"]) if "try" in answer else None,
        )

    def look(self, attempt: Attempt) -> Seen:
        """Nobody can be asked: until the payer is back with an answer, it is open."""
        return Seen("open")

    def close(self, attempt: Attempt) -> Seen:
        """Its request is out of date after half an hour; two answers would be one too much."""
        return Seen("over")

    def read_event(self, request: HttpRequest) -> Event:
        """It sends nothing by itself."""
        raise untrusted("no_events")

    def judge(self, attempt: Attempt, content: Mapping[str, Any]) -> Seen:
        raise untrusted("no_events")

    def refund(self, payment: Payment, amount: int, key: str) -> bool:
        """No money moved, none goes back: it always works."""
        return True

    def origins(self) -> list[str]:
        page = urlsplit(_page())
        return [f"{page.scheme}://{page.netloc}"]


def _secret() -> str:
    """The shared secret. Outside the sandbox nobody may pretend to pay."""
    secret: str = getattr(settings, "SANDBOX_PAY_SECRET", "")
    if not settings.SANDBOX or len(secret) < signing.MINIMUM_SECRET:
        raise unavailable("no_sandbox")
    return secret


def _page() -> str:
    given: str = getattr(settings, "SANDBOX_PAY_URL", "")
    if given:
        return given
    port = f":{settings.PUBLIC_PORT}" if settings.PUBLIC_PORT else ""
    return f"{settings.PUBLIC_SCHEME}://{settings.PLATFORM_DOMAIN}{port}/sandbox/pay/"
