"""Why, in words: the answers that made a rule of the form come out as it did.

``rules.explain`` names the values; here they get the labels of their questions and the form in
which people read them, in the active language.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

import rules
from forms import display
from forms.display import Row, StepRows
from forms.parts import COMPOSITES
from forms.prepared import TODAY, Node, Prepared, Within
from forms.questions import GroupQuestion, MultipleQuestion
from forms.state import Answers, is_empty
from forms.validation import Cause
from rules import Fact, Rule

#: More lines nobody reads; the rest is counted.
MOST_LINES = 12
LONGEST_ANSWER = 120


@dataclass(frozen=True, slots=True)
class Because:
    """One line for each answer that counted (“Child 2: date of birth” is “1 May 2024”).

    `questions` are the top-level questions whose answers the lines repeat.
    """

    lines: tuple[str, ...] = field(repr=False)
    questions: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.lines)


@dataclass(frozen=True, slots=True)
class Why:
    """What is explained (why it was asked, required, how computed), and the answers behind it."""

    title: str
    because: Because


def of_rule(prepared: Prepared, rule: Rule, values: Answers, within: Within = ()) -> Because:
    """Why `rule` gives what it gives for `values`, in the active language."""
    return of_facts(prepared, rules.explain(rule, values).deciding(), within)


def of_cause(prepared: Prepared, cause: Cause) -> Because:
    """Why a check refuses an answer, or why one is required."""
    return of_rule(prepared, cause.rule, cause.values, cause.within)


def of_facts(prepared: Prepared, facts: Iterable[Fact], within: Within = ()) -> Because:
    """The facts in words, in the active language; `within`: the entries that the rule is about."""
    language = get_language() or "ja"
    facts = list(facts)
    told = (line for fact in facts for line in _lines(prepared, fact, within, language))
    lines = list(dict.fromkeys(told))
    if len(lines) > MOST_LINES:
        more = len(lines) - MOST_LINES + 1
        lines[MOST_LINES - 1 :] = [
            ngettext("and %(more)s more answer", "and %(more)s more answers", more) % {"more": more}
        ]
    return Because(tuple(lines), frozenset(_top(prepared, fact) for fact in facts) - {TODAY})


def _top(prepared: Prepared, fact: Fact) -> str:
    node = prepared.nodes.get(fact.name)
    return node.top_id if node else fact.name


def _lines(prepared: Prepared, fact: Fact, within: Within, language: str) -> Iterator[str]:
    if fact.name == TODAY:
        day = fact.value.isoformat() if isinstance(fact.value, dt.date) else str(fact.value)
        yield _("Reckoned on %(day)s") % {"day": display.date_text(day, language)}
        return
    node = prepared.nodes.get(fact.name)
    if node is None:
        return
    # A rule of an entry reads the answers beside it, and those of the entry around.
    around, value = within[: len(node.groups)], fact.value
    if node.items and fact.entry is not None:
        around = (*around, (node.id, fact.entry))
        inner = next((item for item in node.items if item.id == fact.part), None)
        if inner is None:
            return
        node = inner
    elif fact.entry is not None and isinstance(node.question, MultipleQuestion):
        value = [value]
    if fact.inner and node.items and isinstance(value, list) and value:
        yield from _of_entries(prepared, node, fact, around, language)
    else:
        yield _sentence(_label(prepared, node, around, language), node, fact, value, language)


def _of_entries(
    prepared: Prepared, group: Node, fact: Fact, around: Within, language: str
) -> Iterator[str]:
    """The part that a rule read of every entry of a group within the entry."""
    node = next((item for item in group.items if item.id == fact.inner), None)
    for index, entry in enumerate(fact.value if node else ()):
        label = _label(prepared, node, (*around, (group.id, index)), language)  # type: ignore[arg-type]
        yield _sentence(label, node, fact, entry.get(fact.inner), language)  # type: ignore[arg-type]


def _label(prepared: Prepared, node: Node, within: Within, language: str) -> str:
    places = []
    for group_id, index in within:
        group = prepared.nodes[group_id].question
        if isinstance(group, GroupQuestion):
            places.append(f"{group.item_label.in_language(language)} {index + 1}")
    return display.in_entry(places, node.question.label.in_language(language), language)


def _sentence(label: str, node: Node, fact: Fact, value: Any, language: str) -> str:
    if isinstance(value, list) and node.question.type in {"group", "file"}:
        count = len(value)
        words = (
            ngettext(
                "“%(question)s” has %(count)s entry", "“%(question)s” has %(count)s entries", count
            )
            if node.question.type == "group"
            else ngettext(
                "“%(question)s” has %(count)s file", "“%(question)s” has %(count)s files", count
            )
        )
        return words % {"question": label, "count": count}
    if is_empty(value):
        return _("“%(question)s” is not answered") % {"question": label}
    # A part of an address or a person is a text of its own.
    whole = isinstance(value, Mapping) or node.question.type not in COMPOSITES
    text = display.text_of(node.question, value, language) if whole else str(value)
    text = " ".join(text.split())
    if len(text) > LONGEST_ANSWER:
        text = f"{text[: LONGEST_ANSWER - 1]}…"
    return _("“%(question)s” is “%(answer)s”") % {"question": label, "answer": text}


# --- for staff: every conditional and computed answer ---------------------------------------------
def explained(
    steps: Iterable[StepRows],
    prepared: Prepared,
    answers: Answers,
    on: dt.date,
    *,
    seen: Iterable[str] | None = None,
) -> list[StepRows]:
    """`steps` with each row's reasons, as the rules saw it on the day `on`. No query.

    With `seen`, a reason that would tell an answer to another question is left out.
    """
    values: dict[str, Any] = {**answers, TODAY: on}
    readable = None if seen is None else frozenset(seen)

    def told(whys: Iterable[Why]) -> tuple[Why, ...]:
        return tuple(
            why
            for why in whys
            if why.because and (readable is None or why.because.questions <= readable)
        )

    found = []
    for step in steps:
        rows = [_with_why(row, told(_of_row(row, prepared, values))) for row in step.rows]
        shown = prepared.step_show.get(step.step_id)
        why = told(_whys(prepared, values, (), ((_("Why this was asked"), shown, True),)))
        found.append(replace(step, rows=rows, why=why))
    return found


def _with_why(row: Row, why: tuple[Why, ...]) -> Row:
    return replace(row, why=why) if why else row


def _of_row(row: Row, prepared: Prepared, values: Mapping[str, Any]) -> Iterator[Why]:
    node, within = prepared.nodes[row.question_id], list[tuple[str, int]]()
    rest = row.anchor.split("-")[1:]
    for index, item_id in zip(rest[::2], rest[1::2], strict=True):
        entry = (values.get(node.id) or [])[int(index)]
        values = {**values, **dict.fromkeys(item.id for item in node.items), **entry}
        within.append((node.id, int(index)))
        node = next(item for item in node.items if item.id == item_id)
    if node.show is node.required is node.compute is None:
        return
    yield from _whys(
        prepared,
        values,
        tuple(within),
        (
            (_("Why this was asked"), node.show, True),
            (_("Why an answer was required"), node.required, True),
            (_("How this was computed"), node.compute, None),
        ),
    )


def _whys(
    prepared: Prepared,
    values: Mapping[str, Any],
    within: Within,
    of: Iterable[tuple[str, Rule | None, bool | None]],
) -> Iterator[Why]:
    """Of each rule that came out as it says (None: however it did)."""
    for title, rule, wanted in of:
        if rule is None:
            continue
        reason = rules.explain(rule, values)
        if wanted is None or reason.result is wanted:
            yield Why(title, of_facts(prepared, reason.deciding(), within))
