"""The people whom answers tell of: who applies, the spouse, the children, whoever else lives there.

Forms ask for parts of this one thing. ``person.<fact>`` is a fact of whoever applies (in an entry:
of whoever it is about), ``household.spouse.<fact>`` one of the spouse, ``household.child.<fact>``
one of the child that a form is about; ``household.members`` and ``household.children`` ask for
several, each with ``household.relation``. So what was told in one shape answers questions in
another. Pure; what is kept, and what is taken from it, is `forms.profile`. See
``docs/adr/0012-ask-once.md``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from django.utils import timezone

from common.text import folded
from forms import autofill
from forms.models import Draft
from forms.prepared import Node
from forms.questions import ChoiceQuestion, FileQuestion, GroupQuestion, Question
from forms.state import State, is_empty
from forms.validation import of_value

SELF, SPOUSE, CHILD = "self", "spouse", "child"
#: Relations of a child; the first is what a form says that tells them not apart.
CHILDREN = (CHILD, "adopted", "grandchild", "stepchild")
NAME, KANA, BORN = "fullName", "fullNameKana", "dateOfBirth"
RELATION, TOGETHER = "relation", "livesTogether"
#: Says who is meant, and nothing about them.
_OF_THE_ENTRY = frozenset({RELATION, TOGETHER})
MEMBERS, OFFSPRING = "household.members", "household.children"
HAS_SPOUSE, OF_SPOUSE, OF_CHILD = "household.hasSpouse", "household.spouse.", "household.child."
_OF_SELF = "person."
#: The child of a form may be a grandchild of whoever applies.
_ONE = {_OF_SELF: SELF, OF_SPOUSE: SPOUSE, OF_CHILD: ""}
_IN_ENTRY = ("person.", "household.")
_OF_AGE = 18


@dataclass(frozen=True, slots=True)
class Told:
    """A fact, the question that it answered (none: it is a claim), and where it is from."""

    value: Any
    question: Question | None = None
    origin: Mapping[str, Any] = field(default_factory=dict)

    @property
    def asserted_at(self) -> str:
        return str(self.origin.get("asserted_at") or "")


@dataclass
class Person:
    """Somebody, by facts named as in the concepts: ``fullName``, ``dateOfBirth``.

    `relation` to whoever applies; empty: not known. `told_in`: the concepts that told of them.
    """

    facts: dict[str, Told]
    relation: str = ""
    told_in: set[str] = field(default_factory=set)

    def get(self, name: str) -> Any:
        told = self.facts.get(name)
        return told.value if told else None

    @property
    def asserted_at(self) -> str:
        """When the newest of the facts was told."""
        return max((told.asserted_at for told in self.facts.values()), default="")

    @property
    def is_child(self) -> bool:
        """A child of whoever applies, or a minor of whom nobody said what they are."""
        named = bool(self.told_in & {OFFSPRING, OF_CHILD})
        if named or self.relation:
            return self.relation in CHILDREN or named
        today = timezone.localdate()
        grown = today.replace(year=today.year - _OF_AGE, day=1)
        return str(self.get(BORN) or "") > grown.isoformat()


Answered = Iterable[tuple[Question, Any, Mapping[str, Any]]]


def told_by(answered: Answered) -> list[Person]:
    """Everybody of whom these answers (question, value, origin) tell."""
    ones: dict[str, Person] = {}
    several: list[Person] = []
    for question, value, origin in answered:
        concept = question.concept or ""
        if isinstance(question, GroupQuestion) and concept in {MEMBERS, OFFSPRING}:
            several += [_of_entry(question, entry, origin) for entry in value]
            continue
        for prefix, relation in _ONE.items():
            if concept.startswith(prefix):
                one = ones.setdefault(prefix, Person({}, relation, {prefix}))
                one.facts[concept.removeprefix(prefix)] = Told(value, question, origin)
    return [*ones.values(), *several]


def applicant(answered: Answered) -> Person | None:
    """What answers tell of whoever applies, outside of any household."""
    return next((one for one in told_by(answered) if one.told_in == {_OF_SELF}), None)


def of_draft(draft: Draft, state: State | None = None) -> list[Person]:
    """Everybody of whom the draft's own answers tell, as far as they are asked."""
    state = state or draft.evaluated()
    nodes = draft.prepared.nodes
    return told_by(
        (nodes[name].question, value, draft.provenance.get(name) or {})
        for name, value in state.answers().items()
    )


