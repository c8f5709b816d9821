"""Expressions meant to hurt: refused, or harmless; never a crash, a hang or a leak."""

import contextlib
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forms.definitions import load
from forms.prepared import prepare
from rules import TEXT, RuleError, RuleFailed, compile_rule, explain, trial
from rules.gate import MAX_NESTING, MAX_SOURCE, MAX_TOKENS, check_shape
from tests.rules.test_engine import ANSWERS, VARIABLES

HOSTILE = {
    "long chain": " || ".join(["agreed"] * 20_000),
    "deep brackets": "(" * 100_000 + "1" + ")" * 100_000,
    "deep lists": "[" * 500 + "]" * 500,
    "doublings": "kinds" + ".map(x, x + x)" * 30,
    "nots": "!" * 1_000 + "agreed",
    "minuses": "-" * 1_000 + "count",
    "ternaries": "agreed ? " * 400 + "1" + " : 2" * 400,
    "long text": '"' + "a" * 5_000 + '"',
    "long list": "count in [" + ",".join("1" * 1 for _ in range(2_000)) + "]",
    "long name": "a" * 5_000,
    "nul": "agreed\x00",
    "newline in text": '"a\nb" == act',
    "raw text": 'r"a" == act',
    "bytes": 'b"a" == act',
    "triple quotes": '"""a""" == act',
    "unknown escape": '"\\u0041" == act',
    "comment": "agreed // and more",
    "backtick": "`agreed`",
    "map": '{"a": 1}.a == 1',
    "message": "Foo{a: 1}",
    "leading dot": ".agreed",
    "unsigned": "1u == count",
    "exponent": "1e999 > area",
    "hex": "0xff == count",
    "full-width digits": "count > １",
    "right-to-left": "agreed \u202e",
    "surrogate": "act == '\ud800'",
    "semicolon": "agreed; agreed",
    "assignment": "count = 5",
    "lambda": "lambda: 1",
    "dunder": "act.__class__ == act",
    "python": "__import__('os')",
    "optional": "optional.of(1) == 1",
    "has": "has(address.city)",
    "type": "type(act) == string",
    "duration": 'duration("1h") > duration("1m")',
    "unclosed": "(agreed",
    "crossed": "([agreed)]",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_source_is_refused_quickly(name: str) -> None:
    began = time.perf_counter()
    with pytest.raises(RuleError):
        compile_rule(HOSTILE[name], VARIABLES)
    assert time.perf_counter() - began < 1.0


def test_largest_allowed_source_is_evaluated() -> None:
    """What just passes the gate must not come near the engine's limits."""
    chain = " || ".join(["agreed"] * ((MAX_TOKENS - 1) // 2))
    nested = "(" * MAX_NESTING + "agreed" + ")" * MAX_NESTING
    for source in (chain, nested, "!!!agreed"):
        assert len(source) <= MAX_SOURCE
        assert isinstance(compile_rule(source, VARIABLES)(ANSWERS), bool)


def test_regular_expression_bomb_ends_in_the_trial() -> None:
    source = 'act.matches("((a{99}){99}){99}")'
    try:
        rule = compile_rule(source, VARIABLES)
        trial.try_out([("question 'x'", source, VARIABLES)])
    except RuleError:
        return
    with pytest.raises(RuleFailed):
        rule(ANSWERS)


def test_trial_passes_ordinary_rules() -> None:
    sources = ["children.exists(c, years_between(c.born, today) < 3)", "count / count > 0"]
    trial.try_out([(f"rule {n}", source, VARIABLES) for n, source in enumerate(sources)])


def test_trial_names_the_rule_that_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The child is made to end after the first rule, as a crash of the engine would."""
    code = "print('ok', flush=True); import os; os.abort()"
    real = subprocess.Popen

    def popen(_command: list[str], **options: object) -> object:
        return real([sys.executable, "-c", code], **options)

    monkeypatch.setattr(trial.subprocess, "Popen", popen)
    with pytest.raises(RuleError, match="second: the rule takes too much"):
        trial.try_out([("first", "true", {}), ("second", "true", {})])


def test_trial_ends_a_rule_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    real = subprocess.Popen
    code = "import time; time.sleep(60)"

    def popen(_command: list[str], **options: object) -> object:
        return real([sys.executable, "-c", code], **options)

    monkeypatch.setattr(trial.subprocess, "Popen", popen)
    with pytest.raises(RuleError, match="only: the rule takes too much"):
        trial.try_out([("only", "true", {})], seconds=-9)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=200))
def test_any_text_is_refused_or_a_rule(source: str) -> None:
    try:
        compile_rule(source, VARIABLES)
    except RuleError:
        return


_NAMES = st.sampled_from([*VARIABLES, "c", "x", "nobody"])
_LEAVES = _NAMES | st.sampled_from(["1", "2.5", "true", "null", '"a"', "'あ'", '"2026-01-01"'])


def _grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    binary = st.sampled_from(["&&", "||", "==", "!=", "<", ">=", "+", "-", "*", "/", "%", "in"])
    call = st.sampled_from(
        ["size", "length", "date", "round_up", "sum", "year", "string", "double"]
    )
    two = st.sampled_from(["days_between", "add_months", "min", "years_between"])
    macro = st.sampled_from(["exists", "all", "map", "filter"])
    return (
        st.builds(lambda a, o, b: f"({a} {o} {b})", inner, binary, inner)
        | st.builds(lambda f, a: f"{f}({a})", call, inner)
        | st.builds(lambda f, a, b: f"{f}({a}, {b})", two, inner, inner)
        | st.builds(lambda a, m, b: f"{a}.{m}(c, {b})", inner, macro, inner)
        | st.builds(lambda a, b, c: f"({a} ? {b} : {c})", inner, inner, inner)
        | st.builds(lambda a: f"!({a})", inner)
        | st.builds(lambda a: f"-({a})", inner)
        | st.builds(lambda a, f: f"{a}.{f}", inner, st.sampled_from(["city", "name", "born"]))
    )


EXPRESSIONS = st.recursive(_LEAVES, _grow, max_leaves=12)


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    source=EXPRESSIONS,
    missing=st.sets(st.sampled_from(sorted(ANSWERS))),
    number=st.integers(-(2**63), 2**63 - 1),
    text=st.text(max_size=50),
    day=st.dates(),
)
def test_whatever_passes_the_check_has_the_declared_type(
    source: str, missing: set[str], number: int, text: str, day: object
) -> None:
    """The check and the engine agree: no panic, no other type than announced."""
    try:
        rule = compile_rule(source, VARIABLES)
    except RuleError:
        return
    values = ANSWERS | {"count": number, "act": text, "start": day}
    try:
        result = rule({name: value for name, value in values.items() if name not in missing})
    except RuleFailed:
        return
    expected = {"bool": bool, "int": int, "text": str, "date": str}[rule.gives.kind]
    assert result is None or type(result) is expected


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=300))
def test_no_value_can_break_a_text_rule(value: str) -> None:
    rule = compile_rule('act == "x" || act.contains("é") || length(act) > 3', {"act": TEXT})
    assert isinstance(rule({"act": value}), bool)


# --- expressions of the right types, and real rules broken ---------------------------------
def _typed(depth: int) -> dict[str, st.SearchStrategy[str]]:
    """Expressions by type that mostly pass the check, so that the engine is what is tried."""
    if depth == 0:
        return {
            "bool": st.sampled_from(["agreed", "true", '"fire" in kinds', "address.city == act"]),
            "int": st.sampled_from(["count", "0", "9223372036854775807", "size(kinds)", "-1"]),
            "text": st.sampled_from(["act", '"あ"', '""', "address.city"]),
            "date": st.sampled_from(["start", "end", "today", 'date("0001-01-01")', 'date("x")']),
        }
    lower = _typed(depth - 1)
    b, i, t, d = (lower[kind] for kind in ("bool", "int", "text", "date"))
    each = st.sampled_from(["exists", "all", "exists_one"])
    return {
        "bool": st.builds("({} && {})".format, b, b)
        | st.builds("({} || {})".format, b, b)
        | st.builds("!({})".format, b)
        | st.builds("({} {} {})".format, i, st.sampled_from(["<", "==", ">="]), i)
        | st.builds("({} < {})".format, d, d)
        | st.builds("{}.contains({})".format, t, t)
        | st.builds("children.{}(c, c.together || {})".format, each, b)
        | st.builds("kinds.{}(k, k == {})".format, each, t),
        "int": st.builds("({} {} {})".format, i, st.sampled_from(["+", "-", "*", "/", "%"]), i)
        | st.builds("({} ? {} : {})".format, b, i, i)
        | st.builds("years_between({}, {})".format, d, d)
        | st.builds("length({})".format, t)
        | st.builds("sum(children.map(m, m.together ? {} : 1))".format, i)
        | st.builds("size(children.filter(f, {}))".format, b),
        "text": st.builds("({} + {})".format, t, t) | st.builds("string({})".format, i),
        "date": st.builds("add_days({}, {})".format, d, i)
        | st.builds("add_months({}, {})".format, d, i),
    }


TYPED = st.one_of(*_typed(2).values())
#: As much as a group and a text of a form hold at most.
LARGEST = ANSWERS | {
    "act": "あ" * 2_000,
    "kinds": ["k" * 60] * 50,
    "children": [{"name": "あ" * 100, "born": "2025-01-01", "together": False}] * 50,
}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TYPED)
def test_accepted_rule_ends_in_time_with_the_largest_values(source: str) -> None:
    try:
        rule = compile_rule(source, VARIABLES)
    except RuleError:
        return
    for values in (ANSWERS, LARGEST, {}):
        began = time.process_time()
        try:
            result = rule(values)
        except RuleFailed:
            result = None
        assert explain(rule, values).result == result
        assert time.process_time() - began < 2.0


def test_generated_rules_pass_the_trial_in_a_process_of_its_own() -> None:
    """Many at once: a process for each would take a second each."""
    accepted = []

    @settings(max_examples=40, deadline=None, database=None, derandomize=True)
    @given(TYPED)
    def collect(source: str) -> None:
        with contextlib.suppress(RuleError):
            compile_rule(source, VARIABLES)
            accepted.append((f"rule {len(accepted)}", source, VARIABLES))

    collect()
    assert len(accepted) > 20
    trial.try_out(accepted)


_REAL = [
    re.sub(r"\s+", " ", source)
    for path in sorted((Path(__file__).parents[2] / "services").glob("*/*/form.yaml"))
    for _place, source, _variables in prepare(load(path.read_text("utf-8"))).rules_for_trial()
]
_NAMES_OF_REAL = {
    path.parent.name: prepare(load(path.read_text("utf-8"))).variables
    for path in sorted((Path(__file__).parents[2] / "services").glob("*/*/form.yaml"))
}
_ALL_REAL = {name: kind for found in _NAMES_OF_REAL.values() for name, kind in found.items()}
_BITS = st.sampled_from(
    [
        "(",
        ")",
        "[",
        "]",
        "!",
        "-",
        "&&",
        "||",
        "==",
        "? :",
        ".",
        ",",
        "'",
        '"',
        "null",
        "in",
        "has(",
        ".map(x, x)",
        ".exists(c, true)",
        "9" * 30,
        "1.5",
        "\\",
        "//",
        "\x00",
        "あ",
        "\u202e",
        "\ud800",
        "}",
    ]
)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_real_rule_with_pieces_changed_is_refused_or_a_rule(data: st.DataObject) -> None:
    source = data.draw(st.sampled_from(_REAL))
    for _ in range(data.draw(st.integers(1, 3))):
        words = re.findall(r"\w+|\s+|.", source)
        at = data.draw(st.integers(0, len(words)))
        change = data.draw(st.sampled_from(["insert", "remove", "repeat", "wrap"]))
        if change == "insert":
            words.insert(at, data.draw(_BITS))
        elif change == "remove":
            del words[at : at + data.draw(st.integers(1, 4))]
        elif change == "repeat":
            words[at : at + 3] = words[at : at + 3] * data.draw(st.sampled_from([2, 40, 2_000]))
        else:
            words = ["(", *words, ")"] * data.draw(st.sampled_from([1, 2]))
        source = "".join(words)[:20_000]
    began = time.process_time()
    with contextlib.suppress(RuleError, RuleFailed):
        rule = compile_rule(source, _ALL_REAL)
        rule({})
    assert time.process_time() - began < 1.0


def test_flood_of_memory_ends_in_the_trial() -> None:
    longer = " + ".join(["act"] * 120)
    source = f"size(kinds.map(a, kinds.map(b, {longer}))) > 0"
    compile_rule(source, VARIABLES)  # nothing in its form gives it away
    with pytest.raises(RuleError, match="too much time or memory"):
        trial.try_out([("question 'x'", source, VARIABLES)])


def test_gate_measures_bytes_not_characters() -> None:
    with pytest.raises(RuleError, match="longer than"):
        check_shape('act == "' + "あ" * 600 + '"')
