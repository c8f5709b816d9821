"""A decision as a letter: its words, the answers it names, the town's brand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from cases import letter_words, partial
from cases.letter_words import REVOKED, Words
from cases.models import Case, Decision, RegisterEntry, Replacement, Revocation
from cases.prepared_letters import matching
from catalogue.letter_fields import AMOUNT, ANSWER, OF_THE_TOWN
from common.database import connection
from common.text import Text
from documents import brand, codes, merging
from documents.letters import (
    BASE_TEMPLATE,
    Addressee,
    Appeal,
    Letter,
    VerificationMark,
    render_letter,
)
from documents.models import LetterWording
from documents.pdf import render_pdf
from documents.templatetags.letters import letter_date, yen
from forms import display
from identity import addresses
from identity.claims import ADDRESS
from tenants.links import absolute

#: Letters are official papers in Japanese; the notice that announces them is in the resident's.
LANGUAGE = "ja"


@dataclass(frozen=True, slots=True)
class Composed:
    """A letter ready to be issued; `content` is what the reading page shows."""

    title: str
    titles: Text
    language: str
    html: str
    code: str
    content: dict[str, Any]


def compose(
    decision: Decision, entry: RegisterEntry | None, *, anew: Replacement | None = None
) -> Composed:
    """The letter of a decision, with a fresh verification code; `anew`: in the place of another."""
    words = letter_words.words_of(decision.case.offering, decision.outcome, decision.wording)
    return _composed(letter_of(decision, words, entry, anew=anew), words)


def compose_revocation(revocation: Revocation, own: LetterWording | None) -> Composed:
    """The letter that takes a decision back. `own`: the municipality's wording of it, or None."""
    words = letter_words.words_of(revocation.decision.case.offering, REVOKED, own)
    return _composed(revocation_of(revocation, words), words)


def _composed(letter: Letter, words: Words) -> Composed:
    code = codes.new_code()
    with translation.override(LANGUAGE):
        verify = absolute(reverse("portal:verify", args=[code]))
        letter = replace(letter, verification=VerificationMark(url=verify, code=code))
        html = render_letter(letter, template=words.template or BASE_TEMPLATE)
    return Composed(letter.title, words.title, LANGUAGE, html, code, as_content(letter))


@dataclass(frozen=True, slots=True)
class Preview:
    """A letter as it would be, marked as a preview on every page."""

    title: str
    language: str
    html: str

    def as_pdf(self) -> bytes:
        """Raises `RenderingError`."""
        with translation.override(self.language):
            title = _("Preview: %(title)s") % {"title": self.title}
        return render_pdf(self.html, title=title, language=self.language)


def preview(decision: Decision, words: Words | None = None, *, language: str = LANGUAGE) -> Preview:
    """What the letter of a decision that is not made yet would say; nothing is kept.

    `words`: others than those in force, as somebody is writing them.
    """
    found = words or letter_words.words_of(
        decision.case.offering, decision.outcome, decision.wording
    )
    letter = replace(letter_of(decision, found, None, language=language), preview=True)
    html = render_letter(letter, template=found.template or BASE_TEMPLATE)
    return Preview(letter.title or "–", language, html)


def letter_of(
    decision: Decision,
    words: Words,
    entry: RegisterEntry | None,
    *,
    language: str = LANGUAGE,
    anew: Replacement | None = None,
) -> Letter:
    """What the letter of a decision says, without a code; in another language as a translation."""
    case = decision.case
    with translation.override(language):
        rows = _rows(decision, language)
        merge = _values(decision, entry, rows, language)
        return Letter(
            language=language,
            title=words.title.in_language(language),
            number=_number(decision.number),
            issued_on=timezone.localdate(),
            addressee=addressee_of(decision.case),
            paragraphs=_merged(words, "body", language, merge),
            receipt_number=case.application.receipt_number,
            particulars=_particulars(case, words, rows),
            reason=tuple(decision.reason.splitlines()) if decision.outcome == "refused" else (),
            conditions=tuple(decision.conditions),
            fee=_charged(decision, language),
            legal_basis=_legal_basis(decision, language),
            remarks=(*_merged(words, "remarks", language, merge), *_what_it_follows(decision)),
            # To acknowledge is no administrative act (処分): there is nothing to appeal against.
            appeal=None
            if decision.outcome == "acknowledged"
            else appeal(case.offering.template.letters.appeal_notice),
            refused_parts=tuple(
                (Text(part["label"]).in_language(language), part["grounds"])
                for part in decision.refused_parts
            ),
            sealed=decision.outcome != "acknowledged",
            office=case.department.key,
            edition=_edition(anew),
            replaces=_replaces(anew),
        )