def _of_entry(group: GroupQuestion, entry: Mapping[str, Any], origin: Mapping[str, Any]) -> Person:
    facts = {
        fact_of(item): Told(entry[item.id], item, origin)
        for item in group.questions
        if item.concept and not is_empty(entry.get(item.id))
    }
    relation = facts.get(RELATION)
    return Person(facts, str(relation.value) if relation else "", {str(group.concept)})


def fact_of(question: Question) -> str:
    """What a question of an entry asks: ``fullName``; of papers the whole concept."""
    concept = question.concept or ""
    prefix = next((one for one in _IN_ENTRY if concept.startswith(one)), "")
    return concept.removeprefix(prefix)


# --- One person told of several times ---------------------------------------------------------


def merged(people: Iterable[Person]) -> list[Person]:
    """Each person once, whoever applies first. Of two facts the one that comes first counts."""
    found: list[Person] = []
    for person in people:
        same = next((one for one in found if _is_same(one, person)), None)
        if same is not None:
            same.facts = person.facts | same.facts
            same.relation = same.relation or person.relation
            same.told_in |= person.told_in
        elif person.relation != SPOUSE or not any(one.relation == SPOUSE for one in found):
            # Of two spouses with two names the one told first, which is the newer.
            found.append(Person(dict(person.facts), person.relation, set(person.told_in)))
    return sorted(found, key=lambda one: one.relation != SELF)


def _is_same(one: Person, other: Person) -> bool:
    if one.relation == SELF and other.relation == SELF:
        return True  # whatever the name is by now
    relations = {one.relation, other.relation} - {""}
    if len(relations) > 1 and relations & {SELF, SPOUSE}:
        return False
    name = folded(str(one.get(NAME) or ""))
    born = {one.get(BORN), other.get(BORN)} - {None}
    return bool(name) and name == folded(str(other.get(NAME) or "")) and len(born) < 2


# --- Answering ---------------------------------------------------------------------------------


def asks_for(concept: str) -> bool:
    """Whether a question of this concept asks for people, or for a fact of the spouse."""
    return concept in {MEMBERS, OFFSPRING, HAS_SPOUSE} or concept.startswith(OF_SPOUSE)


def answer(node: Node, people: Sequence[Person]) -> tuple[Any, list[Person]]:
    """The question's answer from `people`, and those it is taken from; None when they tell none."""
    concept = node.question.concept or ""
    if isinstance(node.question, GroupQuestion):
        chosen = _members(node, people) if concept == MEMBERS else _children(people)
        told = [(_entry(node, person), person) for person in chosen]
        told = [(entry, person) for entry, person in told if entry][: node.question.max]
        return [entry for entry, _person in told], [person for _entry, person in told]
    spouse = next((person for person in people if person.relation == SPOUSE), None)
    if spouse is None:
        return None, []
    if concept == HAS_SPOUSE:
        return True, [spouse]
    fact = spouse.facts.get(concept.removeprefix(OF_SPOUSE))
    return (part(node, fact), [spouse]) if fact else (None, [])


def includes_applicant(group: GroupQuestion) -> bool:
    """A household is everybody who lives there, unless its relations leave out oneself."""
    relations = next((item for item in group.questions if fact_of(item) == RELATION), None)
    own = not isinstance(relations, ChoiceQuestion) or SELF in _values(relations)
    return group.concept == MEMBERS and own


def _members(node: Node, people: Iterable[Person]) -> list[Person]:
    """Who lives together: also those told of elsewhere, if it was not said that they live apart."""
    own = includes_applicant(cast("GroupQuestion", node.question))
    return [
        person
        for person in people
        if (own or person.relation != SELF)
        and (MEMBERS in person.told_in or person.get(TOGETHER) is not False)
    ]


def _children(people: Iterable[Person]) -> list[Person]:
    """Those who were named as the children, or else the children of the household."""
    found = [person for person in people if person.is_child]
    named = [person for person in found if person.told_in & {OFFSPRING, OF_CHILD}]
    return named or found


