"""django-payments' provider for Stripe, held to what many municipalities in one process need.

The library (4.1.0) keeps the key of the last caller in `stripe.api_key`, for every thread of the
process; speaks with no limit of time but 80 seconds for each read; takes "paid" from an event
without a look at the sum; and reads answers as dictionaries, which those of the current `stripe`
are not. So each call here goes through a client of its own with the town's key, and its answer is
plain data. What stays the library's: how a payment becomes a page, the items and their amounts (yen
have no hundredths), and the check of an event's signature.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, NoReturn
from urllib.parse import urlencode

import requests
import stripe
import structlog
from django.conf import settings
from django.http import HttpRequest
from payments import PaymentError, RedirectNeeded
from payments.stripe.providers import StripeProviderV3

from billing import numbers
from billing.models import Attempt
from billing.providers import unavailable, untrusted
from common import bounded
from common.database import connection
from common.text import Text

CONNECT_SECONDS = 3.0
READ_SECONDS = 5.0
#: For the whole of a call.
TOTAL_SECONDS = 8.0
MOST_BYTES = 512 * 1024
#: How old a signed event may be.
TOLERANCE_SECONDS = 300
_ITEM = Text({"ja": "手数料等　納付番号", "en": "Fee, payment number"})

log = structlog.get_logger(__name__)
# Nothing about our machines to anybody.
stripe.enable_telemetry = False


class BoundedClient(stripe.HTTPClient):
    """One call: no redirect, bounded in time and size."""

    name = "requests"

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        **_more: Any,
    ) -> tuple[Any, int, Mapping[str, str]]:
        """Body, status and headers. Raises `stripe.APIConnectionError`."""
        deadline = time.monotonic() + TOTAL_SECONDS
        try:
            with (
                bounded.session(deadline) as session,
                session.request(
                    method,
                    url,
                    headers=headers,
                    data=post_data,
                    timeout=(CONNECT_SECONDS, READ_SECONDS),
                    allow_redirects=False,
                    stream=True,
                    proxies=requests.utils.get_environ_proxies(url),
                ) as answer,
            ):
                body = bounded.read(answer, deadline=deadline, most=MOST_BYTES)
        except OSError as error:  # every `requests.RequestException` is one
            lost: Any = stripe.APIConnectionError
            raise lost(type(error).__name__) from None
        return body, answer.status_code, answer.headers


class _Order:
    """A try as django-payments looks at a payment. It has no person."""

    currency = "JPY"
    billing_email = billing_first_name = billing_last_name = ""

    def __init__(self, attempt: Attempt) -> None:
        self.attempt = attempt
        self.pk = self.token = str(attempt.pk)
        self.total = Decimal(attempt.amount)
        self.transaction_id = attempt.transaction_id
        self.attrs = SimpleNamespace(session=attempt.kept.get("session", {}))

    def get_success_url(self) -> str:
        return self._back()

    def get_failure_url(self) -> str:
        return self._back(gave_up="1")

    def _back(self, **more: str) -> str:
        query = urlencode({"try": self.attempt.pk, **more})
        return f"{self.attempt.kept['return_url']}?{query}"

    def change_status(self, status: str, message: str = "") -> None:
        """Nothing: what is not paid stays open."""

    def save(self) -> None:
        session = {name: self.attrs.session[name] for name in ("id", "url")}
        self.attempt.transaction_id = self.transaction_id
        self.attempt.kept = {**self.attempt.kept, "session": session}
        self.attempt.save(update_fields=["transaction_id", "kept"])


class Checkout(StripeProviderV3):
    """Stripe in the name of one municipality."""

    def __init__(self, api_key: str, webhook_secrets: list[str]) -> None:
        super().__init__(api_key=api_key)
        self._secrets = webhook_secrets
        addresses: Any = {"api": settings.STRIPE_API_BASE} if settings.STRIPE_API_BASE else {}
        self._calls = stripe.StripeClient(
            api_key, http_client=BoundedClient(), base_addresses=addresses, max_network_retries=0
        ).v1

    def page_of(self, attempt: Attempt) -> str:
        """The page's address, made on the first call. Raises `PaymentsUnavailable`."""
        try:
            self.get_form(_Order(attempt))
        except RedirectNeeded as page:
            return str(page)
        except PaymentError as error:
            raise unavailable("provider") from error
        raise AssertionError("unreachable")

    def create_session(self, payment: Any) -> dict[str, Any]:
        """As the library's, by our client, under the try's id: asked for twice it is one."""
        attempt: Attempt = payment.attempt
        about = {"town": str(connection.schema_name), "number": str(attempt.fee.number)}
        params: Any = {
            "mode": "payment",
            "payment_method_types": ["card"],
            "line_items": self.get_line_items(payment),
            "client_reference_id": payment.token,
            "success_url": payment.get_success_url(),
            "cancel_url": payment.get_failure_url(),
            "locale": attempt.kept["language"],
            "metadata": about,
            "payment_intent_data": {"metadata": about},
        }
        if attempt.ends_at is not None:
            params["expires_at"] = int(attempt.ends_at.timestamp())
        return self._told(
            lambda: self._calls.checkout.sessions.create(
                params,
                {"idempotency_key": f"try:{attempt.pk}"},
            )
        )

    def get_line_items(self, payment: Any) -> list[dict[str, Any]]:
        """One item, named by the number that the payer knows the fee by."""
        attempt: Attempt = payment.attempt
        items: list[dict[str, Any]] = super().get_line_items(payment)
        number = numbers.grouped(attempt.fee.number or "")
        items[0]["price_data"]["product_data"]["name"] = (
            f"{_ITEM.in_language(attempt.kept['language'])} {number}"
        )
        return items

    def session(self, session_id: str) -> dict[str, Any]:
        """A session as it is now. Raises `PaymentsUnavailable`."""
        return self._told(lambda: self._calls.checkout.sessions.retrieve(session_id))

    def closed(self, session_id: str) -> dict[str, Any]:
        """A session that nobody pays any more, or that was paid. Raises as `session`."""
        try:
            return self._calls.checkout.sessions.expire(session_id).to_dict()
        except stripe.InvalidRequestError:
            return self.session(session_id)  # it was not open any more
        except stripe.StripeError as error:
            self._refuse(error)

    def give_back(self, intent: str, amount: int, key: str) -> bool:
        """Refund yen; False when Stripe will not. Raises `PaymentsUnavailable`: try again."""
        try:
            made = self._calls.refunds.create(
                {
                    "payment_intent": intent,
                    "amount": self.convert_amount(_Order.currency, amount),
                    "reason": "requested_by_customer",
                },
                {"idempotency_key": f"refund:{key}"},
            )
        except stripe.InvalidRequestError as error:
            log.warning("payments.refund_refused", code=error.code)
            return False
        except stripe.StripeError as error:
            self._refuse(error)
        return made.status in ("succeeded", "pending")

    def event(self, request: HttpRequest) -> dict[str, Any]:
        """A signed event as plain data. Raises `UntrustedAnswer`."""
        for secret in self._secrets:
            self.endpoint_secret = secret
            try:
                self.return_event_payload(request)
            except stripe.SignatureVerificationError:
                continue
            except (PaymentError, ValueError) as error:
                raise untrusted("event") from error
            content: dict[str, Any] = json.loads(request.body)
            return content
        raise untrusted("signature")

    def _told(self, call: Any) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = call().to_dict()
        except stripe.StripeError as error:
            self._refuse(error)
        return answer

    @staticmethod
    def _refuse(error: stripe.StripeError) -> NoReturn:
        # The kind only: a message may name what was sent.
        log.warning("payments.provider_refused", error=type(error).__name__, code=error.code)
        raise unavailable("provider") from error