def _particulars(case: Case, words: Words, rows: list[display.Row]) -> tuple[tuple[str, str], ...]:
    """The table: answers, and what the town's own letter to the applicant said. One statement
    where the service declares that."""
    found, labels = [], case.offering.template.letters.labels
    for name in words.particulars:
        if name == AMOUNT:
            letter = matching.of_case(case)
            if letter is not None and letter.amount is not None:
                found.append((str(OF_THE_TOWN[name]), yen(letter.amount)))
        found += [
            (str(labels.get(name, row.label)), str(row.text))
            for row in rows
            if row.question_id == name and row.text
        ]
    return tuple(found)


def revocation_of(revocation: Revocation, words: Words, *, language: str = LANGUAGE) -> Letter:
    """What the letter of a revocation says, without a code."""
    decision = revocation.decision
    with translation.override(language):
        title = decision.letter.title if decision.letter is not None else ""
        merge = _values(decision, None, _rows(decision, language), language) | {
            "letter_title": title,
            "revoked_from": letter_date(revocation.effective_on),
        }
        return Letter(
            language=language,
            title=words.title.in_language(language),
            number=_number(revocation.number),
            issued_on=timezone.localdate(),
            addressee=addressee_of(decision.case),
            paragraphs=_merged(words, "body", language, merge),
            receipt_number=decision.case.application.receipt_number,
            reason=tuple(revocation.grounds.splitlines()),
            legal_basis=_legal_basis(decision, language),
            remarks=_merged(words, "remarks", language, merge),
            appeal=appeal(),
            office=decision.case.department.key,
        )


def as_content(letter: Letter) -> dict[str, Any]:
    """A letter as JSON data: what the page for reading shows. Dates are ISO, the brand is not in.

    The issuer is: a mayor may change, the letter stays.
    """
    with translation.override(letter.language):
        town = brand.current()
        found = asdict(letter)
        found |= {
            "issued_on": letter.issued_on.isoformat(),
            "fee_total": letter.fee_total,
            "issuer": " ".join(
                part
                for part in (town.representative_title or town.town, town.representative_name)
                if part
            ),
        }
    for name in ("preview", "sealed", "verification", "office"):
        found.pop(name)
    return found


