"""The signed conversation with the payment page: nothing forged, old or foreign is believed."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import time_machine
from django.conf import settings
from django.test import RequestFactory
from django.utils import timezone

from billing import providers
from billing.errors import PaymentsUnavailable, UntrustedAnswer
from billing.models import Attempt, FeeDue
from billing.providers import signing
from billing.providers.sandbox import ANSWER, PARAMETER, REQUEST, SandboxProvider

BACK = "http://shiomi.localhost:8000/applications/1/pay/"


def attempt_at(fee: FeeDue, language: str = "ja") -> Attempt:
    kept = {"return_url": BACK, "language": language}
    return Attempt(fee=fee, provider="sandbox", amount=fee.amount, kept=kept)


def answer_for(fee: FeeDue, secret: str = "", purpose: str = ANSWER, **changes: Any) -> str:
    content = {
        "town": "shiomi",
        "fee": str(fee.pk),
        "reference": fee.reference,
        "amount": fee.amount,
        "outcome": "paid",
        "payment_id": "sandbox-paid-1",
    }
    return signing.sign(secret or settings.SANDBOX_PAY_SECRET, purpose, content | changes)


def verify(message: str) -> providers.PaymentResult:
    request = RequestFactory().get(f"/?{urlencode({PARAMETER: message})}")
    return SandboxProvider().verify_return(request)


def forged(message: str, **changes: Any) -> str:
    """The same signature over other content."""
    payload, signature = message.split(".")
    content = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    changed = base64.urlsafe_b64encode(json.dumps(content | changes).encode())
    return f"{changed.rstrip(b'=').decode()}.{signature}"


def test_start_signs_the_fee_and_no_person(fee: FeeDue) -> None:
    url = urlsplit(SandboxProvider().start(attempt_at(fee, "en")))
    assert f"{url.scheme}://{url.netloc}{url.path}" == "http://localhost:8000/sandbox/pay/"
    order = signing.read(
        settings.SANDBOX_PAY_SECRET, REQUEST, parse_qs(url.query)[PARAMETER][0], max_age=60
    )
    assert set(order) == {
        "town", "payee", "fee", "reference", "title", "amount", "return_url", "language", "try",
        "at",
    }  # fmt: skip
    assert (order["amount"], order["reference"], order["return_url"]) == (480, fee.reference, BACK)


def test_each_attempt_is_a_try_of_its_own_and_always_the_same(fee: FeeDue) -> None:
    def named(attempt: Attempt) -> str:
        query = urlsplit(SandboxProvider().start(attempt)).query
        order = signing.read(
            settings.SANDBOX_PAY_SECRET, REQUEST, parse_qs(query)[PARAMETER][0], max_age=60
        )
        return str(order["try"])

    one, other = attempt_at(fee), attempt_at(fee)
    assert named(one) == named(one) == str(one.pk)
    assert named(one) != named(other)


def test_verify_return_believes_the_provider(fee: FeeDue) -> None:
    result = verify(answer_for(fee))
    assert result == providers.PaymentResult(
        provider="sandbox",
        payment_id="sandbox-paid-1",
        fee_id=str(fee.pk),
        reference=fee.reference,
        amount=480,
        outcome="paid",
    )


@pytest.mark.parametrize(
    "changes",
    [{"amount": 1}, {"outcome": "paid"}, {"fee": "x"}, {"town": "suginosawa"}, {"at": 9**10}],
)
def test_verify_return_refuses_tampering(fee: FeeDue, changes: dict[str, Any]) -> None:
    with pytest.raises(UntrustedAnswer) as refused:
        verify(forged(answer_for(fee, outcome="declined"), **changes))
    assert refused.value.code == "untrusted_signature"


@pytest.mark.parametrize(
    "message", ["", ".", "a.b", "x" * 20_000, "eyJhIjoxfQ", "\x00", "日本.語", "null.AAAA"]
)
def test_verify_return_refuses_nonsense(fee: FeeDue, message: str) -> None:
    with pytest.raises(UntrustedAnswer):
        verify(message)


def test_verify_return_refuses_another_secret(fee: FeeDue) -> None:
    with pytest.raises(UntrustedAnswer):
        verify(answer_for(fee, secret="another secret of the right length"))


def test_verify_return_refuses_our_own_request(fee: FeeDue) -> None:
    url = SandboxProvider().start(attempt_at(fee))
    with pytest.raises(UntrustedAnswer):
        verify(parse_qs(urlsplit(url).query)[PARAMETER][0])


def test_verify_return_refuses_the_answer_to_another_town(fee: FeeDue) -> None:
    with pytest.raises(UntrustedAnswer) as refused:
        verify(answer_for(fee, town="suginosawa"))
    assert refused.value.code == "untrusted_town"


def test_verify_return_refuses_an_unknown_outcome(fee: FeeDue) -> None:
    with pytest.raises(UntrustedAnswer):
        verify(answer_for(fee, outcome="surplus"))


@pytest.mark.parametrize(("minutes", "believed"), [(9, True), (11, False), (-2, False)])
def test_verify_return_refuses_what_is_old_or_from_the_future(
    fee: FeeDue, minutes: int, believed: bool
) -> None:
    message = answer_for(fee)
    with time_machine.travel(timezone.now() + timedelta(minutes=minutes), tick=False):
        if believed:
            assert verify(message).outcome == "paid"
        else:
            with pytest.raises(UntrustedAnswer) as refused:
                verify(message)
            assert refused.value.code == "untrusted_expired"


def test_sandbox_outside_the_demo_pays_nothing(fee: FeeDue, settings: Any) -> None:
    message = answer_for(fee)
    settings.SANDBOX = False
    with pytest.raises(PaymentsUnavailable):
        SandboxProvider().start(attempt_at(fee))
    with pytest.raises(PaymentsUnavailable):
        verify(message)


def test_sandbox_with_a_short_secret_pays_nothing(fee: FeeDue, settings: Any) -> None:
    settings.SANDBOX_PAY_SECRET = "short"
    with pytest.raises(PaymentsUnavailable):
        SandboxProvider().start(attempt_at(fee))


def test_current_without_provider_says_so(settings: Any) -> None:
    settings.PAYMENTS_PROVIDER = ""
    with pytest.raises(PaymentsUnavailable):
        providers.current()


def test_origins_are_the_pages(settings: Any) -> None:
    settings.SANDBOX_PAY_URL = "https://pay.example:444/sandbox/pay/"
    assert SandboxProvider().origins() == ["https://pay.example:444"]


def test_sign_refuses_a_short_secret() -> None:
    with pytest.raises(ValueError, match="at least 32"):
        signing.sign("short", "p", {})
