"""A decision as a letter: the service's own words, the answers it names, the town's brand."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from cases.models import Decision, RegisterEntry
from common.calendar import wareki
from common.text import Text
from documents import brand, codes
from documents.letters import (
    BASE_TEMPLATE,
    Addressee,
    Appeal,
    Letter,
    VerificationMark,
    render_letter,
)
from forms import display
from tenants.links import absolute

#: Letters are official papers in Japanese; the notice that announces them is in the resident's.
LANGUAGE = "ja"


@dataclass(frozen=True, slots=True)
class Composed:
    """A letter ready to be issued."""

    title: str
    titles: Text
    language: str
    html: str
    code: str


def compose(decision: Decision, entry: RegisterEntry | None) -> Composed:
    """The letter of a decision, with a fresh verification code."""
    code = codes.new_code()
    case = decision.case
    declared = case.offering.template.letters
    words = declared.of(decision.outcome)
    application = case.application
    with translation.override(LANGUAGE):
        merge = {
            "receipt_number": application.receipt_number,
            "received_on": wareki(case.received_on),
        }
        verify = absolute(reverse("portal:verify", args=[code]))
        letter = Letter(
            language=LANGUAGE,
            title=words.title.in_language(LANGUAGE),
            number=f"{decision.number}号",
            issued_on=timezone.localdate(),
            addressee=addressee_of(decision),
            paragraphs=tuple(
                text.in_language(LANGUAGE).format_map(merge) for text in words.paragraphs
            ),
            receipt_number=application.receipt_number,
            particulars=_particulars(decision, words.particulars),
            reason=tuple(decision.reason.splitlines()) if decision.outcome == "refused" else (),
            conditions=tuple(decision.conditions),
            fee=_charged(decision),
            legal_basis=tuple(text.in_language(LANGUAGE) for text in declared.legal_basis),
            remarks=tuple(text.in_language(LANGUAGE) for text in words.remarks),
            # To acknowledge is no administrative act (処分): there is nothing to appeal against.
            appeal=None if decision.outcome == "acknowledged" else appeal(),
            verification=VerificationMark(url=verify, code=code),
        )
        html = render_letter(letter, template=words.template or BASE_TEMPLATE)
    return Composed(letter.title, words.title, LANGUAGE, html, code)


def _charged(decision: Decision) -> tuple[tuple[str, int], ...]:
    """The fee's lines: as it was computed, with what was let off since."""
    if decision.outcome != "approved" or decision.fee_waived:
        return ()
    due = decision.fee
    if due is not None and due.state == due.State.WAIVED:
        return ()
    lines = [(line.text, line.amount) for line in decision.case.application.computed_fee.lines]
    if due is not None and due.parts == 1:
        lines = due.breakdown
    return tuple((text.in_language(LANGUAGE), amount) for text, amount in lines)


def addressee_of(decision: Decision) -> Addressee:
    """The represented, care of whoever acts for them; else the resident."""
    resident = decision.case.resident
    represented = decision.case.represented
    if represented is not None:
        return Addressee(
            name=represented.name,
            postal_code=represented.address.get("postalCode", ""),
            address=represented.address_line,
            is_organisation=represented.is_organisation,
            care_of=_care_of(represented.kind, resident.name),
        )
    provenance = getattr(resident, "eid", None)
    claims = provenance.claims if provenance else {}
    address = (claims.get("person.address") or {}).get("value") or {}
    helped = decision.case.application.helped
    if not address and helped is not None:  # nobody's eID: as the paper at the counter said
        address = helped.address
    return Addressee(
        name=resident.name,
        postal_code=address.get("postalCode", ""),
        address="".join(
            address.get(part, "") for part in ("prefecture", "city", "streetAddress", "building")
        ),
    )


def _care_of(kind: str, name: str) -> str:
    """The line under the addressee that names who acts for them."""
    words = {
        "guardian": _("Legal representative: %(name)s"),
        "attorney": _("Agent: %(name)s"),
        "organisation": _("Attention: %(name)s"),
    }
    return words[kind] % {"name": name} if kind in words else ""


def _particulars(decision: Decision, question_ids: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    case = decision.case
    steps = display.rows(case.application.version.form, case.answers, case.provenance, LANGUAGE)
    # A group has a row for each of its questions, in every entry.
    return tuple(
        (str(row.label), str(row.text))
        for question_id in question_ids
        for step in steps
        for row in step.rows
        if row.question_id == question_id and row.text
    )


def appeal() -> Appeal:
    town = brand.current()
    head = town.representative_title or f"{town.town}長"
    return Appeal(authority=town.appeal_authority or head, defendant=town.town, representative=head)
