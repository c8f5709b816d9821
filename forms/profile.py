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
from forms import attachments, display, sensitive
from forms.errors import FileRefused
from forms.models import Attachment, Draft, ProfileFact
from forms.prepared import Node, Prepared
from forms.questions import FileQuestion, GroupQuestion, Question, QuestionBase
from forms.seals import is_verified
from forms.state import is_empty
from forms.validation import of_value

#: How long a fact is kept, by the first part of its concept. Households change sooner.
LIFETIMES = {"household": timedelta(days=365), "document": timedelta(days=365)}
LIFETIME = timedelta(days=730)
#: Where a household is not known as such, its other form serves.
_NEAR = {"household.members": "household.children", "household.children": "household.members"}
_RELATION = "household.relation"
#: Begins the concepts of a form about one child; the rest is what the fact of a person is called.
OF_ONE_CHILD = "household.child."
_CHILDREN = frozenset({"child", "adopted", "grandchild", "stepchild"})
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
    return [
        (node, sensitive.without([node.question], {node.id: answers[node.id]})[node.id])
        for node in prepared.nodes.values()
        if node.group_id is None
        and node.question.concept
        and node.question.concept not in _THIS_TIME
        and node.id in answers
        and not sensitive.is_sensitive(node.question)
        and not is_verified(draft.provenance.get(node.id))
    ]


def _portable(question: QuestionBase) -> dict[str, Any]:
    """The question without its rules: it can be shown and asked by itself."""
    return _without_rules(question.model_dump(mode="json", by_alias=True, exclude_defaults=True))


def _without_rules(data: dict[str, Any]) -> dict[str, Any]:
    found = {name: value for name, value in data.items() if name not in _OF_THE_FORM}
    if "questions" in found:
        found["questions"] = [_without_rules(item) for item in found["questions"]]
    return found


# --- Using ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Offer:
    """A kept answer that would fit a question of the draft."""

    fact: Fact
    question_id: str
    #: The question's label in this form.
    label: str


def offers(draft: Draft) -> list[Offer]:
    """What could be filled in from the resident's earlier applications: one query."""
    language = get_language() or "ja"
    return [
        Offer(fact, node.id, node.question.label.in_language(language))
        for node, fact, _value in _fitting(draft)
    ]


def use(draft: Draft, question_ids: Collection[str], *, by: Actor) -> list[str]:
    """Fill in the questions that the resident chose. Returns those that were; saves nothing.

    The caller saves the draft. Files are copied: the draft's own can be removed alone.
    """
    filled, concepts = [], []
    for node, fact, found in _fitting(draft):
        if node.id not in question_ids:
            continue
        value = _with_copies(draft, node.question, found) if node.asks_files else found
        if not value:
            continue
        draft.answers[node.id] = value
        draft.provenance[node.id] = origin_of(fact)
        filled.append(node.id)
        concepts.append(fact.concept)
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


def is_about_one_child(prepared: Prepared) -> bool:
    """Whether a form asks for one child by name, as those do that are sent once for each."""
    asked = (node.question.concept for node in prepared.nodes.values() if node.group_id is None)
    return f"{OF_ONE_CHILD}fullName" in asked


def _fitting(draft: Draft) -> list[tuple[Node, Fact, Any]]:
    if draft.representation_id is not None:
        return []
    # Facts of one child come together or not at all: `forms.one_child`.
    apart = OF_ONE_CHILD if is_about_one_child(draft.prepared) else "-"
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
        fact = facts.get(concept) or facts.get(_NEAR.get(concept, ""))
        value = _fit(node, fact, concept) if fact else None
        if fact and not is_empty(value) and value != draft.answers.get(node.id):
            found.append((node, fact, value))
    return found


def is_open(node: Node, draft: Draft) -> bool:
    """Not answered yet, or only by what the eID has not verified: the resident knows better."""
    origin = draft.provenance.get(node.id) or {}
    told = origin.get("source") == "eid" and not is_verified(origin)
    return node.id not in draft.answers or told


def _fit(node: Node, fact: Fact, concept: str) -> Any:
    """The fact's value as an answer to this question; None when it is none."""
    question, known = node.question, fact.question
    if question.type != known.type:
        return None
    if isinstance(question, GroupQuestion):
        entries = _entries(question, cast("GroupQuestion", known), fact.row.value)
        if concept == "household.children" and fact.concept != concept:
            entries = [entry for entry in entries if is_child(question, entry)]
        return entries[: question.max]
    if isinstance(question, FileQuestion):
        return fact.row.value[: question.max_files]
    return None if any(of_value(question, fact.row.value)) else fact.row.value


def _entries(
    question: GroupQuestion, known: GroupQuestion, values: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Entries carried over part by part, each by its concept."""
    pairs = [
        (item, source)
        for item in question.questions
        for source in known.questions
        if item.concept and item.concept == source.concept and item.type == source.type
    ]
    found = []
    for value in values:
        entry = {}
        for item, source in pairs:
            part = _part(item, source, value.get(source.id))
            if not is_empty(part):
                entry[item.id] = part
        if entry:
            found.append(entry)
    return found


def _part(item: Question, known: Question, value: Any) -> Any:
    """One part of an entry, or the entries of a group within it; None when it does not fit."""
    if is_empty(value):
        return None
    if isinstance(item, GroupQuestion):
        return _entries(item, cast("GroupQuestion", known), value)[: item.max]
    if isinstance(item, FileQuestion):  # `use` copies them
        return value[: item.max_files]
    return None if any(of_value(item, value)) else value


def is_child(question: GroupQuestion, entry: Mapping[str, Any]) -> bool:
    """Whether somebody of a household is a child of whoever applies."""
    relation = next((item.id for item in question.questions if item.concept == _RELATION), "")
    return entry.get(relation) in _CHILDREN


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
