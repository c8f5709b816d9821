"""A form about one child: which of those that the resident has named before is it about?

Such a form asks for facts whose concepts begin with ``household.child.``: it is sent once for each
child. The children are those of the household that the resident keeps, the one of an earlier form
like this, and those whom the resident may act for as a guardian. What is known of one child is
never mixed with what is known of another. See ``docs/adr/0012-ask-once.md``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language

from common.actor import Actor
from common.text import folded
from forms import display, people, profile, storing
from forms.errors import DraftClosed
from forms.models import Draft
from forms.people import Person, Told
from forms.prepared import Node
from forms.state import is_empty
from identity.models import Representation
from identity.representation import queries as representations


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
        concept.removeprefix(people.OF_CHILD): node
        for node in draft.prepared.nodes.values()
        if node.group_id is None
        and (concept := node.question.concept or "").startswith(people.OF_CHILD)
        and profile.is_open(node, draft)
    }
    if people.NAME not in nodes:
        return []
    known = people.merged([*profile.people_of(profile.kept_of(draft)), *_wards(draft)])
    found = [_child(one, nodes) for one in known if one.is_child and one.get(people.NAME)]
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


def _wards(draft: Draft) -> Iterator[Person]:
    """The children whom the resident may act for as a guardian."""
    today = timezone.localdate()
    for each in representations.of_owner(draft.applicant):
        if each.kind == Representation.Kind.GUARDIAN and each.in_force_on(today):
            facts = {
                concept.rpartition(".")[2]: Told(claim["value"], None, _origin(claim))
                for concept, claim in representations.claims(each, {}).items()
            }
            yield Person(facts, "", {people.OF_CHILD})


def _origin(claim: Mapping[str, Any]) -> dict[str, Any]:
    return {name: claim[name] for name in ("source", "asserted_at", "verified")}


def _key(person: Person) -> str:
    """The same for the same child, however the name is spaced."""
    name, born = folded(str(person.get(people.NAME))), person.get(people.BORN) or ""
    return hashlib.sha256(f"{name} {born}".encode()).hexdigest()[:16]


def _child(person: Person, nodes: Mapping[str, Node]) -> Child:
    answers, provenance = {}, {}
    for name, node in nodes.items():
        told = person.facts.get(name)
        value = people.part(node, told) if told else None
        if told and not is_empty(value):
            answers[node.id], provenance[node.id] = value, dict(told.origin)
    born = person.get(people.BORN) or ""
    said = display.date_text(born, get_language() or "ja") if born else ""
    return Child(_key(person), str(person.get(people.NAME)), said, answers, provenance)
