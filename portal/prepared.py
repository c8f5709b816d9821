"""The letter that the town had prepared, as a draft's pages show it (`cases.prepared_letters`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from cases.prepared_letters import answering, matching
from cases.prepared_letters.matching import rule_of
from cases.prepared_letters.models import PreparedLetter
from cases.prepared_letters.reading import key_of
from catalogue.models import Offering
from common.marks import Part, Parts
from common.text import Text
from forms import display
from forms.definitions import FormDefinition
from forms.models import Draft
from identity import limits
from portal.http import helping_of

#: In an address or a post: begin with the letter.
LETTER = "letter"


@dataclass(frozen=True, slots=True)
class Panel:
    """What is said of the letter; without a number the form was not filled in from one (yet)."""

    name: Text
    url: str
    number: str = ""
    last_day: date | None = None
    amount: int | None = None
    account: str = ""


def panel_on(
    draft: Draft, offering: Offering | None, letter: PreparedLetter | None, step_id: str
) -> Panel | None:
    """What the page of a step says; None for most. The way to the letter stands where its number is
    asked, what it says beside the questions that the service names."""
    rule = rule_of(offering)
    if rule is None:
        return None
    asked = {node.id for node in draft.prepared.step_nodes.get(step_id, ())}
    if letter is None:
        return Panel(rule.name, _url(draft)) if rule.number in asked else None
    beside: set[str] = {what for name, what in rule.beside.items() if name in asked}
    if rule.number not in asked and not beside:
        return None
    return _of(draft, rule.name, letter, beside)


def panel_of(
    draft: Draft, offering: Offering | None, letter: PreparedLetter | None
) -> Panel | None:
    """Everything that the letter says beside the answers; None where there was none."""
    rule = rule_of(offering)
    if rule is None or letter is None:
        return None
    return _of(draft, rule.name, letter, set(rule.beside.values()))


def _of(draft: Draft, name: Text, letter: PreparedLetter, beside: set[str]) -> Panel:
    return Panel(
        name,
        _url(draft),
        letter.number,
        letter.last_day,
        letter.amount if "amount" in beside else None,
        letter.account_masked if "account" in beside else "",
    )


def _url(draft: Draft) -> str:
    return reverse("portal:prepared_letter", args=[draft.pk])


def rows_of(form: FormDefinition, offering: Offering, letter: PreparedLetter) -> list[Row]:
    """What would be filled in, by the labels of this form."""
    language = get_language() or "ja"
    known = form.questions_by_id
    return [
        Row(
            known[name].label.in_language(language),
            display.text_of(known[name], value, language),
        )
        for name, value in answering.answers_of(letter, offering).items()
        if value is not None and name in known
    ]


@dataclass(frozen=True, slots=True)
class Row:
    """One of them."""

    label: str
    text: str


def shown(letter: PreparedLetter, offering: Offering) -> Parts:
    """What the page shows from which the form is filled in."""
    content = [letter.told, answering.answers_of(letter, offering)]
    return {"letter": Part(_("Letter of the town"), content)}


def may_try(request: HttpRequest, number: str) -> bool:
    """Count one more try with a number of a letter; False when there were too many, by whom or for
    this number. Staff are known, and a queue at the counter is no guessing."""
    return helping_of(request) is not None or (
        limits.allows(request, limits.LETTER)
        and limits.allows(request, limits.LETTER_NUMBER, key=key_of(number)[:40])
    )


def typed_number(draft: Draft, offering: Offering | None) -> str:
    """A number that somebody typed into the form without having shown that the letter is theirs."""
    rule = rule_of(offering)
    if rule is None:
        return ""
    origin = draft.provenance.get(rule.number) or {}
    if origin.get("source") == display.LETTER:
        return ""
    return str(draft.answers.get(rule.number) or "")


def offered(draft: Draft, offering: Offering) -> PreparedLetter | None:
    """The letter that is surely the resident's own, by their eID. None for whoever acts for
    somebody else, and for a guest."""
    if draft.resident is None or draft.representation_id is not None:
        return None
    return matching.of_resident(offering, draft.resident)