def _entry(node: Node, person: Person) -> dict[str, Any]:
    """What an entry asks and the person's facts tell; empty when that is nothing about them."""
    found = {}
    for item in node.items:
        value = _about(item, person)
        if not is_empty(value):
            found[item.id] = value
    said = {fact_of(item.question) for item in node.items if item.id in found}
    return found if said - _OF_THE_ENTRY else {}


def _about(item: Node, person: Person) -> Any:
    fact = fact_of(item.question)
    if fact == RELATION:
        return _relation(item, person)
    if fact == TOGETHER and person.relation == SELF and item.question.type == "yes_no":
        return True
    return part(item, person.facts[fact]) if fact in person.facts else None


def _relation(item: Node, person: Person) -> str | None:
    """The relation in the words of this form, where it has one for it."""
    if not isinstance(item.question, ChoiceQuestion):
        return None
    near = CHILD if person.relation in {"adopted", "stepchild"} else ""
    options = _values(item.question)
    return next((one for one in (person.relation, near) if one in options), None)


def _values(question: ChoiceQuestion) -> set[str]:
    return {option.value for option in question.choices}


def part(node: Node, told: Told) -> Any:
    """The fact as an answer to this question; None when it is none."""
    if told.question is None:
        return autofill.fitting(node, told.value)
    return fit(node.question, told.question, told.value)


def fit(question: Question, known: Question, value: Any) -> Any:
    """An answer to `known` as one to `question`; None when it does not fit.

    Entries are carried over part by part, each by its concept. Files are still those of `known`.
    """
    if question.type != known.type or is_empty(value):
        return None
    if isinstance(question, GroupQuestion):
        return _entries(question, cast("GroupQuestion", known), value)[: question.max]
    if isinstance(question, FileQuestion):
        return value[: question.max_files]
    return None if any(of_value(question, value)) else value


def _entries(
    question: GroupQuestion, known: GroupQuestion, values: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    pairs = [
        (item, source)
        for item in question.questions
        for source in known.questions
        if item.concept and item.concept == source.concept
    ]
    found = []
    for value in values:
        parts = {item.id: fit(item, source, value.get(source.id)) for item, source in pairs}
        entry = {name: told for name, told in parts.items() if not is_empty(told)}
        if entry:
            found.append(entry)
    return found


# --- What a form itself has told ---------------------------------------------------------------


def suggested(draft: Draft, asked: Iterable[Node], state: State) -> dict[str, list[dict[str, Any]]]:
    """Entries for those of `asked` that are groups of people, not answered yet, from the others.

    So whoever applies stands in the household from the first, and the children named a step before.
    They are no answers until the resident saves them.
    """
    if draft.only is not None:
        return {}
    asking = [
        node
        for node in asked
        if node.group_id is None
        and node.question.concept in {MEMBERS, OFFSPRING}
        and node.id not in draft.answers
    ]
    if not asking:
        return {}
    people = merged(of_draft(draft, state))
    found = {}
    for node in asking:
        entries, _people = answer(node, people)
        plain = _without_files(node, entries)
        if plain:
            least = cast("GroupQuestion", node.question).count_at_first
            found[node.id] = plain + [{} for _ in range(least - len(plain))]
    return found


def _without_files(node: Node, entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """A file stands in one place only; it is attached where it is asked for."""
    simple = {item.id for item in node.items if not item.asks_files}
    found = [{name: value for name, value in entry.items() if name in simple} for entry in entries]
    return [entry for entry in found if entry]


def is_own(group: GroupQuestion, entry: Mapping[str, Any], own: Person | None) -> bool:
    """Whether an entry is about the applicant, by what is told of them."""
    return own is not None and _is_same(own, _of_entry(group, entry, {}))


def without_own(group: GroupQuestion, entries: Any, answered: Answered) -> list[dict[str, Any]]:
    """A household without what it repeats of the applicant: that is told by itself.

    The entry goes when it says nothing else of them.
    """
    own = applicant(answered)
    if own is None or not includes_applicant(group):
        return list(entries)
    names = {item.id: fact_of(item) for item in group.questions if item.concept}
    found: list[dict[str, Any]] = []
    for entry in entries:
        kept = entry
        if is_own(group, entry, own):
            kept = {key: v for key, v in entry.items() if own.get(names.get(key, "")) != v}
            if not {names[key] for key in kept if key in names} - _OF_THE_ENTRY:
                continue
        found.append(kept)
    return found
