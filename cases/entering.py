"""What is different where a member of staff enters an application at the counter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import ledger
from cases import policies
from cases.models import Case
from catalogue.models import Offering
from common.actor import Actor
from common.database import one_or_none
from common.errors import InvalidInput, NotAllowed, NotFound
from forms import drafts
from forms.display import COUNTER
from forms.models import Draft
from identity import claims
from identity.counter import actions as counter
from identity.counter import papers
from identity.models import Helping, Representation, User
from identity.representation import queries as representations

#: How the resident confirmed the answers (`Represented.confirmed`).
READ_BACK = ("read_back", "signed")


def is_helper(draft: Draft, by: Actor) -> bool:
    """Whether the draft is of a session of this member of staff; if it is open is another question.

    One statement, and none for a draft without one.
    """
    found = draft.representation if draft.representation_id else None
    return (
        found is not None
        and found.kind == Representation.Kind.COUNTER
        and str(found.owner_id) == by.id
    )


def check_read_back(confirmed: str) -> None:
    """Nothing is sent that the resident has not heard or read. Raises `InvalidInput`."""
    if confirmed not in READ_BACK:
        raise InvalidInput({"read_back": [_("Choose how the applicant confirmed the answers.")]})


def entered_by(
    by: Actor, answers: Mapping[str, Any], provenance: Mapping[str, Any]
) -> dict[str, Any]:
    """The origins of the answers, with what was typed marked as entered by this member of staff."""
    typed = {"source": COUNTER, "by": by.name}
    found = {name: provenance.get(name) or typed for name in answers}
    return {
        name: typed if entry.get("changed_from") == COUNTER else dict(entry)
        for name, entry in found.items()
    }


def record_of(representation: Representation | None, confirmed: str) -> dict[str, Any] | None:
    """What the application keeps of whom it is for, or of who helped."""
    if representation is None:
        return None
    record = representation.record
    return (record.model_copy(update={"confirmed": confirmed}) if confirmed else record).as_json()


def done(draft: Draft, by: Actor) -> None:
    """One session is for one application."""
    helping = Helping.objects.get(representation=draft.representation)
    counter.end(helping=helping, ending=Helping.Ending.SENT, by=by)


# --- At the counter, before and after ---------------------------------------------------------


def drafts_of(helping: Helping) -> list[Draft]:
    """What was begun in this session and not sent yet."""
    return list(
        Draft.objects.filter(
            representation=helping.representation, state=Draft.State.OPEN, only__isnull=True
        ).select_related("on_behalf")
    )


@dataclass(frozen=True, slots=True)
class Whom:
    """Somebody for whom the resident acts; `reason` says why an application cannot be for them."""

    representation: Representation
    reason: str


def whom(helping: Helping, offering: Offering) -> list[Whom]:
    """For whom else the resident at the counter could apply for this service."""
    kinds = {kind.value for kind in offering.template.service.on_behalf}
    found = []
    for each in representations.of_owner(helping.resident):
        if each.kind not in kinds or each.state == Representation.State.REVOKED:
            continue
        try:
            policies.check_represents(each, offering, helping.resident)
        except NotAllowed as refusal:
            found.append(Whom(each, str(refusal)))
        else:
            found.append(Whom(each, ""))
    return found


@transaction.atomic
def open_draft(
    *, helping: Helping, offering: Offering, on_behalf: Representation | None = None
) -> Draft:
    """The draft of this session for a service; `on_behalf` of whom, if not of the resident.

    What the resident began at the counter before, in a session that has ended, goes on in this one;
    what they began at home is not looked at. Raises `NotAllowed`.
    """
    by, representation = Actor.of(helping.helper), helping.representation
    policies.check_helps(representation, offering, resident=helping.resident, by=by)
    certain = representation.basis in papers.WITH_PHOTOGRAPH
    if offering.is_sure and not certain:
        raise NotAllowed(
            _("For this service the applicant has to show a paper with a photograph."),
            code="assurance",
        )
    if on_behalf is not None:
        policies.check_represents(on_behalf, offering, helping.resident)
        counter.check_not_oneself(helping.helper, on_behalf.name)
    _go_on(helping, offering, on_behalf)
    concepts = offering.form_version.form.concepts()
    told = representations.claims(representation, {}) | claims.fresh(helping.resident, concepts)
    if on_behalf is not None:
        told = representations.claims(on_behalf, told)
    draft: Draft = drafts.open_draft(
        resident=helping.resident,
        version=offering.form_version,
        subject=offering.slug,
        claims=told,
        representation=representation,
        on_behalf=on_behalf,
        by=by,
    )
    _note("counter.draft", draft.resident_id, by, "draft", draft.pk, f"service:{offering.slug}")
    return draft


def _go_on(helping: Helping, offering: Offering, on_behalf: Representation | None) -> None:
    """Take over what another session left."""
    earlier = (
        Draft.objects.select_for_update(of=("self",))
        .filter(
            Q(representation__helping__ended_at__isnull=False)
            | Q(representation__helping__expires_at__lte=timezone.now()),
            resident=helping.resident,
            on_behalf=on_behalf,
            subject=offering.slug,
            state=Draft.State.OPEN,
            only__isnull=True,
            representation__kind=Representation.Kind.COUNTER,
        )
        .order_by("-saved_at")
        .first()
    )
    here = Draft.objects.filter(
        representation=helping.representation,
        on_behalf=on_behalf,
        subject=offering.slug,
        state=Draft.State.OPEN,
    )
    if earlier is not None and not here.exists():
        Draft.objects.filter(pk=earlier.pk).update(representation=helping.representation_id)


#: How long the receipt can be printed.
PRINTABLE = timedelta(hours=1)


def just_sent(helper: User, case_id: UUID) -> Case:
    """What this member of staff has just entered and sent; looking at it is noted.

    Raises `NotFound`.
    """
    found = one_or_none(
        Case.objects.select_related("application", "offering", "department", "resident").filter(
            pk=case_id,
            application__representation__owner=helper,
            application__representation__helping__ending=Helping.Ending.SENT,
            application__representation__helping__ended_at__gt=timezone.now() - PRINTABLE,
        )
    )
    if found is None:
        raise NotFound(_("There is no such application."), code="no_case")
    _note("counter.receipt", found.resident_id, Actor.of(helper), "case", found.pk, "counter")
    return found


def _note(event: str, about: object, by: Actor, kind: str, pk: object, purpose: str) -> None:
    ledger.record(
        event=event, by=by, about=str(about), object_kind=kind, object_id=str(pk), purpose=purpose
    )
