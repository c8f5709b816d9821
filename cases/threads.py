"""What residents and offices write to each other about a case: who may, what is there, who read it.

Written is in `cases.writing`. To the resident the office is one; among themselves colleagues see
who wrote and who has read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from cases import absences, policies
from cases.models import Case
from cases.models_threads import Thread, ThreadMessage, ThreadReading
from common.database import one_or_none
from common.errors import NotAllowed, NotFound
from common.lookup import Lookup
from forms import attachments
from forms.models import Attachment
from identity.models import User
from notifications import actions as notifications

#: Between two who answer each other, in one case.
MOST_THREADS = 50
MOST_A_DAY = 50
_of_case: Lookup[Thread] = Lookup(lambda case: Thread.objects.filter(case=case), case=UUID)


# --- Who may --------------------------------------------------------------------------------------


def writes_for_office(case: Case, user: User) -> bool:
    """Whether the user is of the office; else the resident. Raises `NotFound` for anybody else."""
    if user.pk == case.resident_id:
        return False
    if not policies.may_process(case, user):
        raise NotFound(_("There is no such case."), code="no_case")
    return True


def open_until(case: Case) -> date | None:
    """The last day on which messages can be written; None while the case is open."""
    if case.closed_at is None:
        return None
    days = case.offering.template.service.messages.days_after_closing
    return timezone.localdate(case.closed_at) + timedelta(days=days)


def check_write(case: Case, user: User) -> None:
    """Whether the user can write now. Raises `NotAllowed` with the reason, `NotFound`."""
    last = open_until(case)
    if last is not None and last < timezone.localdate():
        raise NotAllowed(
            _(
                "This application is closed, and messages about it could be written until %(day)s. "
                "Please turn to the office: %(office)s."
            )
            % {"day": date_format(last, "DATE_FORMAT"), "office": case.department.name},
            code="closed",
        )
    if not writes_for_office(case, user):
        policies.check_still_acts(case)
    elif case.application.helped and not hasattr(case.resident, "eid"):
        raise NotAllowed(
            _(
                "This was entered at the counter for somebody without an account, who reads no "
                "messages here. Please write by post or call."
            ),
            code="no_account",
        )


def why_not(case: Case, user: User) -> str:
    """Why the user cannot write now, in words; empty when they can. Raises `NotFound`."""
    try:
        check_write(case, user)
    except NotAllowed as refusal:
        return str(refusal)
    return ""


# --- What is there --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """A thread in a list."""

    thread: Thread
    unread: bool


@dataclass(frozen=True, slots=True)
class Said:
    """A message with its files; `is_new`: this reader had not read it before."""

    message: ThreadMessage
    files: Sequence[Attachment]
    is_new: bool


@dataclass(frozen=True, slots=True)
class Opened:
    """A thread as its reader sees it. `readers`: of the office, who has read until when."""

    thread: Thread
    said: Sequence[Said]
    readers: Sequence[ThreadReading] = field(default=())
    # Until when the resident has read it; None: never.
    resident_read_at: datetime | None = None
    # Something is there that `read` should note.
    has_news: bool = False


def of_case(case: Case, reader: User) -> list[Line]:
    """The threads of a case, the newest message first. Two statements."""
    threads = list(Thread.objects.filter(case=case)[:MOST_THREADS])
    return _lines(threads, reader)


def of_resident(user: User, most: int) -> list[Line]:
    """The threads of all cases of a resident, the newest message first. Two statements."""
    found = Thread.objects.filter(case__resident=user).select_related("case__application")
    return _lines(list(found[:most]), user)


def _lines(threads: list[Thread], reader: User) -> list[Line]:
    if not threads:
        return []
    read = dict(
        ThreadReading.objects.filter(thread__in=threads, reader=reader).values_list(
            "thread", "read_at"
        )
    )
    return [
        Line(thread, thread.pk not in read or read[thread.pk] < thread.last_at)
        for thread in threads
    ]


def get(case: Case, thread_id: UUID) -> Thread:
    """A thread of the case. Raises `NotFound`."""
    found = one_or_none(Thread.objects.filter(case=case, pk=thread_id))
    if found is None:
        raise NotFound(_("There is no such conversation."), code="no_thread")
    found.case = case
    return found


def opened(thread: Thread, reader: User) -> Opened:
    """What was said, as it is before `read`. Three statements, one less without files."""
    messages = list(thread.messages.select_related("written_by"))
    files = attachments.by_ids(str(each) for message in messages for each in message.files)
    readings = list(thread.readings.select_related("reader"))
    before = next((each.read_at for each in readings if each.reader_id == reader.pk), None)
    resident_id = thread.case.resident_id
    said = [
        Said(
            message,
            [files[str(each)] for each in message.files if str(each) in files],
            message.written_by_id != reader.pk and (before is None or before < message.written_at),
        )
        for message in messages
    ]
    mine = reader.pk == resident_id
    waits = thread.unread_by_resident if mine else thread.unread_by_office
    return Opened(
        thread,
        said,
        [each for each in readings if each.reader_id not in {resident_id, reader.pk}],
        next((each.read_at for each in readings if each.reader_id == resident_id), None),
        has_news=waits or any(each.is_new for each in said),
    )


def file_of(case: Case, attachment_id: UUID) -> Attachment:
    """A file of a message of the case. Raises `NotFound`."""
    of = ThreadMessage.objects.filter(thread__case=case, files__contains=[attachment_id])
    found = attachments.by_ids([str(attachment_id)]) if of.exists() else {}
    if not found:
        raise NotFound(_("There is no such file."), code="no_file")
    return found[str(attachment_id)]


def unread_of_resident(case: Case) -> int | None:
    """How many threads the resident has not read; None: there are none at all. One statement."""
    found = _of_case.all(case=case.pk)
    return sum(thread.unread_by_resident for thread in found) if found else None


# --- Reading --------------------------------------------------------------------------------------


@transaction.atomic
def read(*, thread: Thread, by: User) -> None:
    """Note that `by` has read the thread as it is now.

    For the office it counts as read once somebody has who is in charge: has the case, stands in for
    whoever has it, or is of the office while nobody has it.
    """
    thread = Thread.objects.select_for_update().get(pk=thread.pk)
    case = thread.case
    mark(thread, by)
    notifications.mark_told(recipient=by, about=about(case))
    if by.pk == case.resident_id:
        if thread.unread_by_resident:
            thread.unread_by_resident = False
            thread.save(update_fields=["unread_by_resident"])
    elif thread.unread_by_office and _in_charge(case, by):
        thread.unread_by_office = False
        thread.save(update_fields=["unread_by_office"])


def mark(thread: Thread, by: User) -> None:
    """The reader's own row; the thread is locked."""
    ThreadReading.objects.update_or_create(
        thread=thread, reader=by, defaults={"read_at": timezone.now()}
    )


def _in_charge(case: Case, user: User) -> bool:
    return case.assigned_to_id in {None, user.pk} or absences.stands_in(user, case.assigned_to_id)


def about(case: Case) -> str:
    """What the key of every nudge about messages of this case begins with."""
    return f"case:{case.pk}:message:"
