"""The column of actions: one panel for each, usable or disabled with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from backoffice import deciding
from backoffice.facts import CaseFacts
from cases import message_templates, partial, policies
from cases.message_templates import Prepared
from cases.models import Consultation, ConsultedBody, RepresentationCheck
from cases.opinions import demanded_conditions
from cases.partial import Part
from common import kept
from common.errors import DomainError, InvalidInput, listed
from identity.models import Department
from workflow.definition import Verb

#: What the name of a body begins with, where departments and bodies are chosen from together.
OUTSIDE = "body:"

#: Verb → name of the panel and of its address, and the key that opens it.
_PANELS = {
    Verb.CLAIM: ("claim", "c"),
    Verb.REQUEST_CONSULTATION: ("consult", "s"),
    Verb.REQUEST_CORRECTION: ("correct", "h"),
    Verb.APPROVE: ("approve", "a"),
    Verb.REFUSE: ("refuse", "r"),
    Verb.ACKNOWLEDGE: ("acknowledge", "k"),
    Verb.CONFIRM_COMPLETE: ("complete", "m"),
    Verb.EXTEND: ("extend", "e"),
    Verb.REOPEN: ("reopen", "w"),
}


@dataclass(frozen=True, slots=True)
class Typed:
    """What was posted to a panel and why it was refused: shown again, nothing is lost."""

    panel: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)
    # Why nothing was done, when it is not about one field.
    problem: str = ""

    @classmethod
    def refused(cls, panel: str, values: Mapping[str, Any], refusal: DomainError) -> Typed:
        if isinstance(refusal, InvalidInput):
            return cls(panel, values, refusal.errors, str(refusal))
        return cls(panel, values, {}, str(refusal))


@dataclass(frozen=True, slots=True)
class Untouched:
    """Keeps what ``{% fragment %}`` draws."""

    fragments: dict[tuple[str, str], str] = field(default_factory=dict)


@lru_cache(maxsize=500)
def _untouched(version_id: UUID, asked: tuple[str, ...]) -> Untouched:
    """One for the questions `asked` of a version: it never changes, and twenty fields cost more to
    draw than the rest of the column."""
    return Untouched()


@dataclass(frozen=True, slots=True)
class Panel:
    """One action of the case page. `key` is the letter on the keyboard."""

    id: str
    title: str
    key: str
    url: str
    allowed: bool
    reason: str
    is_open: bool
    values: Mapping[str, Any]
    errors: Mapping[str, Sequence[str]]
    choices: Sequence[tuple[str, str]] = ()
    # Questions that a correction can ask for, by step.
    to_correct: Sequence[tuple[str, Sequence[tuple[str, str]]]] = ()
    # Where they are drawn as they are for every case that answered the same of this form.
    untouched: Untouched | None = None
    # Bodies outside the town that can be asked, each named by `OUTSIDE` and its key.
    bodies: Sequence[tuple[str, str]] = ()
    # What can be refused by itself.
    parts: Sequence[Part] = ()
    # Texts that can be put into its field.
    prepared: Sequence[Prepared] = ()

    @property
    def error_list(self) -> list[dict[str, str]]:
        return listed(self.errors, f"{self.id}-")


def panels(facts: CaseFacts, typed: Typed, *, opened: str = "") -> list[Panel]:
    """Every action of the desk on this case, for its own office, in the order of the work.

    Of a closed case those that are possible, and the one whose text was refused.
    """
    case, found = facts.case, []
    version_id = case.application.version_id
    for option in policies.options(case, facts.reader):
        name, key = _PANELS[option.verb]
        allowed, reason = option.allowed, option.reason
        begun = option.verb is Verb.CLAIM and case.stage != case.workflow.initial
        if begun and case.assigned_to_id == facts.reader.pk and allowed:
            allowed, reason = False, _("This case is on your desk already.")
        mine = typed.panel == name
        if case.closed_at and not (allowed or mine):
            continue  # the work is over: nothing to explain
        to_correct = facts.to_correct if allowed and name == "correct" else ()
        found.append(
            Panel(
                id=name,
                title=option.name,
                key=key,
                url=reverse(f"desk:{name}", args=[case.pk]),
                allowed=allowed,
                reason=reason,
                is_open=mine or opened == name,
                values=typed.values if mine else _prepared(name, facts),
                errors=typed.errors if mine else {},
                choices=_choices(name, facts) if allowed and name != "correct" else (),
                to_correct=to_correct,
                untouched=None if mine else _untouched(version_id, _ids(to_correct)),
                bodies=_bodies(facts) if name == "consult" and allowed else (),
                parts=partial.parts_of(case) if name == "approve" and allowed else (),
                prepared=message_templates.for_case(case, "correction")
                if name == "correct" and allowed
                else (),
            )
        )
    return found


def _ids(by_step: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> tuple[str, ...]:
    return tuple(name for _step, asked in by_step for name, _label in asked)


def opinion_panels(facts: CaseFacts, typed: Typed) -> list[tuple[Consultation, Panel]]:
    """For each question that waits for the reader's opinion."""
    return [
        (
            consultation,
            Panel(
                id=f"opinion-{consultation.pk}",
                title=_("Give an opinion"),
                key="o",
                url=reverse("desk:opinion", args=[facts.case.pk, consultation.pk]),
                allowed=True,
                reason="",
                is_open=True,
                values=typed.values if typed.panel == f"opinion-{consultation.pk}" else {},
                errors=typed.errors if typed.panel == f"opinion-{consultation.pk}" else {},
                choices=[(str(value), str(label)) for value, label in Consultation.Opinion.choices],
            ),
        )
        for consultation in facts.open_questions_to_me
    ]


