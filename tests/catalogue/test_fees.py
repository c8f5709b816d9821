"""Fees: counted from the answers, explained in words, by the town's own rates."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone, translation

from catalogue.fees import Fee, FeeUnknownError, yen
from catalogue.registry import catalogue

RATES = {"peddling": 160, "photography": 160, "film": 4860, "event": 1620, "show": 6480}


def _fee(rates: dict[str, int] | None = RATES, **answers: Any) -> Fee:
    template = catalogue().get("park_use")
    today = timezone.localdate()
    dates = {
        "use_from": today.isoformat(),
        "use_to": (today + timedelta(days=1)).isoformat(),
        "days": 2,
    }
    return template.fees.fee(template.form, {**dates, **answers}, rates)


@pytest.mark.parametrize(
    ("answers", "total"),
    [
        ({"act_type": "sale"}, 320),
        ({"act_type": "photography", "cameras": 3}, 960),
        ({"act_type": "film", "cameras": 3}, 9720),
        ({"act_type": "event"}, 3240),
        ({"act_type": "show"}, 12960),
    ],
)
def test_fee_by_kind_of_act_and_days(answers: dict[str, Any], total: int) -> None:
    assert _fee(**answers).total == total


def test_fee_is_explained_in_every_language() -> None:
    line = _fee(act_type="photography", cameras=3).lines[0]
    assert line.text["ja"] == "撮影　カメラ1台1日160円 × 3台 × 2日"
    assert line.text["en"] == "Filming, ¥160 per camera and day × 3 cameras × 2 days"


def test_towns_own_rate_counts() -> None:
    assert _fee({"event": 2000}, act_type="event").total == 4000


def test_waiver_is_asked_for_and_the_fee_still_known() -> None:
    fee = _fee(act_type="event", fee_waiver=True)
    assert (fee.waiver_asked, fee.total) == (True, 3240)


def test_missing_answer_is_said_instead_of_a_wrong_fee() -> None:
    with pytest.raises(FeeUnknownError):
        _fee(act_type="photography")


def test_service_without_fees_is_free() -> None:
    template = catalogue().get("child_allowance")
    assert template.fees.fee(template.form, {}).total == 0


def test_fee_survives_storage() -> None:
    fee = _fee(act_type="event", fee_waiver=True)
    assert Fee.from_json(fee.as_json()) == fee


@pytest.mark.parametrize("language", ["ja", "en"])
def test_yen_has_thousands(language: str) -> None:
    with translation.override(language):
        assert "12,960" in yen(12960)
