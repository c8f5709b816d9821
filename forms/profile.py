"""Ask once: answers that a resident keeps for the next application, by concept.

Kept only when the resident says so, and filled in only where the resident says so. What the eID
verifies is not kept: it comes fresh with every sign-in. Each fact has a day on which it is
forgotten.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, cast
from uuid import UUID

from django.utils import timezone
from django.utils.translation import get_language
from pydantic import TypeAdapter

from audit import ledger
from common.actor import Actor
from common.lookup import Lookup
from forms import attachments, display, people, sensitive
from forms.errors import FileRefused
from forms.models import Attachment, Draft, ProfileFact
from forms.people import Answered, Person
from forms.prepared import Node, Prepared
from forms.questions import FileQuestion, GroupQuestion, Question, QuestionBase
from forms.seals import is_verified
from forms.state import is_empty

#: How long a fact is kept, by the first part of its concept. Households change sooner.
LIFETIMES = {"household": timedelta(days=365), "document": timedelta(days=365)}
LIFETIME = timedelta(days=730)
_QUESTION: TypeAdapter[Question] = TypeAdapter(Question)
#: Says who applies this time, which is no fact about anybody.
_THIS_TIME = frozenset({"organisation.isApplicant"})
#: What hangs on the rest of a form, or speaks of one service only.
_OF_THE_FORM = ("required_when", "show_when", "validate", "why", "legal_basis", "hint")

_facts: Lookup[ProfileFact] = Lookup(
    lambda resident, now: ProfileFact.objects.filter(resident=resident, expires_at__gt=now),
    resident=UUID,
    now=datetime,
)


@dataclass(frozen=True)
class Fact:
    """A kept answer, for display."""

    row: ProfileFact

    @cached_property
    def question(self) -> Question:
        return _QUESTION.validate_python(self.row.question, context={"languages": ()})

    @property
    def label(self) -> str:
        return str(self.question.label)

    @property
    def concept(self) -> str:
        return self.row.concept

    @property
    def lines(self) -> list[str]:
        """The value in words, a line for each entry or file."""
        return list(_lines(self.question, self.row.value, get_language() or "ja"))

    @cached_property
    def files(self) -> dict[str, Attachment]:
        """The files of its entries, by id; no query where there are none."""
        question = self.question
        if not isinstance(question, GroupQuestion):
            return {}
        return attachments.by_ids(_files_in(question, self.row.value))

    @property
    def asserted_at(self) -> datetime:
        return self.row.asserted_at

    @property
    def can_change(self) -> bool:
        """Whether it can be put right by typing; a file is deleted and attached anew."""
        return self.question.type != "file"


def _lines(question: Question, value: Any, language: str) -> Iterator[str]:
    if isinstance(question, GroupQuestion):
        files = attachments.by_ids(_files_in(question, value))
        for entry in value:
            names = [files[item].filename for item in _files_in(question, [entry]) if item in files]
            words = display.entry_text(question, entry, language)
            yield "\n".join([words, *names] if words else names)
    elif isinstance(question, FileQuestion):
        files = attachments.by_ids(value)
        yield from (files[item].filename for item in value if item in files)
    else:
        yield display.text_of(question, value, language)


def _files_in(question: GroupQuestion, value: Iterable[Mapping[str, Any]]) -> list[str]:
    """Ids of the files in entries, and in entries within these."""
    found = []
    for entry in value:
        for item in question.questions:
            given = entry.get(item.id) or []
            if isinstance(item, FileQuestion):
                found += list(given)
            elif isinstance(item, GroupQuestion):
                found += _files_in(item, given)
    return found


# --- Keeping ----------------------------------------------------------------------------------


def keepable(draft: Draft) -> list[str]:
    """Labels of the answers that could be kept; empty when there is nothing."""
    language = get_language() or "ja"
    found = _to_keep(draft.prepared, draft.evaluated().answers(), draft)
    return [node.question.label.in_language(language) for node, _value in found]


def keep(draft: Draft, *, by: Actor) -> None:
    """Keep what the draft answered, as its resident asked. Newer answers replace older ones."""
    answers = draft.evaluated().answers()
    now = timezone.now()
    kept = []
    for node, value in _to_keep(draft.prepared, answers, draft):
        concept = cast("str", node.question.concept)
        ProfileFact.objects.update_or_create(
            resident_id=draft.resident_id,
            concept=concept,
            defaults={
                "question": _portable(node.question),
                "value": value,
                "subject": draft.subject,
                "asserted_at": now,
                "expires_at": now + LIFETIMES.get(concept.partition(".")[0], LIFETIME),
            },
        )
        kept.append(concept)
    if kept:
        note("profile.kept", by, draft.resident_id, draft.subject, kept)


def _to_keep(
    prepared: Prepared, answers: Mapping[str, Any], draft: Draft
) -> list[tuple[Node, Any]]:
    # What is known of somebody else must not come back as the resident's own, nor the reverse.
    if draft.representation_id is not None:
        return []
    found = [
        (node, _worth_keeping(node.question, answers[node.id], prepared, answers))
        for node in prepared.nodes.values()
        if node.group_id is None
        and node.question.concept
        and node.question.concept not in _THIS_TIME
        and node.id in answers
        and not sensitive.is_sensitive(node.question)
        and not is_verified(draft.provenance.get(node.id))
    ]
    return [(node, value) for node, value in found if not is_empty(value)]


def _worth_keeping(
    question: Question, value: Any, prepared: Prepared, answers: Mapping[str, Any]
) -> Any:
    """The answer; of entries what another form can ask for, and nobody told twice."""
    if not isinstance(question, GroupQuestion):
        return value
    told: Answered = (
        (prepared.nodes[name].question, answer, {}) for name, answer in answers.items()
    )
    return [
        kept
        for entry in people.without_own(question, value, told)
        if (kept := _by_concept(question, entry))
    ]


def _by_concept(group: GroupQuestion, entry: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of an entry that have a concept: no other form would ever ask for the others."""
    found = {}
    for item in group.questions:
        value = entry.get(item.id)
        if not item.concept or is_empty(value) or sensitive.is_sensitive(item):
            continue
        inner = isinstance(item, GroupQuestion) and [_by_concept(item, one) for one in value or []]
        found[item.id] = [one for one in inner if one] if inner else value
    return found


