"""What a caseworker has typed into a decision, and the decision that it makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils import timezone

from cases import letter_words, letters, message_templates, partial
from cases.models import Case, Decision
from catalogue import prepared_texts
from documents import wordings

#: Panel → outcome, and what can be picked in it.
OUTCOMES: dict[str, str] = {
    "approve": Decision.Outcome.APPROVED.value,
    "refuse": Decision.Outcome.REFUSED.value,
    "acknowledge": Decision.Outcome.ACKNOWLEDGED.value,
}
_PICKED: dict[str, tuple[prepared_texts.Kind, str]] = {
    "approve": ("conditions", "own"),
    "refuse": ("grounds", "reason"),
}


@dataclass(frozen=True, slots=True)
class Decided:
    """The keywords of `cases.actions.decide` that a page gives."""

    outcome: str
    conditions: list[str]
    reason: str
    waive_fee: bool
    refused: dict[str, str]

    def as_keywords(self) -> dict[str, Any]:
        return {
            "outcome": self.outcome,
            "conditions": self.conditions,
            "reason": self.reason,
            "waive_fee": self.waive_fee,
            "refused": self.refused,
        }


def panel_of(outcome: str) -> str:
    return next(panel for panel, of in OUTCOMES.items() if of == outcome)


def as_posted(made: Decided) -> list[tuple[str, str]]:
    """A decision as the fields of its panel, for a preview of the letter."""
    if made.outcome == Decision.Outcome.REFUSED:
        return [("reason", made.reason)]
    grounds = next(iter(made.refused.values()), "")
    fields = [("own", "\n".join(made.conditions)), ("part_grounds", grounds)]
    fields += [("parts", key) for key in made.refused]
    return fields + ([("waive_fee", "1")] if made.waive_fee else [])


def typed(panel: str, post: QueryDict) -> dict[str, Any]:
    """The fields of a panel as they were posted."""
    if panel == "approve":
        return {
            "standard": post.getlist("standard"),
            "own": post.get("own", ""),
            "waive_fee": bool(post.get("waive_fee")),
            "parts": post.getlist("parts"),
            "part_grounds": post.get("part_grounds", ""),
        }
    if panel == "refuse":
        return {"standard": post.getlist("standard"), "reason": post.get("reason", "")}
    return {}


def of_case(case: Case, post: QueryDict) -> QueryDict:
    """What was posted for this case where several are decided: its id stands before each field."""
    prefix, own = f"{case.pk}-", QueryDict(mutable=True)
    for name, values in post.lists():
        if name.startswith(prefix):
            own.setlist(name.removeprefix(prefix), values)
    return own


def decided(case: Case, panel: str, values: Mapping[str, Any]) -> Decided:
    """The decision that `typed` values make."""
    approves = panel == "approve"
    written = str(values.get("own" if approves else "reason", ""))
    own = [line.strip() for line in written.splitlines() if line.strip()]
    picked = _picked(case, panel, values)
    return Decided(
        outcome=OUTCOMES[panel],
        conditions=[*picked, *own] if approves else [],
        reason="\n".join([*picked, *written.strip().splitlines()]) if panel == "refuse" else "",
        waive_fee=bool(values.get("waive_fee")),
        refused=dict.fromkeys(values.get("parts", ()), str(values.get("part_grounds", ""))),
    )


def choices(case: Case, panel: str, language: str) -> list[tuple[str, str]]:
    """The prepared texts of a panel by their number."""
    if panel not in _PICKED:
        return []
    texts = prepared_texts.of_service(case.offering, _PICKED[panel][0], language)
    own = message_templates.for_case(case, _PICKED[panel][0])
    return [
        *((str(number), text) for number, text in enumerate(texts)),
        *((each.key, each.text) for each in own),
    ]


def put_in(case: Case, panel: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with the picked texts in the field for own words, to be edited there."""
    if panel not in _PICKED:
        return dict(values)
    _kind, name = _PICKED[panel]
    lines = [*str(values[name]).rstrip().splitlines(), *_picked(case, panel, values)]
    return {**values, name: "\n".join(lines), "standard": []}


def draft_of(case: Case, made: Decided) -> Decision:
    """The decision as it would be, unsaved: for a preview. Raises `InvalidInput`."""
    approved = made.outcome == Decision.Outcome.APPROVED
    return Decision(
        case=case,
        outcome=made.outcome,
        conditions=made.conditions,
        reason=made.reason.strip(),
        fee_waived=made.waive_fee,
        refused_parts=partial.check(case, made.refused) if approved else [],
        wording=wordings.current(letter_words.key_of(case.offering, made.outcome)),
        decided_at=timezone.now(),
    )


def _picked(case: Case, panel: str, values: Mapping[str, Any]) -> list[str]:
    """The chosen texts in the letter's language."""
    chosen = set(values.get("standard", ()))
    return [text for number, text in choices(case, panel, letters.LANGUAGE) if number in chosen]
