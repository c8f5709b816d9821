"""Running numbers: by prefix and fiscal year, without gaps."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import transaction

from cases import numbers
from common.calendar import fiscal_year


@pytest.mark.parametrize(
    ("day", "year"),
    [
        (date(2026, 3, 31), 2025),
        (date(2026, 4, 1), 2026),
        (date(2026, 12, 31), 2026),
        (date(2027, 1, 1), 2026),
    ],
)
def test_fiscal_year_starts_in_april(day: date, year: int) -> None:
    assert fiscal_year(day) == year


def test_each_prefix_and_fiscal_year_counts_by_itself(town: Any) -> None:
    given = [
        numbers.next_number(prefix, day)
        for prefix, day in (
            ("試", date(2026, 3, 31)),
            ("試", date(2026, 4, 1)),
            ("試", date(2027, 3, 31)),
            ("験", date(2026, 4, 1)),
        )
    ]
    assert given == ["試2025-1", "試2026-1", "試2026-2", "験2026-1"]


def test_number_that_was_rolled_back_is_given_again(town: Any) -> None:
    day = date(2026, 4, 1)
    with transaction.atomic():
        assert numbers.next_number("試", day) == "試2026-1"
        transaction.set_rollback(True)
    assert numbers.next_number("試", day) == "試2026-1"
