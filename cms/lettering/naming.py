"""Which letters of a service print the answer to a question, in the words that are in force."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from cases import letter_words
from catalogue import letter_fields
from catalogue.models import Offering
from documents import merging, wordings
from documents.models import LetterWording
from forms.definitions import FormDefinition

OUTCOMES = {
    "approved": _("Approval"),
    "refused": _("Refusal"),
    "acknowledged": _("Acknowledgement"),
    "revoked": _("Revocation"),
}
LONGEST_QUOTE = 60


@dataclass(frozen=True, slots=True)
class Named:
    """A place in a letter that names a question which the form does not have.

    `question_id` is what it was called; `quote` is the line it stands in.
    """

    outcome: str
    language: str
    part: str
    line: int
    question_id: str
    quote: str

    @property
    def letter(self) -> str:
        return str(OUTCOMES[self.outcome])

    @property
    def language_name(self) -> str:
        return dict(settings.LANGUAGES).get(self.language, self.language)

    @property
    def part_name(self) -> str:
        return str(wordings.PART_NAMES[self.part])


def missing(offering: Offering, form: FormDefinition) -> list[Named]:
    """What the letters of the service name and `form` does not ask. One statement."""
    keys = {
        letter_words.key_of(offering, each): each for each in letter_words.outcomes_of(offering)
    }
    own: dict[str, LetterWording] = {}
    for row in LetterWording.objects.filter(key__in=keys).order_by("number"):
        own[row.key] = row
    found: list[Named] = []
    for key, outcome in keys.items():
        words = letter_words.words_of(offering, outcome, own.get(key))
        known = letter_fields.known(form, revocation=outcome == letter_words.REVOKED)
        for part in wordings.PARTS:
            for language, text in getattr(words, part).items():
                found += _in_text(text, known, outcome, language, part)
    return list(dict.fromkeys(found))


def _in_text(
    text: str, known: dict[str, str], outcome: str, language: str, part: str
) -> Iterator[Named]:
    lines = text.split("\n")
    for problem in merging.problems(text, known):
        name = problem.name.removeprefix(letter_fields.ANSWER)
        if problem.reason != "unknown_field" or name == problem.name:
            continue
        quote = lines[problem.line - 1].strip()
        if len(quote) > LONGEST_QUOTE:
            quote = f"{quote[:LONGEST_QUOTE]}…"
        yield Named(outcome, language, part, problem.line, name, quote)
