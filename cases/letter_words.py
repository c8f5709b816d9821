"""Which words a letter has: the municipality's own version, else the service's declaration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from catalogue.models import Offering
from catalogue.template import LETTERS, LetterText
from common.text import Text
from documents import wordings
from documents.models import LetterWording

REVOKED = "revoked"

#: No service declares it: taking a decision back reads the same everywhere.
_REVOKED = LetterText(
    title=Text({"ja": "決定取消通知書", "en": "Notice of Revocation"}),
    paragraphs=(
        Text(
            {
                "ja": "{decided_on}付け{decision_number}号の「{letter_title}」による決定は、"
                "次の理由により、{revoked_from}から取り消します。",
                "en": "The decision of {decided_on} (No. {decision_number}), “{letter_title}”, "
                "is revoked from {revoked_from} for the following reason.",
            }
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a letter, by language, with merge fields; paragraphs are lines."""

    title: Text
    body: Text
    remarks: Text
    particulars: tuple[str, ...] = ()
    # A page of the service's own instead of the standard one.
    template: str = ""

    def lines(self, part: str, language: str) -> list[str]:
        """The paragraphs of ``"body"`` or ``"remarks"``."""
        text: Text = getattr(self, part)
        return [line.strip() for line in text.in_language(language).split("\n") if line.strip()]

    def as_texts(self, languages: list[str]) -> dict[str, dict[str, str]]:
        """As `documents.wordings` takes them, with nothing filled in for a missing language."""
        return {
            language: {part: dict(getattr(self, part)).get(language, "") for part in wordings.PARTS}
            for language in languages
        }


def key_of(offering: Offering, outcome: str) -> str:
    """The key of a letter's own wording."""
    return f"{offering.template_key}.{outcome}"


def outcomes_of(offering: Offering) -> list[str]:
    """The letters that a service can send."""
    letters = offering.template.letters
    found = [outcome for outcome in LETTERS if getattr(letters, outcome) is not None]
    return found if offering.is_notification else [*found, REVOKED]


def declared(offering: Offering, outcome: str) -> Words:
    """The service's own words. Raises `LookupError` for a letter it does not have."""
    text = _REVOKED if outcome == REVOKED else offering.template.letters.of(outcome)
    return Words(
        title=text.title,
        body=_joined(text.paragraphs),
        remarks=_joined(text.remarks),
        particulars=text.particulars,
        template=text.template,
    )


def words_of(offering: Offering, outcome: str, own: LetterWording | None) -> Words:
    """The words of a letter: those of `own`, else the service's."""
    if own is None:
        return declared(offering, outcome)
    return from_texts(offering, outcome, own.texts)


def from_texts(offering: Offering, outcome: str, texts: Mapping[str, Mapping[str, str]]) -> Words:
    """Words as somebody typed them; what the letter prints in its table stays the service's."""
    by_part = {
        part: Text({language: given.get(part, "") for language, given in texts.items()})
        for part in wordings.PARTS
    }
    base = declared(offering, outcome)
    return Words(**by_part, particulars=base.particulars, template=base.template)


def _joined(texts: tuple[Text, ...]) -> Text:
    languages = {language for text in texts for language in text}
    return Text(
        {
            language: "\n".join(text[language] for text in texts if language in text)
            for language in languages
        }
    )