def _merged(words: Words, part: str, language: str, values: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(merging.merge(line, values) for line in words.lines(part, language))


def _number(number: str) -> str:
    return f"{number}号" if number else _("(The number is given with the decision.)")


def _edition(anew: Replacement | None) -> str:
    """``Issued again (edition 2)``; empty for the first letter."""
    if anew is None:
        return ""
    named = {"kind": anew.get_kind_display(), "number": anew.edition}
    return _("%(kind)s (edition %(number)s)") % named


def _replaces(anew: Replacement | None) -> str:
    """The sentence that says so, with what was corrected."""
    if anew is None:
        return ""
    if anew.kind == Replacement.Kind.REISSUE:
        return _("This letter takes the place of the one before.")
    said = _("This letter takes the place of the one before. What was corrected: %(what)s")
    return said % {"what": anew.note}


def _legal_basis(decision: Decision, language: str) -> tuple[str, ...]:
    declared = decision.case.offering.template.letters
    return tuple(text.in_language(language) for text in declared.legal_basis)


def _rows(decision: Decision, language: str) -> list[display.Row]:
    """The answers that are granted, or all of them, in words."""
    case = decision.case
    answers = partial.granted(decision) if decision.refused_parts else case.answers
    steps = display.rows(case.application.version.form, answers, case.provenance, language)
    # A group has a row for each of its questions, in every entry. What is hidden is not printed.
    return [row for step in steps for row in step.rows if not row.hidden]


def _values(
    decision: Decision, entry: RegisterEntry | None, rows: list[display.Row], language: str
) -> dict[str, str]:
    """What the merge fields stand for, in the active language."""
    case = decision.case
    general = {
        "receipt_number": case.application.receipt_number,
        "received_on": letter_date(case.received_on),
        "applicant_name": case.applicant_name,
        "sender_name": case.resident.name,
        "decision_number": decision.number,
        "decided_on": letter_date(timezone.localdate(decision.decided_at)),
        "valid_from": letter_date(entry.valid_from if entry else None),
        "valid_until": letter_date(entry.valid_until if entry else None),
        "fee_total": yen(
            case.fee.amount if case.fee else partial.fee_for(case, decision.refused_parts).total
        ),
        "service": case.offering.title.in_language(language),
        "office_name": case.department.name.in_language(language),
        "town": str(connection.tenant.name),
    }
    answers = {f"{ANSWER}{row.question_id}": str(row.text) for row in rows if not row.entry}
    return general | answers


def _charged(decision: Decision, language: str) -> tuple[tuple[str, int], ...]:
    """The fee's lines: as it was computed for what is granted, with what was let off since."""
    if decision.outcome != "approved" or decision.fee_waived:
        return ()
    due = decision.fee or decision.case.fee
    if due is not None and due.state == due.State.WAIVED:
        return ()
    fee = partial.fee_for(decision.case, decision.refused_parts)
    lines = [(line.text, line.amount) for line in fee.lines]
    if due is not None and due.parts == 1:
        lines = due.breakdown
    return tuple((text.in_language(language), amount) for text, amount in lines)


def addressee_of(case: Case) -> Addressee:
    """The represented, care of whoever acts for them; else the resident."""
    resident = case.resident
    represented = case.represented
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
    helped = case.application.helped
    if not address and helped is not None:  # nobody's eID: as the paper at the counter said
        address = helped.address
    if not address and case.application.without_sign_in:  # as they wrote themselves
        address = _written_address(case)
    return Addressee(
        name=resident.name,
        postal_code=address.get("postalCode", ""),
        address=addresses.one_line(address),
    )


def _written_address(case: Case) -> Mapping[str, str]:
    for question in case.application.version.form.questions():
        if question.concept == ADDRESS and question.type == "address":
            return case.answers.get(question.id) or {}
    return {}


def _care_of(kind: str, name: str) -> str:
    """The line under the addressee that names who acts for them."""
    words = {
        "guardian": _("Legal representative: %(name)s"),
        "attorney": _("Agent: %(name)s"),
        "organisation": _("Attention: %(name)s"),
    }
    return words[kind] % {"name": name} if kind in words else ""


def _what_it_follows(decision: Decision) -> tuple[str, ...]:
    """Which permit a changed or renewed one follows. One statement for those, none for others."""
    case = decision.case
    words = {
        Case.Origin.AMENDMENT: _("This permit takes the place of permit %(number)s."),
        Case.Origin.RENEWAL: _("This permit renews permit %(number)s."),
    }
    if decision.outcome != Decision.Outcome.APPROVED or case.origin_kind not in words:
        return ()
    first = Decision.objects.filter(case=case.origin_id).first()
    said = words[Case.Origin(case.origin_kind)]
    return (said % {"number": _number(first.number)},) if first else ()


def appeal(notice: str = "review_and_action") -> Appeal:
    town = brand.current()
    head = town.representative_title or f"{town.town}長"
    return Appeal(
        authority=town.appeal_authority or head,
        defendant=town.town,
        representative=head,
        template=f"documents/appeal/{notice}",
    )
