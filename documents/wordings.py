"""The words of letters that a municipality writes itself: checked, published, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit import ledger
from common.actor import Actor
from common.errors import Conflict, DomainError
from common.lookup import Lookup
from documents import merging
from documents.models import LetterWording
from identity.models import User

#: The parts of a wording, and the most characters of each.
PARTS = {"title": 60, "body": 4000, "remarks": 4000}
PART_NAMES = {
    "title": gettext_lazy("Title"),
    "body": gettext_lazy("Deciding sentences"),
    "remarks": gettext_lazy("Remarks"),
}
REQUIRED = frozenset({"title", "body"})
LONGEST_NOTE = 200
_of_key: Lookup[LetterWording] = Lookup(
    lambda key: LetterWording.objects.filter(key=key).order_by("-number"), key=str
)

Texts = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Found:
    """What stands in the way of publishing: in which language and part, and why."""

    language: str
    part: str
    message: str

    @property
    def part_name(self) -> str:
        return str(PART_NAMES[self.part])


class CannotPublish(DomainError):
    """The wording cannot be used; `found` says where and why."""

    def __init__(self, found: list[Found]) -> None:
        super().__init__(
            _("This cannot be published yet. Please put these things right first."),
            code="wording",
        )
        self.found = found


def current(key: str) -> LetterWording | None:
    """The wording in force, if the municipality has its own. One statement."""
    return _of_key.one(key=key)


def of_key(key: str) -> QuerySet[LetterWording]:
    """Every version, newest first."""
    return LetterWording.objects.filter(key=key).select_related("published_by").order_by("-number")


def check(texts: Texts, languages: list[str], known: Mapping[str, object]) -> list[Found]:
    """Everything that is wrong: missing languages, unknown fields, wrong syntax, too long."""
    found = []
    for language in languages:
        given = texts.get(language, {})
        for part, most in PARTS.items():
            text = given.get(part, "")
            if part in REQUIRED and not text.strip():
                found.append(Found(language, part, _("This text is missing in this language.")))
            if len(text) > most:
                too_long = _("This text is too long: at most %(most)s characters.")
                found.append(Found(language, part, too_long % {"most": most}))
            if part == "title" and "\n" in text.strip():
                found.append(Found(language, part, _("A title is one line.")))
            if part == "title" and merging.fields(text):
                # Everybody who checks a code reads it.
                found.append(Found(language, part, _("A title cannot name fields.")))
            found += [Found(language, part, one.message) for one in merging.problems(text, known)]
        extra = bool(given.get("remarks", "").strip())
        if not extra and any(texts.get(one, {}).get("remarks", "").strip() for one in languages):
            missing = _("This text is missing in this language.")
            found.append(Found(language, "remarks", missing))
    return found


@transaction.atomic
def publish(
    *,
    key: str,
    texts: Texts,
    languages: list[str],
    known: Mapping[str, object],
    note: str,
    base: int,
    by: User,
) -> LetterWording:
    """Publish a wording: decisions from now on are told in it.

    `known` are the merge fields there are; `base` the number of the version that the editor had in
    front of them (0: none). Raises `CannotPublish`, and `Conflict` when somebody published another
    one meanwhile.
    """
    if found := check(texts, languages, known):
        raise CannotPublish(found)
    last = LetterWording.objects.filter(key=key).aggregate(last=Max("number"))["last"] or 0
    if last != base:
        raise _meanwhile()
    try:
        with transaction.atomic():
            wording = LetterWording.objects.create(
                key=key,
                number=last + 1,
                texts={
                    language: {part: _tidy(texts[language].get(part, "")) for part in PARTS}
                    for language in languages
                },
                note=note.strip()[:LONGEST_NOTE],
                published_by=by,
            )
    except IntegrityError:
        raise _meanwhile() from None
    ledger.record(
        event="letter_wording.published",
        by=Actor.of(by),
        object_kind="letter_wording",
        object_id=str(wording.pk),
        data={"key": key, "number": wording.number},
    )
    return wording


def _meanwhile() -> Conflict:
    return Conflict(
        _(
            "Somebody else published another version in the meantime. Your text is still here: "
            "compare it with theirs, then publish again."
        ),
        code="published_meanwhile",
    )


def _tidy(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").strip().split("\n"))