def _portable(question: QuestionBase) -> dict[str, Any]:
    """The question without its rules: it can be shown and asked by itself."""
    return _without_rules(question.model_dump(mode="json", by_alias=True, exclude_defaults=True))


def _without_rules(data: dict[str, Any]) -> dict[str, Any]:
    found = {name: value for name, value in data.items() if name not in _OF_THE_FORM}
    if "questions" in found:
        asked = [_without_rules(item) for item in found["questions"] if item.get("concept")]
        # How many there must be is another rule, and whoever applies need not be among them.
        found |= {"questions": asked, "min": min(found.get("min", 1), 1)}
    return found


# --- Using ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Offer:
    """Kept answers that would fit a question of the draft, as its answer."""

    node: Node
    value: Any
    #: What it is taken from: several facts may tell of a household.
    facts: tuple[Fact, ...]

    @property
    def question_id(self) -> str:
        return self.node.id

    @property
    def label(self) -> str:
        """The question's label in this form."""
        return self.node.question.label.in_language(get_language() or "ja")

    @cached_property
    def lines(self) -> list[str]:
        """What would be filled in, a line for each entry or file."""
        return list(_lines(self.node.question, self.value, get_language() or "ja"))

    @property
    def asserted_at(self) -> datetime:
        """When the newest of it was given."""
        return max(fact.asserted_at for fact in self.facts)

    @property
    def origin(self) -> dict[str, Any]:
        newest = max(self.facts, key=lambda fact: fact.asserted_at)
        filled = {"filled": self.value} if self.node.items else {}
        return origin_of(newest) | filled


def offers(draft: Draft) -> list[Offer]:
    """What could be filled in from the resident's earlier applications: one query."""
    return _fitting(draft)


