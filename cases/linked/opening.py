"""From a case into the form of what follows it, and from that form to a case of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from audit import ledger
from cases import clocks, policies, timeline
from cases.linked import offers
from cases.linked.offers import links_of, rule_of, target_of
from cases.models import Case, RegisterEntry
from catalogue.linked import LinkKind, LinkRule
from catalogue.models import Offering
from common.actor import Actor
from common.errors import InvalidInput, NotAllowed, NotFound
from forms import drafts, following
from forms.following import Earlier
from forms.models import Draft
from identity.models import Representation, User


@dataclass(frozen=True, slots=True)
class Way:
    """A way on from a case that may be taken now."""

    case: Case
    rule: LinkRule
    offering: Offering
    # For whom the resident acts in it, as in the earlier case.
    representation: Representation | None


def way(case: Case, link_id: str, user: User) -> Way:
    """Raises `NotFound`, and `NotAllowed` with what is in the way."""
    rule = rule_of(case, link_id)
    offers.check(case, rule, links_of(case))
    offering = _offered(case, rule)
    representation = case.application.representation if case.represented else None
    if representation is not None:
        policies.check_represents(representation, offering, user)
    return Way(case, rule, offering, representation)


def begun(way: Way) -> Draft | None:
    """The draft in which the resident has begun it."""
    return drafts.open_after(
        resident=way.case.resident,
        subject=way.offering.slug,
        origin=way.case.pk,
        kind=way.rule.kind.value,
    )


@transaction.atomic
def begin(way: Way, *, claims: Mapping[str, Any], by: User) -> Draft:
    """The draft, the one that was begun or a new one with the answers of the earlier case."""
    found = begun(way)
    if found is not None:
        return found
    case, version = way.case, way.offering.form_version
    draft = following.begin(
        resident=by,
        version=version,
        subject=way.offering.slug,
        origin=case.pk,
        kind=way.rule.kind.value,
        earlier=Earlier(
            label=case.application.receipt_number,
            sent_at=case.application.submitted_at.isoformat(),
            version=case.application.version,
            answers=case.answers,
            sources=way.rule.sources(case.application.version.form, version.form),
            known=_known(case, way.rule),
        ),
        representation=way.representation,
        claims=claims,
    )
    ledger.record(
        event="draft.carried",
        by=Actor.of(by),
        about=str(by.pk),
        object_kind="draft",
        object_id=str(draft.pk),
        purpose=f"service:{draft.subject}"[:200],
        data={"case": str(case.pk), "link": way.rule.id, "questions": sorted(draft.answers)},
    )
    return draft


def _offered(case: Case, rule: LinkRule) -> Offering:
    offering = target_of(case, rule)
    if offering is None:
        raise NotAllowed(
            _("This is not offered online at the moment. Please ask the office."),
            code="not_offered",
        )
    if rule.kind is LinkKind.APPEAL and offering.department_id == case.department_id:
        raise NotAllowed(
            _("The office that decided cannot decide on the appeal. Please send it on paper."),
            code="same_office",
        )
    return offering


def _known(case: Case, rule: LinkRule) -> dict[str, Any]:
    """What follows from the earlier case: facts that have a value, and fixed answers."""
    decision = getattr(case, "decision", None)
    facts: dict[str, str] = {
        "service": str(case.offering.title),
        "receipt_number": case.application.receipt_number,
    }
    if decision is not None:
        facts["number"] = decision.number
        facts["decided_on"] = timezone.localdate(decision.decided_at).isoformat()
        known = offers.known_on(decision)
        if known is not None:
            facts["known_on"] = known.isoformat()
        entry = getattr(decision, "entry", None)
        if entry is not None and entry.valid_until is not None:
            facts["day_after_end"] = (entry.valid_until + timedelta(days=1)).isoformat()
    elif (refused_on := clocks.deemed_refused_on(case, timezone.localdate())) is not None:
        facts["number"] = _("none (receipt number %(number)s)") % {
            "number": case.application.receipt_number
        }
        facts["decided_on"] = facts["known_on"] = refused_on.isoformat()
    filled = {name: facts[fact] for name, fact in rule.fill.items() if fact in facts}
    return filled | dict(rule.set_)


# --- Sending ----------------------------------------------------------------------------------


def origin_of(draft: Draft, offering: Offering) -> tuple[Case, LinkRule] | None:
    """The case that a draft follows, locked, and by which rule; None: it stands by itself.

    Everything is asked again: the day may be over, the permit replaced, the same sent from another
    window. Raises `NotAllowed`, `NotFound`.
    """
    if draft.origin is None:
        if offering.template.service.only_from_a_case:
            raise NotAllowed(_("Begin this from the decision that it is about."), code="no_case")
        return None
    case = (
        Case.objects.select_for_update(of=("self",))
        .select_related("application")
        .filter(pk=draft.origin, resident=draft.resident_id)
        .first()
    )
    if case is None:
        raise NotFound(_("There is no such application."), code="no_case")
    rule = _rule_for(case, draft, offering)
    offers.check(case, rule, links_of(case))
    _offered(case, rule)
    return case, rule


def _rule_for(case: Case, draft: Draft, offering: Offering) -> LinkRule:
    for rule in offers.rules_of(case):
        key = rule.service or case.offering.template_key
        if rule.kind.value == draft.origin_kind and key == offering.template_key:
            return rule
    raise NotAllowed(_("This service does not offer it any more."), code="no_link")


def wrong_days(draft: Draft, offering: Offering) -> dict[str, list[str]]:
    """What is wrong with the first day of a renewal that is not sent yet. No statement for most."""
    if draft.origin is None or draft.origin_kind != LinkKind.RENEWAL.value:
        return {}
    return _wrong_days(offering, draft.origin, draft.answers)


def check_days(
    offering: Offering, origin_id: Any, origin_kind: str, answers: Mapping[str, Any]
) -> None:
    """A renewal begins on the day after the permit that it renews. Raises `InvalidInput`."""
    if origin_id is None or origin_kind != LinkKind.RENEWAL.value:
        return
    if wrong := _wrong_days(offering, origin_id, answers):
        raise InvalidInput(wrong)


def _wrong_days(
    offering: Offering, origin_id: Any, answers: Mapping[str, Any]
) -> dict[str, list[str]]:
    entry = RegisterEntry.objects.filter(decision__case=origin_id).first()
    rule = offering.template.service.register_entry
    if entry is None or entry.valid_until is None or rule is None or not rule.valid_from:
        return {}
    wanted = entry.valid_until + timedelta(days=1)
    given = answers.get(rule.valid_from)
    if given and date.fromisoformat(given) != wanted:
        return {
            rule.valid_from: [
                _("A renewal begins on the day after the permit ends: %(day)s.")
                % {"day": date_format(wanted)}
            ]
        }
    return {}


_SENT = {
    LinkKind.AMENDMENT: "amendment_sent",
    LinkKind.RENEWAL: "renewal_sent",
    LinkKind.ADDITION: "addition_sent",
    LinkKind.APPEAL: "appeal_sent",
}


def note_sent(origin: Case, rule: LinkRule, case: Case, by: Actor) -> None:
    """The earlier case says that something follows it."""
    timeline.add(origin, _SENT[rule.kind], number=case.application.receipt_number)
    ledger.record(
        event="case.followed",
        by=by,
        about=str(origin.resident_id),
        object_kind="case",
        object_id=str(origin.pk),
        purpose=f"service:{case.offering.slug}",
        data={"link": rule.kind.value, "case": str(case.pk)},
    )
