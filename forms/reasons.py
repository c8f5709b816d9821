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
from forms.prepared import TODAY, Node, Prepared
from forms.questions import GroupQuestion, MultipleQuestion
from forms.state import Answers, is_empty
from forms.validation import Cause
from rules import Fact, Rule

#: More lines nobody reads; the rest is counted.
MOST_LINES = 12
LONGEST_ANSWER = 120
#: The entry of a group that a rule is about: the group's id and the place in it, from 0.
Entry = tuple[str, int]


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


def of_rule(prepared: Prepared, rule: Rule, values: Answers, entry: Entry | None = None) -> Because:
    """Why `rule` gives what it gives for `values`, in the active language."""
    return of_facts(prepared, rules.explain(rule, values).deciding(), entry)


def of_cause(prepared: Prepared, cause: Cause) -> Because:
    """Why a check refuses an answer, or why one is required."""
    return of_rule(prepared, cause.rule, cause.values, cause.entry)


def of_facts(prepared: Prepared, facts: Iterable[Fact], entry: Entry | None = None) -> Because:
    """The facts in words, in the active language; `entry` is the one that the rule belongs to."""
    language = get_language() or "ja"
    facts = list(facts)
    lines = [_line(prepared, fact, entry, language) for fact in facts]
    lines = list(dict.fromkeys(line for line in lines if line))
    if len(lines) > MOST_LINES:
        more = len(lines) - MOST_LINES + 1
        lines[MOST_LINES - 1 :] = [
            ngettext("and %(more)s more answer", "and %(more)s more answers", more) % {"more": more}
        ]
    return Because(tuple(lines), frozenset(_top(prepared, fact) for fact in facts) - {TODAY})


def _top(prepared: Prepared, fact: Fact) -> str:
    node = prepared.nodes.get(fact.name)
    return (node.group_id if node else None) or fact.name


def _line(prepared: Prepared, fact: Fact, entry: Entry | None, language: str) -> str:
    if fact.name == TODAY:
        day = fact.value.isoformat() if isinstance(fact.value, dt.date) else str(fact.value)
        return _("Reckoned on %(day)s") % {"day": display.date_text(day, language)}
    node = prepared.nodes.get(fact.name)
    if node is None:
        return ""
    value, place = fact.value, None
    if isinstance(node.question, GroupQuestion) and fact.entry is not None:
        place = (node.id, fact.entry)
        inner = next((item for item in node.items if item.id == fact.part), None)
        if inner is None:
            return ""
        node = inner
    elif node.group_id:
        place = entry
    elif fact.entry is not None and isinstance(node.question, MultipleQuestion):
        value = [value]
    return _sentence(_label(prepared, node, place, language), node, fact, value, language)


def _label(prepared: Prepared, node: Node, place: Entry | None, language: str) -> str:
    label = node.question.label.in_language(language)
    group = prepared.nodes[place[0]].question if place else None
    if not place or not isinstance(group, GroupQuestion):
        return label
    return f"{group.item_label.in_language(language)} {place[1] + 1}: {label}"


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
        why = told(_whys(prepared, values, None, ((_("Why this was asked"), shown, True),)))
        found.append(replace(step, rows=rows, why=why))
    return found


def _with_why(row: Row, why: tuple[Why, ...]) -> Row:
    return replace(row, why=why) if why else row


def _of_row(row: Row, prepared: Prepared, values: Mapping[str, Any]) -> Iterator[Why]:
    node, entry = prepared.nodes[row.question_id], None
    if row.entry:
        entry = (node.id, row.entry - 1)
        items = {item.id: item for item in node.items}
        given = values.get(node.id) or []
        values = {**values, **dict.fromkeys(items), **given[entry[1]]}
        node = items[row.anchor.removeprefix(f"{node.id}-{entry[1]}-")]
    yield from _whys(
        prepared,
        values,
        entry,
        (
            (_("Why this was asked"), node.show, True),
            (_("Why an answer was required"), node.required, True),
            (_("How this was computed"), node.compute, None),
        ),
    )


def _whys(
    prepared: Prepared,
    values: Mapping[str, Any],
    entry: Entry | None,
    of: Iterable[tuple[str, Rule | None, bool | None]],
) -> Iterator[Why]:
    """Of each rule that came out as it says (None: however it did)."""
    for title, rule, wanted in of:
        if rule is None:
            continue
        reason = rules.explain(rule, values)
        if wanted is None or reason.result is wanted:
            yield Why(title, of_facts(prepared, reason.deciding(), entry))