def use(draft: Draft, question_ids: Collection[str], *, by: Actor) -> list[str]:
    """Fill in the questions that the resident chose. Returns those that were; saves nothing.

    The caller saves the draft. Files are copied: the draft's own can be removed alone.
    """
    filled, concepts = [], set()
    for offer in _fitting(draft):
        node = offer.node
        if node.id not in question_ids:
            continue
        found = offer.value
        value = _with_copies(draft, node.question, found) if node.asks_files else found
        if not value and value is not False:
            continue
        draft.answers[node.id] = value
        draft.provenance[node.id] = offer.origin
        filled.append(node.id)
        concepts |= {fact.concept for fact in offer.facts}
    if filled:
        note("profile.used", by, draft.resident_id, draft.subject, concepts)
    return filled


def kept_of(draft: Draft) -> dict[str, Fact]:
    """What the draft's resident keeps, by concept. One statement."""
    rows = _facts.all(resident=draft.resident_id, now=timezone.now())
    return {row.concept: Fact(row) for row in rows}


def origin_of(fact: Fact) -> dict[str, Any]:
    """The provenance of an answer that was filled in from what is kept."""
    return {
        "source": display.PROFILE,
        "subject": fact.row.subject,
        "asserted_at": fact.row.asserted_at.isoformat(),
        "verified": False,
    }


def people_of(facts: Mapping[str, Fact]) -> list[Person]:
    """Everybody of whom kept answers tell, the newest first."""
    told = people.told_by(
        (fact.question, fact.row.value, origin_of(fact)) for fact in facts.values()
    )
    none = facts.get(people.HAS_SPOUSE)
    if none is not None and none.row.value is False:
        since = none.asserted_at.isoformat()
        told = [one for one in told if one.relation != people.SPOUSE or one.asserted_at > since]
    return sorted(told, key=lambda one: one.asserted_at, reverse=True)


def is_about_one_child(prepared: Prepared) -> bool:
    """Whether a form asks for one child by name, as those do that are sent once for each."""
    asked = (node.question.concept for node in prepared.nodes.values() if node.group_id is None)
    return f"{people.OF_CHILD}{people.NAME}" in asked


def _fitting(draft: Draft) -> list[Offer]:
    if draft.representation_id is not None:
        return []
    # Facts of one child come together or not at all: `forms.one_child`.
    apart = people.OF_CHILD if is_about_one_child(draft.prepared) else "-"
    wanted = {
        node.question.concept: node
        for node in draft.prepared.nodes.values()
        if node.group_id is None
        and node.question.concept
        and not node.question.concept.startswith(apart)
        and is_open(node, draft)
        and not node.compute
    }
    if not wanted:
        return []
    facts = kept_of(draft)
    found = []
    for concept, node in wanted.items():
        if people.asks_for(concept):
            value, sources = _of_people(node, draft, facts)
        else:
            fact = facts.get(concept)
            sources = (fact,) if fact else ()
            value = people.fit(node.question, fact.question, fact.row.value) if fact else None
        if sources and not is_empty(value) and value != draft.answers.get(node.id):
            found.append(Offer(node, value, sources))
    return found


def _of_people(node: Node, draft: Draft, facts: Mapping[str, Fact]) -> tuple[Any, tuple[Fact, ...]]:
    """The answer to a question about people, and the kept facts that it is taken from.

    What the draft tells of whoever applies is fresher, and no reason to offer anything.
    """
    known = people.merged([*people.of_draft(draft), *people_of(facts)])
    value, chosen = people.answer(node, known)
    told_in = set().union(*(person.told_in for person in chosen)) if chosen else set()
    sources = tuple(
        fact
        for concept, fact in facts.items()
        if any(concept == one or (one[-1] == "." and concept.startswith(one)) for one in told_in)
    )
    own = people.HAS_SPOUSE
    if not sources and node.question.concept == own and own in facts:
        return facts[own].row.value, (facts[own],)
    return value, sources


