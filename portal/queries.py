"""What the portal reads by itself: published services, started applications, the ledger."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from audit import queries as audit
from audit.models import LedgerEntry
from catalogue import queries as catalogue
from catalogue.models import Offering
from common.database import one_or_none
from common.errors import NotFound
from forms import drafts, guests, resumable
from forms.guests import Guest
from forms.models import Attachment, Draft, Upload
from identity.models import User


def published_service(slug: str) -> Offering:
    """A service that can be applied for by itself. Raises `NotFound`."""
    offering = catalogue.offered(slug)
    if offering is None or offering.template.service.only_from_a_case:
        raise NotFound(_("There is no such service."), code="no_service")
    return offering


def published_or_none(slug: str) -> Offering | None:
    """A service that can be applied for, if there is one at this address."""
    return catalogue.offered(slug)


def titles_of(slugs: Collection[str]) -> dict[str, str]:
    """How services are called, by slug, offered at the moment or not; none asked, none read."""
    if not slugs:
        return {}
    return {each.slug: str(each.title) for each in Offering.objects.filter(slug__in=slugs)}


def concepts_of_service(slug: str) -> Collection[str]:
    """What a service's form can take from the eID; nothing for a service that is not offered."""
    offering = catalogue.offered(slug)
    return offering.form_version.form.concepts() if offering else ()


def own_draft(applicant: User | Guest, draft_id: uuid.UUID) -> Draft:
    """The resident's or guest's own draft, in whatever state. Raises `NotFound` for any other."""
    if isinstance(applicant, Guest):
        draft = guests.get_draft(guest=applicant, draft_id=draft_id)
    else:
        draft = drafts.get_draft(resident_id=applicant.pk, draft_id=draft_id)
    if draft is None or draft.state == Draft.State.DISCARDED:
        raise NotFound(_("There is no such application."), code="no_draft")
    if isinstance(applicant, User):
        draft.resident = applicant  # so that nobody need read it
    return draft


def open_drafts(user: User) -> QuerySet[Draft]:
    """Applications that were begun and not sent, last saved first. No corrections."""
    return (
        Draft.objects.filter(resident=user, state=Draft.State.OPEN, only__isnull=True)
        .select_related("representation", "on_behalf")
        .order_by("-saved_at")
    )


def open_draft_of(user: User, slug: str) -> Draft | None:
    """The application for this service that the resident has begun for themselves, if any."""
    return drafts.open_one(resident_id=user.pk, subject=slug)


def own_upload(applicant: User | Guest, upload_id: uuid.UUID) -> Upload:
    """A file that this resident or guest is sending in pieces. Raises `NotFound`."""
    if isinstance(applicant, Guest):
        found = resumable.get_of_guest(guest=applicant, upload_id=upload_id)
    else:
        found = resumable.get(resident_id=applicant.pk, upload_id=upload_id)
    if found is None:
        raise NotFound(_("There is no such file."), code="no_file")
    return found


def own_attachment(applicant: User | Guest, attachment_id: uuid.UUID) -> Attachment:
    """A file that this resident or guest attached. Raises `NotFound`."""
    whose = (
        guests.theirs(applicant, "draft__") if isinstance(applicant, Guest) else Q(owner=applicant)
    )
    found = one_or_none(Attachment.objects.filter(whose, pk=attachment_id))
    if found is None:
        raise NotFound(_("There is no such file."), code="no_file")
    return found


def ledger_about(user: User, *, by_others: bool) -> QuerySet[LedgerEntry]:
    """Who saw or used what of this resident's data; `by_others`: staff and whoever acts for them,
    without their own doings and those of the platform."""
    entries = audit.about(user.pk)
    if not by_others:
        return entries
    another = Q(actor_kind="resident") & ~Q(actor_id=str(user.pk))
    return entries.filter(Q(actor_kind="staff") | another)
