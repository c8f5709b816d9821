"""What is refused at publication, with the place."""

import pytest

from rules import RuleError, compile_rule
from rules.errors import Position
from tests.rules.test_engine import VARIABLES


@pytest.mark.parametrize(
    ("source", "message", "position"),
    [
        ("nobody == 1", "no question 'nobody'", Position(1, 1)),
        ("count > 1 &&\n  nobody", "no question 'nobody'", Position(2, 3)),
        ('count == "five"', "int is never equal to a text", Position(1, 1)),
        ('start == "2026-04-01"', "date is never equal to a text", Position(1, 1)),
        ("end - start > 3", "use days_between", Position(1, 1)),
        ("count > start", "have no order", Position(1, 1)),
        ("area + 1", "double", Position(1, 1)),
        ("count && agreed", "each side of '&&' must be a bool", Position(1, 1)),
        ("agreed ? 1 : 'x'", "one side is a int", Position(1, 1)),
        ("!count", "must be a bool", None),
        ("-act", "'-' cannot go before a text", None),
        ("act in [1, 2]", "cannot look for", None),
        ("count in kinds", "cannot look for", None),
        ("children.name == 'x'", "has no part 'name'", None),
        ("address.street == 'x'", "has no part 'street'", None),
        ("children.exists(c, c.age > 3)", "has no part 'age'", None),
        ("children.exists(act, true)", "already means something", None),
        ("children.exists(size, true)", "meaning of its own", None),
        ("children.map(c, c.name)", "the result is a list", None),
        ("kinds.reduce(a, b)", "no method 'reduce'", None),
        ("act.matches(act)", "pattern written out", None),
        ('act.matches("(")', "not a regular expression", None),
        ('act.matches("a{9999}")', "too long", None),
        ("days_between(start)", "takes 2 values", None),
        ("days_between(start, count)", "must be a date", None),
        ("eval(act)", "no function 'eval'", None),
        ("size(act)", "length", None),
        ("timestamp(act)", "no function", None),
        ("area", "the result is a decimal", None),
        ("null", "the result is a null", None),
        ("99999999999999999999 > count", "too large", None),
        ("kinds[0] == 'x'", "not available", None),
        ("[] == kinds", "the list is empty", None),
        ("count >", "not a complete expression", None),
        ("children.exists(c, children.exists(d, children.exists(e, true)))", "at most 3", None),
        (
            "size(kinds.map(a, a).map(b, b).map(c, c).map(d, d)) > 1",
            "at most 3",
            None,
        ),
    ],
)
def test_rule_is_refused_with_reason_and_place(
    source: str, message: str, position: Position | None
) -> None:
    with pytest.raises(RuleError) as caught:
        compile_rule(source, VARIABLES)
    assert message in caught.value.message
    if position:
        assert caught.value.position == position