def is_open(node: Node, draft: Draft) -> bool:
    """Not answered yet, or only by what the eID has not verified: the resident knows better."""
    origin = draft.provenance.get(node.id) or {}
    told = origin.get("source") == "eid" and not is_verified(origin)
    return node.id not in draft.answers or told


def _with_copies(draft: Draft, question: Question, value: Any) -> Any:
    """The answer with a copy of each file of its own, in entries too."""
    ids = _files_in(question, value) if isinstance(question, GroupQuestion) else value
    return _copied(draft, question, value, attachments.by_ids(ids))


def _copied(
    draft: Draft, question: Question, value: Any, originals: Mapping[str, Attachment]
) -> Any:
    if isinstance(question, FileQuestion):
        copies = (_copy(draft, question, originals.get(item)) for item in value)
        return [copy for copy in copies if copy]
    if not isinstance(question, GroupQuestion):
        return value
    with_files = [
        item for item in question.questions if isinstance(item, FileQuestion | GroupQuestion)
    ]
    found = []
    for entry in value:
        changed = {
            item.id: _copied(draft, item, entry[item.id], originals)
            for item in with_files
            if item.id in entry
        }
        found.append({name: v for name, v in (entry | changed).items() if not is_empty(v)})
    return found


def _copy(draft: Draft, question: FileQuestion, original: Attachment | None) -> str | None:
    """None for what does not fit or has been removed: it is asked for anew."""
    if original is None or original.owner_id != draft.resident_id:
        return None
    if not attachments.fits(draft, original.size):
        return None
    try:
        return str(attachments.copy(original, draft, question).pk)
    except (FileRefused, FileNotFoundError):
        return None


# --- Seeing, deleting -------------------------------------------------------------------------


def facts_of(resident: Any) -> list[Fact]:
    """Everything this resident keeps, one query (and one more for files)."""
    rows = ProfileFact.objects.filter(resident=resident, expires_at__gt=timezone.now())
    return [Fact(row) for row in rows.order_by("concept")]


def fact_of(resident: Any, fact_id: Any) -> Fact | None:
    """One of the resident's own facts. None for anybody else's."""
    row = ProfileFact.objects.filter(resident=resident, pk=fact_id).first()
    return Fact(row) if row else None


def delete(fact: Fact, *, by: Actor) -> None:
    """Forget a fact. Applications that were sent keep their answers."""
    fact.row.delete()
    note("profile.deleted", by, fact.row.resident_id, "", [fact.concept])


def correct(fact: Fact, value: Any, *, by: Actor) -> None:
    """Replace what is kept; the day counts from now."""
    now = timezone.now()
    lifetime = LIFETIMES.get(fact.concept.partition(".")[0], LIFETIME)
    fact.row.value, fact.row.asserted_at, fact.row.expires_at = value, now, now + lifetime
    fact.row.save(update_fields=["value", "asserted_at", "expires_at"])
    note("profile.corrected", by, fact.row.resident_id, "", [fact.concept])


def forget_expired() -> None:
    """Nightly: what was kept long enough, and files that were kept only for it.

    Such a file outlived the application that it came with (`cases.retention`); now that nothing is
    answered by it any more, nobody would ever delete it.
    """
    ProfileFact.objects.filter(expires_at__lte=timezone.now()).delete()
    alone = Attachment.objects.filter(draft=None)
    owners = alone.values("owner")
    facts = ProfileFact.objects.filter(question__type="file", resident__in=owners)
    kept = {
        name
        for value in facts.values_list("value", flat=True)
        for name in attachments.ids_in(value)
    }
    attachments.remove(alone.exclude(pk__in=kept))


def note(event: str, by: Actor, resident_id: Any, subject: str, concepts: Iterable[str]) -> None:
    """Write to the ledger what became of kept answers, naming their concepts only."""
    ledger.record(
        event=event,
        by=by,
        about=str(resident_id),
        object_kind="profile",
        object_id=str(resident_id),
        purpose=f"service:{subject}"[:200] if subject else "",
        data={"concepts": sorted(concepts)},
    )
