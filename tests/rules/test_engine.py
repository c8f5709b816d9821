"""Results of rules, and what they make of answers that are missing."""

import pytest

import rules
from rules import BOOL, DATE, DECIMAL, INT, TEXT, RuleError, RuleFailed, compile_rule
from rules.types import list_of, map_of

CHILD = map_of({"name": TEXT, "born": DATE, "together": BOOL})
VARIABLES = {
    "act": TEXT,
    "area": DECIMAL,
    "count": INT,
    "start": DATE,
    "end": DATE,
    "agreed": BOOL,
    "kinds": list_of(TEXT),
    "children": list_of(CHILD),
    "address": map_of({"city": TEXT}),
    "today": DATE,
}
ANSWERS = {
    "act": "film",
    "area": "10.5",
    "count": 5,
    "start": "2026-04-01",
    "end": "2026-04-03",
    "agreed": True,
    "kinds": ["tent", "fire"],
    "children": [{"name": "あ", "born": "2025-01-01", "together": False}],
    "address": {"city": "汐見市"},
    "today": "2026-11-24",
}


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ('act == "film" && count > 3', True),
        ("act == 'film'", True),
        ('act in ["sale", "show"]', False),
        ('"fire" in kinds', True),
        ("days_between(start, end) + 1", 3),
        ("add_days(start, 3)", "2026-04-04"),
        ("add_months(date('2026-01-31'), 1)", "2026-02-28"),
        ("add_years(date('2024-02-29'), 1)", "2025-02-28"),
        ("months_between(start, today)", 7),
        ("charged_months(date('2026-04-01'), date('2027-03-31'))", 12),
        ("charged_months(date('2026-04-15'), date('2027-04-14'))", 12),
        ("charged_months(date('2026-04-15'), date('2027-04-15'))", 13),
        ("charged_months(date('2026-04-15'), date('2027-05-01'))", 14),
        ("charged_months(date('2026-04-15'), date('2027-04-13'))", 12),
        ("charged_months(date('2026-01-31'), date('2026-01-31'))", 1),
        ("charged_months(date('2026-01-31'), date('2026-02-01'))", 2),
        ("charged_months(date('2026-01-31'), date('2026-02-28'))", 2),
        ("charged_months(date('2026-12-31'), date('2027-01-01'))", 2),
        ("charged_months(date('2028-02-29'), date('2028-02-29'))", 1),
        ("charged_months(date('2028-02-29'), date('2029-02-28'))", 12),
        ("charged_months(date('2028-02-29'), date('2029-03-01'))", 13),
        ("charged_months(date('2027-03-01'), date('2028-02-29'))", 12),
        ("charged_months(date('2024-02-29'), date('2028-02-29'))", 49),
        ("charged_months(date('2026-04-02'), date('2026-04-01'))", None),
        ("fiscal_year(date('2027-03-31')) * 10000 + fiscal_year(start)", 20262026),
        ("months_in_fiscal_year(date('2026-10-15'), date('2027-06-03'), 2026)", 6),
        ("months_in_fiscal_year(date('2027-06-03'), date('2026-10-15'), 2026)", 0),
        ("days_in_fiscal_year(date('2026-10-15'), date('2027-06-03'), 2027)", 64),
        ("days_of_fiscal_year(2026) + days_of_fiscal_year(2027)", 731),
        ("round_down_to(area, 0)", None),
        ("round_up_to(area * 10.0, 10)", 110),
        ("year(start) * 10000 + month(start) * 100 + day(start)", 20260401),
        ("weekday(start)", 3),
        ("children.exists(c, years_between(c.born, today) < 3)", True),
        ("children.all(c, c.together)", False),
        ("size(children.filter(c, !c.together))", 1),
        ("sum(children.map(c, c.together ? 0 : 100))", 100),
        ("round_up(area) * 160", 1760),
        ("round_down(area)", 10),
        ("round_half_up(area)", 11),
        ("round_up(area * 2.0)", 21),
        ("area > 10", True),
        ("min(count, 3) + max(count, 3)", 8),
        ("length(act)", 4),
        ('address.city == "汐見市"', True),
        ('act.matches("^[a-z]{4}$")', True),
        ('act.startsWith("fi") || act.endsWith("x")', True),
        ("agreed ? string(count) : act", "5"),
        ("-count", -5),
        ("7 / 2", 3),
        ("7 % 2", 1),
    ],
)
def test_rule_with_all_answers_gives_exactly(source: str, result: object) -> None:
    assert compile_rule(source, VARIABLES)(ANSWERS) == result


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ('act == "film"', False),
        ("agreed", None),
        ("!agreed", None),
        ("count > 3", None),
        ("days_between(start, end)", None),
        ("children.exists(c, c.together)", False),
        ("size(children)", 0),
        ('"fire" in kinds', False),
        ("act != null && count > 3", False),
        ("agreed && count > 3", None),
        ("act == null || count > 3", True),
        ("address.city == 'x'", None),
    ],
)
def test_rule_without_answers_is_undecided_or_false(source: str, result: object) -> None:
    assert compile_rule(source, VARIABLES)({}) == result


