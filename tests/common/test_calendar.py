"""Working days and era dates; vectors from the calendar of the Cabinet Office."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.calendar import add_working_days, is_working_day, wareki, working_days_between


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 11, 24), True),  # a Tuesday
        (date(2026, 11, 23), False),  # 勤労感謝の日
        (date(2026, 11, 21), False),  # Saturday
        (date(2026, 9, 22), False),  # 国民の休日 between two holidays
        (date(2025, 5, 6), False),  # 振替休日
        (date(2026, 12, 28), True),
        (date(2026, 12, 29), False),
        (date(2027, 1, 1), False),
        (date(2027, 1, 3), False),
        (date(2027, 1, 4), True),
        (date(2028, 2, 29), True),  # leap day, a Tuesday
    ],
)
def test_working_day_by_the_official_calendar(day: date, expected: bool) -> None:
    assert is_working_day(day) is expected


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        (date(2026, 11, 24), 6, date(2026, 12, 2)),
        (date(2026, 12, 25), 6, date(2027, 1, 8)),  # over the New Year closing
        (date(2026, 4, 28), 6, date(2026, 5, 12)),  # over Golden Week
        (date(2028, 2, 25), 2, date(2028, 2, 29)),  # over a weekend onto the leap day
        (date(2026, 11, 21), 1, date(2026, 11, 24)),  # received on a Saturday before a holiday
        (date(2026, 11, 21), 0, date(2026, 11, 24)),
        (date(2026, 11, 24), 0, date(2026, 11, 24)),
    ],
)
def test_add_working_days_does_not_count_the_first_day(start: date, days: int, due: date) -> None:
    assert add_working_days(start, days) == due


def test_add_working_days_skips_the_towns_own_closing_days() -> None:
    closed = frozenset({date(2026, 11, 25)})
    assert add_working_days(date(2026, 11, 24), 1, closed) == date(2026, 11, 26)


def test_add_working_days_refuses_a_negative_number() -> None:
    with pytest.raises(ValueError, match="negative"):
        add_working_days(date(2026, 11, 24), -1)


@given(st.dates(date(2020, 1, 1), date(2035, 12, 31)), st.integers(min_value=0, max_value=60))
def test_working_days_between_undoes_add_working_days(start: date, days: int) -> None:
    due = add_working_days(start, days)
    if days:
        assert working_days_between(start, due) == days
    assert is_working_day(due)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 4, 1), "令和8年4月1日"),
        (date(2019, 5, 1), "令和元年5月1日"),
        (date(2019, 4, 30), "平成31年4月30日"),
        (date(1989, 1, 7), "昭和64年1月7日"),
        (date(1926, 12, 24), "大正15年12月24日"),
        (date(1912, 7, 29), "明治45年7月29日"),
        (date(1860, 1, 1), "1860年1月1日"),
    ],
)
def test_wareki_changes_era_on_the_day(day: date, expected: str) -> None:
    assert wareki(day) == expected
