"""Filling a draft by concept from what the eID asserted, or from whom the resident acts for.

What the resident keeps: `profile`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from forms import normalise, seals
from forms.normalise import Unreadable
from forms.parts import COMPOSITES
from forms.prepared import Node, Prepared
from forms.validation import of_value

#: What the provider has checked. Contact details are what the person once wrote there.
VERIFIED_PREFIX = "person."
_FORM_SOURCES = {"eid": VERIFIED_PREFIX}

Filled = dict[str, Any]


def fill(
    prepared: Prepared,
    draft_id: UUID,
    answers: Mapping[str, Any],
    provenance: Mapping[str, Any],
    claims: Mapping[str, Mapping[str, Any]],
) -> tuple[Filled, Filled, set[str]]:
    """Answers and provenance with the claims filled in, and the concepts that were used.

    A verified claim always wins and is sealed; one that is not verified fills only what is empty.
    A claim that is no right answer to its question is left out: the resident types instead.
    """
    new_answers, new_provenance, used = dict(answers), dict(provenance), set()
    for node in prepared.order:
        concept = node.question.concept
        claim = claims.get(concept) if concept else None
        if not concept or not claim:
            continue
        value = fitting(node, claim.get("value"))
        if value is None:
            continue
        verified = is_verified(concept, claim) and not any(of_value(node.question, value))
        if not verified:
            if node.id not in new_answers and node.id not in new_provenance:
                new_answers[node.id] = value
                new_provenance[node.id] = _origin(claim) | {"verified": False}
                used.add(concept)
            continue
        entry = seals.seal(draft_id, node.id, value, _origin(claim))
        if new_provenance.get(node.id) != entry or new_answers.get(node.id) != value:
            new_answers[node.id], new_provenance[node.id] = value, entry
            used.add(concept)
    return new_answers, new_provenance, used


def is_verified(concept: str, claim: Mapping[str, Any]) -> bool:
    """Whether the source of a claim vouches for it, and does not only pass it on."""
    prefix = _FORM_SOURCES.get(str(claim.get("source")))
    return prefix is not None and concept.startswith(prefix) and claim.get("verified") is not False


def _origin(claim: Mapping[str, Any]) -> dict[str, Any]:
    return {key: str(claim.get(key) or "") for key in ("source", "issuer", "acr", "asserted_at")}


def fitting(node: Node, value: Any) -> Any:
    """The claim's value as an answer of the question's type; None if it is not one."""
    kind = node.question.type
    try:
        if kind == "address":
            return _address(value)
        if kind == "yes_no":
            return value if isinstance(value, bool) else None
        if not isinstance(value, str) or not value.strip():
            return None
        if kind == "date":
            return normalise.date(value)
        if kind == "phone":
            return normalise.phone(value) or None
        # Names stay exactly as asserted: 髙 is not 高, and a Latin name keeps its form.
        normalise.refuse_control(value)
    except Unreadable:
        return None
    if kind in {"text", "email", "choice"}:
        return None if any(of_value(node.question, value)) else value
    return None


def _address(value: Any) -> dict[str, str] | None:
    if not isinstance(value, Mapping):
        return None
    asked = COMPOSITES["address"]
    parts = {part.name: str(value.get(part.name) or "") for part in asked}
    try:
        parts["postalCode"] = normalise.postal_code(parts["postalCode"])
        for text in parts.values():
            normalise.refuse_control(text)
    except Unreadable:
        return None
    return parts if any(parts[part.name] for part in asked if part.required) else None
