"""What each service charges, counted by the template's own rates, with the edges."""

from __future__ import annotations

from typing import Any

import pytest

from catalogue.fees import Fee, FeeUnknownError
from catalogue.registry import catalogue


def fee(service: str, rates: dict[str, int] | None = None, **answers: Any) -> Fee:
    template = catalogue().get(service)
    return template.fees.fee(template.form, answers, rates)


def amounts(of: Fee) -> list[int]:
    return [line.amount for line in of.lines]


def item(kind: str, charged: int | None) -> dict[str, Any]:
    return {"item_kind": kind, "item_name": "看板", "quantity": 1, "charged": charged}


@pytest.mark.parametrize(
    ("width", "height", "faces", "count", "lit", "yen"),
    [
        ("0.50", "0.50", 1, 1, False, 200),
        ("1.00", "0.99", 1, 1, False, 200),
        ("1.00", "1.00", 1, 1, False, 400),  # exactly 1 ㎡ is not below 1
        ("1.99", "1.00", 1, 1, False, 400),
        ("2.00", "1.00", 1, 1, False, 800),
        ("1.00", "1.00", 2, 1, False, 800),  # both faces count
        ("4.99", "1.00", 1, 1, False, 800),
        ("5.00", "1.00", 1, 1, False, 1_600),
        ("9.99", "1.00", 1, 1, False, 1_600),
        ("10.00", "1.00", 1, 1, False, 3_200),
        ("2.50", "0.40", 10, 1, False, 3_200),  # 10 ㎡ of parts that floats cannot hold
        ("20.00", "1.00", 1, 1, False, 5_000),
        ("29.99", "1.00", 1, 1, False, 5_000),
        ("30.00", "1.00", 1, 1, False, 8_000),
        ("50.00", "1.00", 1, 1, False, 8_000),  # 50 ㎡ itself still belongs here
        ("0.10", "0.10", 5_000, 1, False, 8_000),
        ("50.01", "1.00", 1, 1, False, 8_200),
        ("50.10", "1.00", 1, 1, False, 8_200),
        ("51.00", "1.00", 1, 1, False, 8_200),
        ("51.01", "1.00", 1, 1, False, 8_400),
        ("100.00", "2.00", 1, 1, False, 38_000),
        ("1.00", "1.00", 1, 3, False, 1_200),
        ("1.00", "1.00", 1, 1, True, 800),
        ("50.10", "1.00", 1, 2, True, 32_800),
    ],
)
def test_advertisement_by_area(
    width: str, height: str, faces: int, count: int, lit: bool, yen: int
) -> None:
    answers = {"width_m": width, "height_m": height, "faces": faces, "area_m2": "1.00"}
    assert fee("outdoor_advertisement", ad_count=count, illuminated=lit, **answers).total == yen


def test_towns_own_amounts_count_in_a_table() -> None:
    answers = {"width_m": "53", "height_m": "1", "faces": 1, "area_m2": "53.00", "ad_count": 1}
    own = {"up_to_50": 9_000, "beyond_50": 300}
    assert fee("outdoor_advertisement", own, illuminated=False, **answers).total == 9_900
    assert fee("outdoor_advertisement", illuminated=False, **answers).total == 8_600


@pytest.mark.parametrize("missing", ["width_m", "ad_count", "area_m2"])
def test_advertisement_without_its_size_has_no_fee_yet(missing: str) -> None:
    answers = {"width_m": "1", "height_m": "1", "faces": 1, "area_m2": "1.00", "ad_count": 1}
    answers |= {"illuminated": False, missing: None}
    with pytest.raises(FeeUnknownError):
        fee("outdoor_advertisement", **answers)


@pytest.mark.parametrize(
    ("kind", "charged", "months", "yen"),
    [
        ("signboard", 2, 12, 6_600),
        ("signboard", 2, 18, 9_900),
        ("signboard", 1, 1, 275),
        ("pole", 3, 5, 1_125),
        ("pipe", 25, 12, 2_250),
        ("cable", 7, 7, 122),  # 122.5 yen: truncated
        ("cable", 40, 1, 100),  # exactly the minimum
        ("cable", 41, 1, 102),
        ("cable", 1, 1, 100),  # 2.5 yen: the minimum
        ("scaffold", 30, 2, 12_000),
        ("awning", 1, 11, 1_375),
        ("stall", 1, 1, 100),
    ],
)
def test_road_by_kind_quantity_and_months(kind: str, charged: int, months: int, yen: int) -> None:
    assert fee("road_occupancy", items=[item(kind, charged)], months=months).total == yen


def test_road_sums_its_objects_and_explains_each() -> None:
    found = fee(
        "road_occupancy", items=[item("signboard", 2), item("cable", 1), item("pole", 2)], months=12
    )
    assert amounts(found) == [6_600, 100, 1_800]
    assert found.total == 8_500
    assert found.lines[0].text["ja"] == "看板　年額3300円 × 2㎡ × 12/12か月"
    assert found.lines[0].text["en"] == "看板, ¥3300 a year × 2 m² × 12/12 months"


def test_road_waiver_is_asked_for_and_the_fee_still_known() -> None:
    found = fee("road_occupancy", items=[item("pole", 1)], months=12, fee_waiver=True)
    assert (found.waiver_asked, found.total) == (True, 900)


def test_road_without_the_size_of_an_object_has_no_fee_yet() -> None:
    with pytest.raises(FeeUnknownError):
        fee("road_occupancy", items=[item("signboard", None)], months=12)


@pytest.mark.parametrize(
    ("procedures", "yen"),
    [
        (["register"], [3_000]),
        (["register", "vaccination"], [3_000, 550]),
        (["vaccination"], [550]),
        (["vaccination", "reissue"], [550, 1_600]),
    ],
)
def test_dog_by_what_is_applied_for(procedures: list[str], yen: list[int]) -> None:
    assert amounts(fee("dog_registration", procedures=procedures)) == yen


@pytest.mark.parametrize(
    ("answers", "yen"),
    [
        ({"parts": ["park"], "park_act": "event", "days": 2}, [3_240]),
        ({"parts": ["park"], "park_act": "show", "days": 2}, [12_960]),
        ({"parts": ["park"], "park_act": "sale", "days": 2}, [320]),
        ({"parts": ["park"], "park_act": "photography", "cameras": 3, "days": 2}, [960]),
        ({"parts": ["park"], "park_act": "film", "cameras": 3, "days": 2}, [9_720]),
        ({"parts": ["road"], "days": 2, "months": 1, "items": [item("stall", 20)]}, [2_000]),
        ({"parts": ["stalls"], "days": 2}, []),
        (
            {
                "parts": ["park", "road", "stalls"], "park_act": "event", "days": 3, "months": 2,
                "items": [item("stall", 20), item("signboard", 1), item("scaffold", 1)],
            },
            [4_860, 4_000, 550, 400],
        ),
    ],
)  # fmt: skip
def test_event_is_the_sum_of_its_parts(answers: dict[str, Any], yen: list[int]) -> None:
    found = fee("event", **answers)
    assert (amounts(found), found.total) == (yen, sum(yen))


@pytest.mark.parametrize(
    "service", ["street_stalls", "school_aid", "tax_exempt_household", "child_medical_aid"]
)
def test_service_is_free_of_charge(service: str) -> None:
    assert fee(service).total == 0
    assert catalogue().get(service).fees.items == ()
