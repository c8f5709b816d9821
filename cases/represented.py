"""What somebody may see and do of whom another acts for, or who was helped before they had an eID.

They read what was sent for them, and end it. They neither correct nor withdraw: as long as another
has the case in hand, two would write into it. See docs/adr/0031.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from audit import ledger
from cases import timeline
from cases.models import Application, Case
from cases.queries import with_decision
from common import marks, outbox
from common.actor import Actor
from common.database import one_or_none
from common.errors import NotFound
from common.marks import Part, Parts
from forms.definitions import FormDefinition
from forms.questions import Question
from identity.models import Representation, User
from identity.representation import actions as representing


def sent_for(person: User) -> QuerySet[Case]:
    """What others sent for `person`, newest first; not what is their own anyway."""
    return (
        _sent_on(Representation.objects.filter(person=person))
        .exclude(resident=person)
        .select_related("application", "resident")
        .order_by("-application__submitted_at")
    )


def sent_on(representation: Representation) -> QuerySet[Case]:
    """What was sent on this ground."""
    return _sent_on([representation])


def _sent_on(grounds: Iterable[Representation]) -> QuerySet[Case]:
    # Two look-ups put together: with an OR in one, the database would read every application.
    acting = Application.objects.filter(representation__in=grounds).values("pk")
    helped = Application.objects.filter(on_behalf__in=grounds).values("pk")
    return Case.objects.filter(application__in=acting.union(helped))


def case_for(person: User, case_id: UUID) -> Case:
    """A case that was sent for `person`. Raises `NotFound` for any other."""
    found = one_or_none(sent_for(person).filter(pk=case_id))
    if found is None:
        raise NotFound(_("There is no such application."), code="no_case")
    return with_decision(found)


def is_of_the_sender(question: Question) -> bool:
    """Whether the answer is how to reach whoever sent it, which they told the office alone."""
    return (question.concept or "").startswith("contact.") or question.type in {"email", "phone"}


def hidden(case: Case, form: FormDefinition) -> frozenset[str]:
    """Questions whose answers the represented does not read; none where they were only helped."""
    if case.represented is None:
        return frozenset()
    return frozenset(each.id for each in form.questions() if is_of_the_sender(each))


def note_reading(*, case: Case, by: Actor) -> None:
    """Note that the represented read the application."""
    _note("represented.read", case, by)


def note_letter(*, case: Case, by: Actor) -> None:
    """Note that the represented opened the letter.

    It is no proof that it has arrived: the town wrote to whoever acts for them.
    """
    _note("represented.letter_opened", case, by)


@transaction.atomic
def _note(event: str, case: Case, by: Actor) -> None:
    # About the reader alone: whoever acts for somebody is not told that they are looked after.
    ledger.record(
        event=event,
        by=by,
        about=by.id,
        object_kind="case",
        object_id=str(case.pk),
        purpose=f"service:{case.offering.slug}",
    )


def running_on(representation: Representation) -> list[Case]:
    """What was sent on this ground and is still being worked on."""
    return list(sent_on(representation).filter(closed_at__isnull=True).order_by("pk"))


def shown(running: Sequence[Case]) -> Parts:
    """What the page shows from which a representation is ended."""
    ids = [str(case.pk) for case in running]
    return {"running": Part(_("Applications that were sent for you"), ids)}


@transaction.atomic
def end(*, representation: Representation, by: Actor, mark: str = "") -> None:
    """The represented wants nobody to act for them any more.

    Running cases stay with the office, which is told at each. `mark`: what the page showed
    (`shown`). Idempotent. Raises `NotFound`, `NotAllowed` where they cannot end it, and `Changed`.
    """
    before = Representation.objects.select_for_update().get(pk=representation.pk)
    running = running_on(before)
    marks.check(mark, shown(running))
    ended = representing.revoke(representation=before, by=by)
    if before.state == ended.state:
        return
    for case in running:
        timeline.add(case, "representation_ended")
    pk = str(ended.pk)
    outbox.enqueue("cases.representation_ended", pk, {"representation_id": pk})
