"""A body outside the town gives its opinion: by a link, a code, and a page of its own.

The link is in a mail and may be passed on; the code goes to the registered address each time, works
once and for minutes. What the body reads is what the workflow's declaration lists.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import ledger
from cases import actions, declared, links, talks
from cases.links import CodeFor
from cases.models import Case, Consultation, GuestLink
from cases.steps import about, locked
from common import outbox
from common.actor import Actor
from common.database import one_or_none
from common.errors import InvalidInput, NotAllowed, NotFound
from identity.models import User

CODE_LASTS = timedelta(minutes=10)
MOST_TRIES = 5
#: Between two codes, and in all for one link: nobody's mailbox is flooded, nobody guesses for long.
PAUSE = timedelta(seconds=60)
MOST_CODES = 20


def by_token(token: str) -> GuestLink:
    """The link that a token belongs to. Raises `NotFound`: another town's is none of ours."""
    found = None
    if 0 < len(token) <= links.LONGEST_TOKEN:
        found = one_or_none(
            GuestLink.objects.select_related("consultation__case__application").filter(
                token_hash=links.token_hash(token)
            )
        )
    if found is None:
        raise NotFound(_("There is no such request."), code="no_request")
    return found


def check_open(link: GuestLink) -> None:
    """Whether the link still leads to something to do. Raises `NotAllowed` with the reason."""
    consultation = link.consultation
    if consultation.answered_at is not None:
        raise NotAllowed(_("This question has been answered already."), code="answered")
    if link.void_at is not None:
        raise NotAllowed(
            _("This link is not valid any more. A newer mail has another one."), code="void"
        )
    if link.expires_at <= timezone.now():
        raise NotAllowed(
            _("This link has run out. Please ask the office for a new one."), code="expired"
        )
    if not talks.answerable(consultation.case):
        raise NotAllowed(
            _("Your opinion is not needed any more: the case has gone on."), code="gone_on"
        )


@transaction.atomic
def send_code(*, link: GuestLink) -> None:
    """Send a new code to the registered address; the one before counts no more.

    Raises `NotAllowed`, also when they were asked for too often.
    """
    row = _locked_link(link)
    check_open(row)
    now = timezone.now()
    if row.code_sent_at is not None and now - row.code_sent_at < PAUSE:
        raise NotAllowed(
            _("We have just sent you a code. Please wait a minute before you ask again."),
            code="too_soon",
        )
    if row.codes >= MOST_CODES:
        raise NotAllowed(
            _("Too many codes were asked for. Please ask the office for a new link."),
            code="too_many",
        )
    row.codes, row.tries = row.codes + 1, 0
    row.code_sent_at, row.code_used_at = now, None
    row.save(update_fields=["codes", "tries", "code_sent_at", "code_used_at"])
    outbox.enqueue(
        "cases.guest_code", f"{row.pk}:{row.codes}", {"link_id": str(row.pk), "number": row.codes}
    )


@transaction.atomic
def enter(*, link: GuestLink, code: str) -> int | None:
    """Use the code up. Its number, or None for a wrong, old or used one; each try is counted.

    Raises `NotAllowed` for a link that leads nowhere any more.
    """
    row = _locked_link(link)
    check_open(row)
    live = (
        row.code_sent_at is not None
        and row.code_used_at is None
        and row.tries < MOST_TRIES
        and timezone.now() - row.code_sent_at < CODE_LASTS
    )
    if not live:
        return None
    if not links.is_code(code, CodeFor.CONSULT, _key(row)):
        row.tries += 1
        row.save(update_fields=["tries"])
        return None
    row.code_used_at = timezone.now()
    row.save(update_fields=["code_used_at"])
    ledger.record(
        event="guest.signed_in",
        by=actor_of(row),
        **about(row.consultation.case, consultation=_id(row)),
    )
    return row.codes


def is_signed_in(link: GuestLink, number: int) -> bool:
    """Whether the code with this number let somebody in, and no newer one was sent since."""
    return link.code_used_at is not None and link.codes == number


def code_of(link: GuestLink) -> str:
    """The code that was sent last."""
    return links.codes_of(CodeFor.CONSULT, _key(link))[0]


def _key(link: GuestLink) -> str:
    return f"{link.pk}:{link.codes}"


def actor_of(link: GuestLink) -> Actor:
    """The body, as the ledger names it."""
    body = link.consultation.body
    return Actor("guest", body.key, str(body.name))


@transaction.atomic
def open_question(*, link: GuestLink) -> None:
    """Note that the body read the matter; the resident sees it in "My data"."""
    case = link.consultation.case
    ledger.record(
        event="consultation.opened", by=actor_of(link), **about(case, consultation=_id(link))
    )


@transaction.atomic
def open_file(*, link: GuestLink, attachment_id: UUID) -> None:
    """Note that the body opened a file."""
    case = link.consultation.case
    ledger.record(
        event="attachment.opened",
        by=actor_of(link),
        **about(case, consultation=_id(link), attachment=str(attachment_id)),
    )


@transaction.atomic
def answer(*, link: GuestLink, opinion: str, text: str, name: str) -> Consultation:
    """Give the body's opinion. Raises `NotAllowed`, `InvalidInput` (`opinion`, `text`, `name`)."""
    case = locked(link.consultation.case, None)
    row = _locked_link(link)
    row.consultation.case = case
    check_open(row)
    name = name.strip()
    if not name or len(name) > 100:
        raise InvalidInput({"name": [_("Write your name and office.")]})
    return actions.give_opinion(
        row.consultation, opinion=opinion, text=text, by=actor_of(row), name=name
    )


@transaction.atomic
def send_again(*, case: Case, consultation: Consultation, by: User, lock: int | None) -> None:
    """A new link to the body's registered address; an older one is void.

    Raises `NotAllowed`, `Conflict`, `NotFound`.
    """
    case = locked(case, lock)
    found = case.consultations.filter(pk=consultation.pk, body__isnull=False).first()
    if found is None:
        raise NotFound(_("There is no such question."), code="no_consultation")
    if found.answered_at is not None:
        raise NotAllowed(_("This question has been answered already."), code="answered")
    if not found.body.email:
        raise NotAllowed(
            _("No e-mail address is entered for this body. An administrator can enter it."),
            code="no_address",
        )
    link = declared.new_link(found)
    case.lock += 1
    case.save(update_fields=["lock"])
    ledger.record(
        event="guest.link_sent", by=Actor.of(by), **about(case, consultation=str(found.pk))
    )
    outbox.enqueue("cases.guest_link", str(link.pk), {"link_id": str(link.pk)})


def _locked_link(link: GuestLink) -> GuestLink:
    row = GuestLink.objects.select_for_update().get(pk=link.pk)
    row.consultation = Consultation.objects.select_related("case__application").get(
        pk=row.consultation_id
    )
    return row


def _id(link: GuestLink) -> str:
    return str(link.consultation_id)
