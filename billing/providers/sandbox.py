"""The provider of the demo: its page is ``sandbox.pay``; request and answer are signed.

A real provider replaces this file and the page. What it shows holds for any of them: the amount is
never taken from the browser, an answer counts only for the fee, the sum and the town that were
asked about, and the same answer twice is one payment.
"""

from __future__ import annotations

import secrets
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from billing.errors import PaymentsUnavailable, UntrustedAnswer
from billing.models import Attempt, Payment
from billing.providers import PaymentResult, signing
from common.database import connection

REQUEST = "madoguchi.pay.request"
ANSWER = "madoguchi.pay.answer"
PARAMETER = "payment"
REQUEST_SECONDS = 30 * 60
ANSWER_SECONDS = 10 * 60


class SandboxProvider:
    """Speaks with the sandbox's payment page through the payer's browser."""

    key = "sandbox"

    def start(self, attempt: Attempt, return_url: str, language: str) -> str:
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
                "return_url": return_url,
                "language": language,
                # One try to pay; the payment's number follows from it, so a double click is one.
                "try": secrets.token_hex(12),
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
            raise _untrusted(str(error)) from error
        if answer.get("town") != connection.schema_name:
            raise _untrusted("town")
        outcome = answer.get("outcome")
        if outcome not in ("paid", "declined", "cancelled"):
            raise _untrusted("outcome")
        return PaymentResult(
            provider=self.key,
            payment_id=str(answer["payment_id"]),
            fee_id=str(answer["fee"]),
            reference=str(answer["reference"]),
            amount=int(answer["amount"]),
            outcome=outcome,
        )

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
        raise PaymentsUnavailable(
            _("You cannot pay online at the moment. Please pay at the counter."), code="no_sandbox"
        )
    return secret


def _page() -> str:
    given: str = getattr(settings, "SANDBOX_PAY_URL", "")
    if given:
        return given
    port = f":{settings.PUBLIC_PORT}" if settings.PUBLIC_PORT else ""
    return f"{settings.PUBLIC_SCHEME}://{settings.PLATFORM_DOMAIN}{port}/sandbox/pay/"


def _untrusted(why: str) -> UntrustedAnswer:
    return UntrustedAnswer(
        _(
            "We could not confirm this payment. Nothing was recorded. Please open the fee again; "
            "if money was taken, contact us with your receipt number."
        ),
        code=f"untrusted_{why}",
    )
