"""A form about one child: which of those that the resident has named before is it about?

Such a form asks for facts whose concepts begin with ``household.child.``: it is sent once for each
child. The children are those of the household that the resident keeps, the one of an earlier form
like this, and those whom the resident may act for as a guardian. What is known of one child is
never mixed with what is known of another. See ``docs/adr/0012-ask-once.md``.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language

from common.actor import Actor
from forms import autofill, display, profile, storing
from forms.errors import DraftClosed
from forms.models import Draft
from forms.prepared import Node
from forms.questions import FileQuestion, GroupQuestion
from forms.state import is_empty
from forms.validation import of_value
from identity.models import Representation
from identity.representation import queries as representations

_NAME, _BORN = "fullName", "dateOfBirth"


@dataclass(frozen=True, slots=True)
class _Told:
    """A fact of a child, with its type where it answered a question, and where it is from."""

    value: Any
    type: str
    origin: Mapping[str, Any]


_Known = dict[str, _Told]


@dataclass(frozen=True, slots=True)
class Child:
    """Somebody the form may be about, with the answers that would be filled in."""

    key: str
    name: str
    born: str
    answers: Mapping[str, Any]
    provenance: Mapping[str, Mapping[str, Any]]


def children(draft: Draft) -> list[Child]:
    """Whom the form may be about; empty for any other form, and once a child is named in it.

    Two statements for a form about one child, else none.
    """
    if draft.resident_id is None or draft.representation_id is not None:
        return []
    if not profile.is_about_one_child(draft.prepared):
        return []
    nodes = {
        concept.removeprefix(profile.OF_ONE_CHILD): node
        for node in draft.prepared.nodes.values()
        if node.group_id is None
        and (concept := node.question.concept or "").startswith(profile.OF_ONE_CHILD)
        and profile.is_open(node, draft)
    }
    if _NAME not in nodes:
        return []
    by_key: dict[str, _Known] = {}
    for known in _known(draft):
        if _NAME in known:
            key = _key(known)
            by_key[key] = known | by_key.get(key, {})
    found = [_child(key, known, nodes) for key, known in by_key.items()]
    return [child for child in found if child.answers]


def fill(draft: Draft, key: str, *, by: Actor) -> None:
    """Fill in the child that the resident chose. Raises `LookupError`, `DraftClosed`."""
    child = next((one for one in children(draft) if one.key == key), None)
    if child is None:
        raise LookupError("this child is not known any more")
    draft.answers |= child.answers
    draft.provenance |= child.provenance
    if not storing.update(draft):
        raise DraftClosed
    questions = draft.prepared.nodes
    concepts = [str(questions[name].question.concept) for name in child.answers]
    profile.note("profile.used", by, draft.resident_id, draft.subject, concepts)


def _known(draft: Draft) -> Iterator[_Known]:
    """Every child anybody told of, one that comes from several places several times."""
    facts = profile.kept_of(draft)
    yield {
        concept.removeprefix(profile.OF_ONE_CHILD): _Told(
            fact.row.value, fact.question.type, profile.origin_of(fact)
        )
        for concept, fact in facts.items()
        if concept.startswith(profile.OF_ONE_CHILD)
        and not isinstance(fact.question, FileQuestion | GroupQuestion)
    }
    for concept in ("household.children", "household.members"):
        if concept in facts:
            yield from _of_household(facts[concept])
    today = timezone.localdate()
    for each in representations.of_owner(draft.applicant):
        if each.kind == Representation.Kind.GUARDIAN and each.in_force_on(today):
            yield {
                concept.rpartition(".")[2]: _Told(claim["value"], "", _origin(claim))
                for concept, claim in representations.claims(each, {}).items()
            }


def _of_household(fact: profile.Fact) -> Iterator[_Known]:
    question = fact.question
    if not isinstance(question, GroupQuestion):
        return
    for entry in fact.row.value:
        if fact.concept == "household.children" or profile.is_child(question, entry):
            yield {
                str(item.concept).rpartition(".")[2]: _Told(
                    entry[item.id], item.type, profile.origin_of(fact)
                )
                for item in question.questions
                if item.concept
                and not isinstance(item, FileQuestion | GroupQuestion)
                and not is_empty(entry.get(item.id))
            }


def _origin(claim: Mapping[str, Any]) -> dict[str, Any]:
    return {name: claim[name] for name in ("source", "asserted_at", "verified")}


def _key(known: _Known) -> str:
    """The same for the same child, however the name is spaced."""
    name = "".join(unicodedata.normalize("NFKC", str(known[_NAME].value)).split())
    born = known[_BORN].value if _BORN in known else ""
    return hashlib.sha256(f"{name} {born}".encode()).hexdigest()[:16]


def _child(key: str, known: _Known, nodes: Mapping[str, Node]) -> Child:
    answers, provenance = {}, {}
    for name, node in nodes.items():
        told = known.get(name)
        value = _fit(node, told) if told else None
        if told and not is_empty(value):
            answers[node.id], provenance[node.id] = value, dict(told.origin)
    born = known[_BORN].value if _BORN in known else ""
    said = display.date_text(born, get_language() or "ja") if born else ""
    return Child(key, str(known[_NAME].value), said, answers, provenance)


def _fit(node: Node, told: _Told) -> Any:
    if not told.type:
        return autofill.fitting(node, told.value)
    fits = told.type == node.question.type and not any(of_value(node.question, told.value))
    return told.value if fits else None
