"""An invented case, so that a letter can be looked at while it is being written."""

from __future__ import annotations

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from cases import letter_words, letters
from cases.letter_words import Words
from catalogue.letter_fields import OF_THE_TOWN, known
from catalogue.models import Offering
from documents.letters import BASE_TEMPLATE, Addressee, Appeal, Letter, render_letter
from documents.merging import merge


def preview(offering: Offering, outcome: str, words: Words, language: str) -> letters.Preview:
    """The letter with the names of its fields in the place of values, marked as a preview."""
    with translation.override(language):
        labels = known(offering.form_version.form, revocation=outcome == letter_words.REVOKED)
        values = {name: f"［{label}］" for name, label in labels.items()}
        questions = offering.form_version.form.questions_by_id
        declared = offering.template.letters
        named = {name: question.label for name, question in questions.items()} | declared.labels
        town = values["town"]
        letter = Letter(
            language=language,
            title=words.title.in_language(language) or "–",
            number=_("(The number is given with the decision.)"),
            issued_on=timezone.localdate(),
            addressee=Addressee(name=values["applicant_name"]),
            paragraphs=tuple(merge(line, values) for line in words.lines("body", language)),
            receipt_number=values["receipt_number"],
            particulars=tuple(
                (str(OF_THE_TOWN[name]), "［…］")
                if name in OF_THE_TOWN
                else (named[name].in_language(language), "［…］")
                for name in words.particulars
                if name in questions or name in OF_THE_TOWN
            ),
            reason=("［…］",) if outcome in {"refused", letter_words.REVOKED} else (),
            conditions=("［…］",) if outcome == "approved" else (),
            legal_basis=tuple(text.in_language(language) for text in declared.legal_basis),
            remarks=tuple(merge(line, values) for line in words.lines("remarks", language)),
            appeal=None
            if outcome == "acknowledged"
            else Appeal(authority=town, defendant=town, representative=town),
            preview=True,
        )
        html = render_letter(letter, template=words.template or BASE_TEMPLATE)
    return letters.Preview(letter.title, language, html)