@pytest.mark.parametrize(
    "source", ["count / 0", "9223372036854775807 + count", "count % (count - 5)"]
)
def test_rule_that_cannot_be_worked_out_fails_without_values(source: str) -> None:
    rule = compile_rule(source, VARIABLES)
    with pytest.raises(RuleFailed) as caught:
        rule(ANSWERS)
    assert "5" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("count", "5"),
        ("count", True),
        ("count", 2**70),
        ("agreed", "yes"),
        ("start", "yesterday"),
        ("area", "NaN"),
        ("kinds", ["x"] * 101),
        ("children", "x"),
        ("act", "x" * 10_001),
    ],
)
def test_value_of_the_wrong_type_is_refused(name: str, value: object) -> None:
    used = {"count": "count > 1", "agreed": "agreed", "start": "start == today"}
    used |= {"area": "area > 1.0", "kinds": "size(kinds) > 1", "children": "size(children) > 1"}
    used |= {"act": 'act == "x"'}
    with pytest.raises(RuleFailed) as caught:
        compile_rule(used[name], VARIABLES)(ANSWERS | {name: value})
    assert caught.value.kind == "wrong_type"


def test_failure_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    rule = compile_rule("years_between(start, end) > count / 0", VARIABLES)
    with pytest.raises(RuleFailed):
        rule(ANSWERS | {"start": "1999-12-31"})
    assert capfd.readouterr() == ("", "")


def test_variables_are_those_the_rule_uses() -> None:
    rule = compile_rule("children.exists(c, c.together) && count > 1", VARIABLES)
    assert rule.variables == frozenset({"children", "count"})


def test_simple_types_may_be_given_by_name() -> None:
    assert (
        compile_rule("rate * days", {"rate": "int", "days": INT})({"rate": 160, "days": 2}) == 320
    )


def test_reserved_name_cannot_be_a_variable() -> None:
    with pytest.raises(RuleError, match="'size' cannot be the name"):
        compile_rule("true", {"size": INT})
    assert "days_between" in rules.RESERVED


def test_callers_own_function_counts_beside_the_others() -> None:
    twice = rules.Function(lambda number: number * 2, (INT,), INT)
    rule = compile_rule("twice(max(count, 3))", VARIABLES, {"twice": twice})
    assert rule(ANSWERS) == 10
    with pytest.raises(RuleError, match="no function 'twice'"):
        compile_rule("twice(count)", VARIABLES)


@pytest.mark.parametrize("name", ["sum", "count"])
def test_callers_function_does_not_hide_what_has_the_name_already(name: str) -> None:
    taken = rules.Function(lambda number: number, (INT,), INT)
    with pytest.raises(RuleError, match=f"'{name}' cannot be the name"):
        compile_rule("1", VARIABLES, {name: taken})
