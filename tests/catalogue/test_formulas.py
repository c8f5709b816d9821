"""What ordinances ask of a fee, as data: each a row with its definition, answers and yen."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.amounts import Rounding
from catalogue.fees import Fee, FeeSchedule
from catalogue.instalments import Instalments
from catalogue.registry import catalogue
from forms import definitions

FORM = definitions.load(
    {
        "key": "formulas",
        "title": "式",
        "steps": [
            {
                "id": "all",
                "title": "すべて",
                "questions": [
                    {"id": "area", "type": "number", "label": "面積", "decimals": 2},
                    {"id": "days", "type": "number", "label": "日数"},
                    {"id": "first", "type": "date", "label": "初日"},
                    {"id": "last", "type": "date", "label": "末日"},
                    {
                        "id": "stalls",
                        "type": "group",
                        "label": "露店",
                        "item_label": "露店",
                        "questions": [{"id": "breadth", "type": "number", "label": "広さ"}],
                    },
                ],
            }
        ],
    }
)
RATES = {"unit": 137, "least": 100, "most": 5_000, "a": 300, "b": 500, "c": 90}
TABLE = {
    "steps": [{"under": 10, "rate": "a"}, {"up_to": 50, "rate": "b"}],
    "beyond": {"each": 10, "rate": "c"},
}


def schedule(**declared: Any) -> FeeSchedule:
    made = FeeSchedule.model_validate({"rates": RATES, **declared})
    made.check(FORM)
    return made


def fee(answers: dict[str, Any], total: dict[str, Any] | None = None, **item: Any) -> Fee:
    declared = {"items": [{"text": "x", **item}], "tables": {"size": TABLE}}
    return schedule(**declared, **({"total": total} if total else {})).fee(FORM, answers)


YEAR = {"first": "2026-10-15", "last": "2027-06-03"}


@pytest.mark.parametrize(
    ("amount", "answers", "yen"),
    [
        # per day, per square metre begun, per entry
        ("rate_unit * days", {"days": 3}, 411),
        ("rate_unit * round_up(area)", {"area": "10.00"}, 1_370),
        ("rate_unit * round_up(area)", {"area": "10.01"}, 1_507),
        # stepwise
        ("table_size(area)", {"area": "9.99"}, 300),
        ("table_size(area)", {"area": "10.00"}, 500),
        ("table_size(area)", {"area": "50.00"}, 500),
        ("table_size(area)", {"area": "50.01"}, 590),
        ("table_size(area)", {"area": "70.00"}, 680),
        # a yearly rate by the month, whole yen
        ("rate_unit * 1000 * charged_months(first, last) / 12", YEAR, 102_750),
        # the months and days of one fiscal year; 15 October to 31 March touches six months
        ("rate_unit * months_in_fiscal_year(first, last, 2026)", YEAR, 822),
        ("rate_unit * months_in_fiscal_year(first, last, 2027)", YEAR, 411),
        ("rate_unit * months_in_fiscal_year(first, last, 2028)", YEAR, 0),
        ("days_in_fiscal_year(first, last, 2026)", YEAR, 168),
        ("days_in_fiscal_year(first, last, 2027)", YEAR, 64),
        ("365 * days_in_fiscal_year(first, last, 2026) / days_of_fiscal_year(2026)", YEAR, 168),
        ("days_of_fiscal_year(2027)", {}, 366),  # 29 February 2028
        ("fiscal_year(first)", {"first": "2027-03-31"}, 2026),
        ("fiscal_year(first)", {"first": "2027-04-01"}, 2027),
        # to a multiple: down, up, half up
        ("round_down_to(area * 137.0, 10)", {"area": "1.00"}, 130),
        ("round_up_to(area * 137.0, 10)", {"area": "1.00"}, 140),
        ("round_half_up_to(area * 135.0, 10)", {"area": "1.00"}, 140),
        ("round_half_up_to(area * 134.0, 10)", {"area": "1.00"}, 130),
        ("round_down_to(area * 100.0, 10)", {"area": "1.10"}, 110),  # no noise of floats
        ("max(rate_least, min(rate_most, rate_unit * days))", {"days": 40}, 5_000),
    ],
)  # fmt: skip
def test_formula_gives_whole_yen(amount: str, answers: dict[str, Any], yen: int) -> None:
    assert fee(answers, amount=amount).total == yen


@pytest.mark.parametrize(
    ("bounds", "days", "yen"),
    [
        ({}, 3, 411),
        ({"rounding": {"to": 10}}, 3, 410),
        ({"rounding": {"to": 10, "way": "up"}}, 3, 420),
        ({"rounding": {"to": 10, "way": "half_up"}}, 3, 410),
        ({"rounding": {"to": 100, "way": "half_up"}}, 4, 500),
        ({"rounding": {"to": 100, "way": "down"}}, 0, 0),
        ({"minimum": "least"}, 0, 100),
        ({"minimum": "a"}, 1, 300),
        ({"maximum": "most"}, 40, 5_000),
        ({"rounding": {"to": 100}, "minimum": "least", "maximum": "most"}, 5, 600),
    ],
)
def test_item_is_rounded_then_bounded(bounds: dict[str, Any], days: int, yen: int) -> None:
    assert fee({"days": days}, amount="rate_unit * days", **bounds).total == yen


def test_each_entry_has_its_own_minimum() -> None:
    found = fee({"stalls": [{"breadth": 1}, {"breadth": 3}]}, each="stalls",
                amount="breadth * 40", minimum="least")  # fmt: skip
    assert [line.amount for line in found.lines] == [100, 120]


@pytest.mark.parametrize(
    ("total", "days", "lines"),
    [
        ({"rounding": {"to": 100}}, 3, [411, -11]),
        ({"rounding": {"to": 100, "way": "up"}}, 3, [411, 89]),
        ({"minimum": "a"}, 1, [137, 163]),
        ({"maximum": "most"}, 40, [5_480, -480]),
        ({"rounding": {"to": 100}, "minimum": "a"}, 1, [137, -37, 200]),
        ({"minimum": "a"}, 0, [0]),  # nothing to pay stays nothing
        ({"rounding": {"to": 1}}, 3, [411]),
    ],
)
def test_total_is_changed_by_lines_of_their_own(
    total: dict[str, Any], days: int, lines: list[int]
) -> None:
    found = fee({"days": days}, total, amount="rate_unit * days")
    assert [line.amount for line in found.lines] == lines


@pytest.mark.parametrize(
    ("declared", "place"),
    [
        ({"items": [{"amount": "1 +", "text": "x"}]}, "item 1: "),
        ({"items": [{"amount": "'a'", "text": "x"}]}, "item 1: amount gives a text"),
        ({"items": [{"amount": "area", "text": "x"}]}, "item 1: the result is a decimal"),
        ({"items": [{"amount": "1", "text": "{moon}"}]}, "item 1: the text has no number"),
        ({"items": [{"amount": "1", "text": "{days"}]}, "item 1: the text: "),
        ({"items": [{"amount": "1", "when": "days", "text": "x"}]}, "item 1: when gives a int"),
        ({"items": [{"amount": "1", "text": "x", "minimum": "moon"}]}, "item 1: no rate 'moon'"),
        ({"items": [{"amount": "1", "text": "x", "minimum": "most", "maximum": "least"}]},
         "item 1: minimum 'most' is above maximum 'least'"),
        ({"total": {"maximum": "moon"}}, "total: no rate 'moon'"),
        ({"total": {"rounding": {"to": 0}}}, "total.rounding.to"),
        ({"total": {"rounding": {"to": 10, "way": "sideways"}}}, "total.rounding.way"),
        ({"rates": {"x": -1}}, "rates.x: it is below zero"),
        ({"items": [{"amount": "months_in_fiscal_year(first, last)", "text": "x"}]}, "item 1: "),
        ({"items": [{"amount": "table_moon(area)", "text": "x"}]}, "item 1: "),
        ({"instalments": {"by": "fiscal_year"}}, "first and the last day"),
        ({"instalments": {"by": "fiscal_year", "first": "moon", "last": "last"}},
         "instalments: no question 'moon'"),
        ({"instalments": {"by": "fiscal_year", "first": "days", "last": "last"}},
         "instalments: question 'days' is no date"),
        ({"instalments": {"by": "equal", "due": "02-30"}}, "there is no 02-30"),
        ({"instalments": {"by": "equal", "parts": 1}}, "instalments.parts"),
        ({"instalments": {"by": "equal", "at_most": 3}}, "at_most: equal parts"),
        ({"unpaid": {"then": "lapse", "lapse_days": 5}}, "lapse_days"),
    ],
)  # fmt: skip
def test_definition_that_cannot_work_is_refused_with_its_place(
    declared: dict[str, Any], place: str
) -> None:
    with pytest.raises(ValueError, match="(?s)" + place.replace("(", r"\(")):
        schedule(**declared)


@given(st.integers(0, 10**9), st.sampled_from([1, 5, 10, 50, 100, 1000]))
def test_rounding_gives_the_neighbouring_multiples(yen: int, to: int) -> None:
    down, up, half = (
        Rounding(to=to, way=way).apply(yen)  # type: ignore[arg-type]
        for way in ("down", "up", "half_up")
    )
    assert down <= yen <= up < down + to + (yen % to > 0)
    assert (down % to, up % to) == (0, 0)
    assert half == (up if yen % to * 2 >= to else down)


BY_YEAR = Instalments(by="fiscal_year", first="first", last="last")


@pytest.mark.parametrize(
    ("first", "last", "total", "parts"),
    [
        # 6 + 12 + 3 months; what does not divide is in the first
        ("2026-10-15", "2028-06-03", 21_001, [(6_001, None), (12_000, (2027, 4, 30)),
                                             (3_000, (2028, 4, 30))]),
        ("2026-10-15", "2027-03-31", 21_000, [(21_000, None)]),
        ("2027-03-31", "2027-04-01", 101, [(51, None), (50, (2027, 4, 30))]),
        ("2026-04-01", "2031-03-31", 5, [(1, None), (1, (2027, 4, 30)), (1, (2028, 4, 30)),
                                         (1, (2029, 4, 30)), (1, (2030, 4, 30))]),
        ("2026-04-01", "2031-03-31", 4, [(4, None)]),  # no part of nothing
        ("2026-04-01", "", 900, [(900, None)]),
    ],
)  # fmt: skip
def test_instalments_by_fiscal_year(
    first: str, last: str, total: int, parts: list[tuple[int, tuple[int, int, int] | None]]
) -> None:
    found = BY_YEAR.plan(total, {"first": first, "last": last}, date(2026, 10, 1))
    assert [(part.amount, part.due_on) for part in found] == [
        (amount, date(*due) if due else None) for amount, due in parts
    ]


@pytest.mark.parametrize(
    ("last", "parts"),
    [
        # 6 + 12 + the other months that are left
        ("2031-09-30", [(6_000, "Fiscal year 2026"), (12_000, "Fiscal year 2027"),
                        (42_000, "Fiscal years 2028 to 2031")]),
        ("2029-03-31", [(12_000, "Fiscal year 2026"), (24_000, "Fiscal year 2027"),
                        (24_000, "Fiscal year 2028")]),
        ("2028-03-31", [(20_000, "Fiscal year 2026"), (40_000, "Fiscal year 2027")]),
    ],
)  # fmt: skip
def test_instalments_by_fiscal_year_are_three_at_most_for_a_road(
    last: str, parts: list[tuple[int, str]]
) -> None:
    plan = catalogue().get("road_occupancy").fees.instalments
    assert plan is not None
    answers = {"use_from": "2026-10-01", "use_to": last}
    found = plan.plan(60_000, answers, date(2026, 9, 20))
    assert [(part.amount, part.text["en"]) for part in found] == parts
    assert found[-1].due_on == date(2025 + len(parts), 4, 30)
    if len(parts) == 3 and "to" in parts[-1][1]:
        assert found[-1].text["ja"] == "令和10年度分から令和13年度分まで"


def test_instalments_in_equal_parts_end_on_the_last_day_of_a_short_month() -> None:
    plan = Instalments(by="equal", parts=3, unit=100, above=999)
    found = plan.plan(1_000, {}, date(2026, 12, 31))
    assert [(part.amount, part.due_on) for part in found] == [
        (400, None), (300, date(2027, 1, 31)), (300, date(2027, 2, 28)),
    ]  # fmt: skip
    assert found[1].text["en"] == "Part 2 of 3"
    assert len(plan.plan(999, {}, date(2026, 12, 31))) == 1


@given(
    st.integers(1, 10**7), st.integers(0, 3000), st.integers(0, 2500), st.sampled_from([1, 100]),
    st.sampled_from([None, 2, 3]),
)  # fmt: skip
def test_instalments_add_up_to_the_fee(
    total: int, start: int, length: int, unit: int, at_most: int | None
) -> None:
    first = date.fromordinal(date(2024, 1, 1).toordinal() + start)
    last = date.fromordinal(first.toordinal() + length)
    plan = BY_YEAR.model_copy(update={"unit": unit, "at_most": at_most})
    answers = {"first": first.isoformat(), "last": last.isoformat()}
    found = plan.plan(total, answers, first)
    assert sum(part.amount for part in found) == total
    assert all(part.amount > 0 for part in found)
    assert at_most is None or len(found) <= at_most
    days = [part.due_on for part in found[1:]]
    assert days == sorted(day for day in days if day is not None)
