"""What a letter's text may name: the merge fields of a service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from forms import sensitive
from forms.definitions import FormDefinition

if TYPE_CHECKING:
    from catalogue.template import ServiceDeclaration

#: The fields that every service has; the values are given by `cases.letters`.
GENERAL = {
    "receipt_number": _("Receipt number"),
    "received_on": _("Day of receipt"),
    "applicant_name": _("Name of the applicant"),
    "sender_name": _("Name of whoever sent it"),
    "decision_number": _("Number of the decision"),
    "decided_on": _("Day of the decision"),
    "valid_from": _("Valid from"),
    "valid_until": _("Valid until"),
    "fee_total": _("Fee in total"),
    "service": _("Name of the service"),
    "office_name": _("Office in charge"),
    "town": _("Name of the municipality"),
}
ANSWER = "answer."
#: What a text for messages and correction requests can name (`cases.message_templates`).
OF_A_MESSAGE = {
    **{
        name: GENERAL[name]
        for name in (
            "receipt_number", "received_on", "applicant_name", "service", "office_name", "town",
        )
    },
    "due_on": _("End of the period"),
}  # fmt: skip


#: What only the letter that takes a decision back can name.
OF_A_REVOCATION = {
    "letter_title": _("Title of the letter that is revoked"),
    "revoked_from": _("First day on which it does not hold any more"),
}

#: What a letter's table prints beside answers, of the letter that the town had prepared
#: (`catalogue.prepared_letters`); nothing where there was none.
AMOUNT = "prepared_letter.amount"
OF_THE_TOWN = {AMOUNT: _("Amount")}


def particulars(service: ServiceDeclaration) -> frozenset[str]:
    """What a letter of the service can print beside answers."""
    return frozenset() if service.prepared_letters is None else frozenset(OF_THE_TOWN)


def names(form: FormDefinition) -> dict[str, str]:
    """Every field that a letter of a service with this form can name."""
    return dict.fromkeys((*GENERAL, *(f"{ANSWER}{name}" for name in _answers(form))), "")


def known(form: FormDefinition, *, revocation: bool = False) -> dict[str, str]:
    """Every field with its label in the active language: the general ones, then the answers."""
    general = GENERAL | (OF_A_REVOCATION if revocation else {})
    answers = {f"{ANSWER}{name}": label for name, label in _answers(form).items()}
    return {**{name: str(label) for name, label in general.items()}, **answers}


def _answers(form: FormDefinition) -> dict[str, str]:
    """Questions whose answer is one text. A letter prints the entries of groups in its table."""
    return {
        question.id: str(question.label)
        for question in form.questions_by_id.values()
        if question.type not in {"group", "file", "declaration"}
        and not sensitive.is_sensitive(question)
    }
