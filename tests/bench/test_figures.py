from __future__ import annotations

import json

import pytest

from bench.figures import Figure, exactly, median, p95, percentile


def test_figure_without_a_limit_informs_only() -> None:
    assert Figure("requests", 12.5, "1/s").holds


@pytest.mark.parametrize(("value", "holds"), [(1.49, True), (1.5, True), (1.51, False)])
def test_figure_holds_up_to_its_limit(value: float, holds: bool) -> None:
    assert Figure("ratio", value, "×", 1.5).holds is holds


def test_figure_is_one_line_of_json() -> None:
    line = Figure("ratio", 1.2, "×", 1.5).as_json()
    assert "\n" not in line
    assert json.loads(line) == {
        "figure": "ratio",
        "value": 1.2,
        "unit": "×",
        "limit": 1.5,
        "holds": True,
    }


def test_exact_count_misses_in_both_directions() -> None:
    assert [figure.holds for figure in exactly("cases", 200, 200, "cases")] == [True, True]
    assert [figure.holds for figure in exactly("cases", 199, 200, "cases")] == [True, False]
    assert [figure.holds for figure in exactly("cases", 201, 200, "cases")] == [True, False]


def test_percentiles_are_values_that_were_measured() -> None:
    values = [float(number) for number in range(1, 101)]
    assert p95(values) == 95.0
    assert percentile(values, 100) == 100.0
    assert percentile([7.0], 95) == 7.0
    assert p95([3.0, 1.0, 2.0]) == 3.0
    assert median([1.0, 9.0, 2.0]) == 2.0
