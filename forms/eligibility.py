"""Screening: what the form's criteria make of the answers so far. Never the decision.

A criterion is looked at as soon as every answer it uses is there. What it found is kept with the
application, so that staff see later what the resident was told, and why.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from django.utils.translation import get_language

import rules
from forms import reasons
from forms.models import Draft
from forms.prepared import Prepared
from forms.reasons import Because
from forms.state import Answers, State, evaluate, is_empty
from rules import Fact

Severity = Literal["stop", "warn"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one criterion gave: whether it is `met` (None: not decided) and by which values."""

    id: str
    severity: Severity
    met: bool | None
    facts: tuple[Fact, ...] = field(default=(), repr=False)

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "severity": self.severity,
            "met": self.met,
            "facts": [
                {"name": f.name, "part": f.part, "entry": f.entry, "value": _plain(f.value)}
                | ({"inner": f.inner} if f.inner else {})
                for f in self.facts
            ],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Finding:
        facts = tuple(Fact(**fact) for fact in data["facts"])
        return cls(data["id"], data["severity"], data["met"], facts)


@dataclass(frozen=True, slots=True)
class Told:
    """A finding in words, for residents and staff."""

    id: str
    severity: Severity
    met: bool | None
    #: What somebody who does not qualify is told.
    message: str
    because: Because
    #: The step where the first of the answers can be changed; "" when there is none.
    step_id: str = ""


def screen(prepared: Prepared, state: State, *, complete: bool = False) -> list[Finding]:
    """Every criterion with what it gives now, in order.

    `complete`: nothing more will be answered, what is empty stays so (at submission).
    """
    found = []
    for criterion, rule in prepared.criteria:
        reason = rules.explain(rule, state.values)
        facts = reason.deciding()
        met = reason.result if isinstance(reason.result, bool) else None
        if not complete and any(_still_to_come(fact, state) for fact in facts):
            met = None
        found.append(Finding(criterion.id, criterion.severity, met, facts))
    return found


def of_draft(draft: Draft, *, complete: bool = False) -> list[Finding]:
    """As `screen`, for a draft's stored answers. No query."""
    prepared = draft.prepared
    if not prepared.criteria:
        return []
    return screen(prepared, draft.evaluated(), complete=complete)


def of_answers(prepared: Prepared, answers: Answers, day: dt.date) -> list[Finding]:
    """As `screen`, for answers that were sent and what was corrected since, as on `day`."""
    return screen(prepared, evaluate(prepared, answers, day), complete=True)


def not_met(findings: Iterable[Finding], severity: Severity | None = None) -> list[Finding]:
    """The criteria that are decided against the resident."""
    return [each for each in findings if each.met is False and severity in (None, each.severity)]


def concerns(prepared: Prepared, findings: Iterable[Finding], step_id: str) -> bool:
    """Whether an answer of this step counts in one of `findings`: then it is told after saving."""
    ids = {each.id for each in findings}
    names = {name for criterion, rule in prepared.criteria if criterion.id in ids
             for name in rule.variables}  # fmt: skip
    return any(node.id in names for node in prepared.step_nodes.get(step_id, ()))


def may_send(prepared: Prepared, findings: Iterable[Finding]) -> bool:
    """Whether the form lets somebody apply who does not seem to qualify."""
    return prepared.form.may_apply_anyway or not not_met(findings, "stop")


def in_words(prepared: Prepared, findings: Iterable[Finding]) -> list[Told]:
    """Findings as people read them, in the active language. One of an unknown id is left out."""
    language = get_language() or "ja"
    by_id = {criterion.id: criterion for criterion, _rule in prepared.criteria}
    told = []
    for each in findings:
        criterion = by_id.get(each.id)
        if criterion is None:
            continue
        nodes = (prepared.nodes.get(fact.name) for fact in each.facts)
        step_id = next((node.step_id for node in nodes if node), "")
        because = reasons.of_facts(prepared, each.facts)
        message = criterion.message.in_language(language)
        told.append(Told(each.id, each.severity, each.met, message, because, step_id))
    return told


def _still_to_come(fact: Fact, state: State) -> bool:
    """A value that the resident is asked for and has not given. What is not asked never comes."""
    if fact.name not in state.visible or not is_empty(fact.value):
        return False
    if fact.entry is None or fact.name not in state.item_visible:
        return True
    asked = state.item_visible[fact.name]
    return fact.entry < len(asked) and (not fact.part or fact.part in asked[fact.entry])


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value
