"""Writing a message: it is filled in as a form is, and so saved, examined and sent once.

A message on its way is a draft of the form in ``message.yaml``: what is typed survives a lost
session or another window, files come in pieces and go through the scanner, limits are the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import ledger
from cases import threads
from cases.models import Case
from cases.models_threads import Thread, ThreadMessage
from cases.steps import about
from common import kept, outbox
from common.actor import Actor
from common.errors import InvalidInput, NotAllowed
from forms import definitions, drafts, pages, versions
from forms.definitions import FormDefinition
from forms.errors import DraftClosed
from forms.models import Attachment, Draft, FormVersion
from forms.pages import StepPage
from forms.saving import Files
from identity.models import User

#: The hidden field of the page: in which draft it was written.
DRAFT = "draft"
#: The button that puts a prepared text into the field.
PUT_IN = "put_in"
_BEGUN = ["subject", "text", "files"]
_ANSWER = ["text", "files"]


@dataclass(frozen=True, slots=True)
class Written:
    """What came of a page that was posted: the message, or the page again."""

    page: StepPage | None = None
    message: ThreadMessage | None = None
    # Saved, to go on later.
    left: bool = False


@lru_cache(maxsize=1)
def _form() -> FormDefinition:
    source = Path(__file__).with_name("message.yaml").read_text(encoding="utf-8")
    return definitions.load(yaml.safe_load(source))


def _version() -> FormVersion:
    found: FormVersion = kept.for_a_moment("cases.message_form", lambda: versions.publish(_form()))
    return found


def _subject(case: Case, thread: Thread | None) -> str:
    return f"message:{thread.pk if thread else case.pk}"


def draft_of(*, case: Case, thread: Thread | None, by: User) -> Draft:
    """What `by` has begun to write, else a new one. One statement for what is there."""
    subject = _subject(case, thread)
    mine = Draft.objects.filter(resident=by, subject=subject, state=Draft.State.OPEN)
    found = mine.first()
    if found is None:
        made = Draft(
            resident=by, version=_version(), subject=subject, only=_ANSWER if thread else _BEGUN
        )
        try:
            with transaction.atomic():
                made.save(force_insert=True)
        except IntegrityError:  # another window began it a moment ago
            return mine.get()
        return made
    return found


def page_of(draft: Draft, typed: QueryDict | None = None) -> StepPage:
    """The page to write on; `typed`: what was posted when the session had ended, saved now."""
    if typed is None:
        return pages.step_page(draft, "")
    post = _plain(typed)
    post["_do"] = "leave"
    drafts.save_step(draft=draft, step_id="", post=post, by=Actor.of(draft.applicant))
    page = pages.step_page(draft, "")
    page.notice = _("You had been signed out. What you typed last is here again. It is not sent.")
    return page


def take(
    *, case: Case, thread: Thread | None, post: QueryDict, files: Files, by: User, thumbnails: str
) -> Written:
    """Save what was typed and send it, unless something is missing or a button says otherwise.

    What was sent from another window is not sent again; what was typed there since is kept. Raises
    `NotAllowed`, after it was saved.
    """
    for _attempt in range(2):
        try:
            return _take(case, thread, post, files, by, thumbnails)
        except DraftClosed:  # a double click: the other one has just sent it
            continue
    raise DraftClosed


def _take(
    case: Case, thread: Thread | None, post: QueryDict, files: Files, by: User, thumbnails: str
) -> Written:
    sent = _sent_in(case, by, post.get(DRAFT, ""))
    if sent is not None and _same(sent, post):
        return Written(message=sent)
    draft = draft_of(case=case, thread=thread, by=by)
    draft.thumbnails = thumbnails
    post = _plain(post)
    if sent is not None:
        post["_seen"] = ""
    outcome = drafts.save_step(draft=draft, step_id="", post=post, files=files, by=Actor.of(by))
    page = outcome.page or pages.step_page(draft, "")
    if sent is not None:
        page.notice = _(
            "You have just sent a message from another window. Below is what you have typed in "
            "this one; it is not sent yet."
        )
        return Written(page)
    if PUT_IN in post:
        return Written(page)
    if outcome.leave:
        return Written(page, left=True)
    if not outcome.ok:
        return Written(page)
    return Written(page, send(draft=draft, case=case, thread=thread, by=by))


def _plain(post: QueryDict) -> QueryDict:
    found = post.copy()
    # A page that was made from an older form of messages is read as one of today.
    found["_version"] = ""
    return found


def _sent_in(case: Case, by: User, draft_id: str) -> ThreadMessage | None:
    """The message that the draft of the page has become already, if it was sent."""
    try:
        key = UUID(draft_id)
    except ValueError:
        return None
    mine = ThreadMessage.objects.filter(written_by=by, thread__case=case)
    return mine.filter(idempotency_key=key).first()


def _same(sent: ThreadMessage, post: QueryDict) -> bool:
    return sent.text.split() == post.get("text", "").split()


@transaction.atomic
def send(*, draft: Draft, case: Case, thread: Thread | None, by: User) -> ThreadMessage:
    """Send what was written. A second time it is the same message.

    Raises `NotAllowed`, `InvalidInput`.
    """
    draft = Draft.objects.select_for_update().get(pk=draft.pk)
    sent = ThreadMessage.objects.filter(idempotency_key=draft.pk).first()
    if sent is not None:
        return sent
    if not draft.is_open:
        raise DraftClosed
    threads.check_write(case, by)
    _check_not_too_much(case, thread, by)
    review = drafts.review(draft)
    if review.problems:
        raise InvalidInput(
            {problem.question_id: [problem.message] for problem in review.problems},
            _("Some answers are missing or need another look."),
        )
    answers, files = review.answers, review.files
    office, now = by.pk != case.resident_id, timezone.now()
    if thread is None:
        thread = Thread.objects.create(case=case, subject=answers["subject"], begun_at=now)
    thread = Thread.objects.select_for_update().get(pk=thread.pk)
    message = ThreadMessage.objects.create(
        idempotency_key=draft.pk,
        thread=thread,
        from_office=office,
        written_by=by,
        written_at=now,
        text=answers["text"],
        files=[file.pk for file in files],
    )
    thread.last_at = now
    # Who answers has read what was there.
    thread.unread_by_resident, thread.unread_by_office = office, not office
    thread.save(update_fields=["last_at", "unread_by_resident", "unread_by_office"])
    drafts.close(draft)
    threads.mark(thread, by)
    ledger.record(
        event="message.written",
        by=Actor.of(by),
        **about(case, thread=str(thread.pk), message=str(message.pk), files=len(files)),
    )
    outbox.enqueue("cases.message_written", str(message.pk), {"message_id": str(message.pk)})
    return message


def _check_not_too_much(case: Case, thread: Thread | None, by: User) -> None:
    day = timezone.now() - timedelta(days=1)
    mine = ThreadMessage.objects.filter(thread__case=case, written_by=by, written_at__gt=day)
    if mine.count() >= threads.MOST_A_DAY:
        raise NotAllowed(
            _("You have written very many messages today. Please go on tomorrow, or call us."),
            code="too_many",
        )
    if thread is None and Thread.objects.filter(case=case).count() >= threads.MOST_THREADS:
        raise NotAllowed(
            _("There are very many conversations already. Please go on in one of them."),
            code="too_many",
        )


# --- What goes with the case ----------------------------------------------------------------------


def drafts_of(case: Case) -> QuerySet[Draft]:
    """Every draft of a message about the case, sent or not, whoever wrote it."""
    begun = [_subject(case, None), *(_subject(case, each) for each in case.threads.all())]
    return Draft.objects.filter(subject__in=begun, only__isnull=False)


def files_of(case: Case) -> QuerySet[Attachment]:
    """Every file of those messages and drafts."""
    named: set[Any] = set()
    for ids in ThreadMessage.objects.filter(thread__case=case).values_list("files", flat=True):
        named |= set(ids)
    return Attachment.objects.filter(Q(pk__in=named) | Q(draft__in=drafts_of(case)))