def ground_panel(facts: CaseFacts, typed: Typed, *, opened: str = "") -> Panel | None:
    """Confirm or doubt that the sender may act for the applicant; None in a case of their own."""
    if facts.represented is None:
        return None
    mine = typed.panel == "representation"
    return Panel(
        id="representation",
        title=_("Confirm or doubt it"),
        key="g",
        url=reverse("desk:representation", args=[facts.case.pk]),
        allowed=True,
        reason="",
        is_open=mine or opened == "representation",
        values=typed.values if mine else {},
        errors=typed.errors if mine else {},
        choices=[(str(value), str(label)) for value, label in RepresentationCheck.Verdict.choices],
    )


def _prepared(name: str, facts: CaseFacts) -> Mapping[str, Any]:
    """What stands in a panel before anybody types: conditions that other offices demand."""
    if name == "correct":
        return {"remarks": {}}
    if name != "approve":
        return {}
    demanded = demanded_conditions(facts.case)
    return {"own": "\n".join(demanded), "demanded": bool(demanded)}


def _departments() -> list[Department]:
    found: list[Department] = kept.for_a_moment(
        "departments", lambda: list(Department.objects.all())
    )
    return found


def _bodies(facts: CaseFacts) -> list[tuple[str, str]]:
    """Offices outside the town that could be asked now."""
    asked = {each.body_id for each in facts.case.consultations.all() if each.answered_at is None}
    known: list[ConsultedBody] = kept.for_a_moment(
        "bodies", lambda: list(ConsultedBody.objects.all())
    )
    return [(f"{OUTSIDE}{body.key}", str(body.name)) for body in known if body.pk not in asked]


def _choices(name: str, facts: CaseFacts) -> Sequence[tuple[str, str]]:
    if name == "consult":
        asked = {
            each.department_id
            for each in facts.case.consultations.all()
            if each.answered_at is None
        }
        return [
            (department.key, str(department.name))
            for department in _departments()
            if department.pk not in asked and department.pk != facts.case.department_id
        ]
    return deciding.choices(facts.case, name, get_language() or "ja")
