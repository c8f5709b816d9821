"""Signatures of others under a draft: asked for, given, refused, void.

An application that its service wants signed by others is sent by the applicant, as any other, once
everybody has signed the very answers that are sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import ledger
from cases import entering, links, policies, signatures
from cases.links import Purpose
from cases.models import Cosignature
from catalogue import queries as catalogue
from catalogue.models import Offering
from common import outbox
from common.actor import Actor
from common.database import one_or_none
from common.errors import Conflict, InvalidInput, NotAllowed, NotFound
from forms import drafts
from forms.models import Draft
from identity.models import User

State = Cosignature.State
LINK_LASTS = timedelta(days=14)
#: Requests for one draft, repeated ones included: nobody's mailbox is flooded by a form.
MOST_MAILS = 30


def signatures_of(draft: Draft, offering: Offering | None) -> Sequence[Cosignature]:
    """Everybody who was asked, oldest first; nothing is read where a service asks for none."""
    if offering is None or offering.cosign is None:
        return []
    return list(Cosignature.objects.filter(draft=draft))


def digest_of(draft: Draft, answers: Mapping[str, Any] | None = None) -> str:
    """What would be signed now. Raises `TamperedValue`."""
    given = drafts.answers_of(draft) if answers is None else answers
    return signatures.digest(draft.version_id, draft.representation_id, given)


def record_of(rows: Iterable[Cosignature]) -> list[dict[str, Any]]:
    """What an application keeps: who signed or refused, when, how surely recognised, and what."""
    return [
        {
            "state": row.state,
            "signer": str(row.signed_by_id),
            "name": row.signer_name,
            "at": row.closed_at.isoformat() if row.closed_at else "",
            "acr": row.acr,
            "digest": row.digest,
            "reason": row.reason,
        }
        for row in rows
        if row.state in {State.SIGNED, State.REFUSED}
    ]


@transaction.atomic
def ask(*, draft: Draft, addresses: Sequence[str], by: Actor, language: str) -> list[Cosignature]:
    """Ask others to sign, each by a mail with a link of their own.

    `addresses` come on top of those who were asked before. Raises `InvalidInput` (``address-<n>``
    names the n-th), `NotAllowed`, `Conflict`.
    """
    draft, offering = _open_draft(draft, by)
    rule = offering.cosign
    if rule is None:
        raise NotAllowed(_("This service asks for no other signature."), code="no_cosign")
    if drafts.review(draft).problems:
        raise NotAllowed(
            _("Complete your answers first: what is signed must not change any more."),
            code="not_complete",
        )
    rows = list(Cosignature.objects.filter(draft=draft))
    live = [row for row in rows if row.state in {State.ASKED, State.SIGNED}]
    wanted = _addresses(addresses, {row.address for row in live}, draft.applicant)
    if len(live) + len(wanted) > rule.most:
        raise InvalidInput({"address-0": [_("At most %(most)s can sign.") % {"most": rule.most}]})
    if len(rows) + len(wanted) > MOST_MAILS:
        raise Conflict(
            _("You have asked too often for this application. Please contact the office."),
            code="too_many",
        )
    made = [_asked(draft, address, language) for address in wanted]
    for row in made:
        _note("cosignature.asked", draft, by, row)
        outbox.enqueue("cases.cosignature_asked", str(row.pk), {"signature_id": str(row.pk)})
    return made


def _addresses(given: Sequence[str], known: set[str], resident: User) -> list[str]:
    errors: dict[str, list[str]] = {}
    wanted: list[str] = []
    for number, raw in enumerate(given):
        address = raw.strip().lower()
        if not address:
            continue
        problem = ""
        try:
            validate_email(address)
        except ValidationError:
            problem = _("Write an e-mail address, for example name@example.jp.")
        if address == resident.email.lower():
            problem = _("This is your own address. Somebody else has to sign.")
        elif address in known or address in wanted:
            problem = _("This address was named already.")
        if problem:
            errors[f"address-{number}"] = [problem]
        wanted.append(address)
    if not wanted:
        errors["address-0"] = [_("Write the e-mail address of who has to sign.")]
    if errors:
        raise InvalidInput(errors, _("Some answers are missing or need another look."))
    return wanted


def _asked(draft: Draft, address: str, language: str) -> Cosignature:
    row = Cosignature(
        draft=draft,
        address=address,
        language=language,
        expires_at=timezone.now() + LINK_LASTS,
    )
    row.token_hash = links.token_hash(links.new_token(Purpose.COSIGN, row.pk))
    row.save(force_insert=True)
    return row


@transaction.atomic
def take_back(*, draft: Draft, signature_id: UUID | str, by: Actor) -> None:
    """Do not ask somebody any more; their link is void. Raises `NotFound`, `NotAllowed`."""
    draft, _offering = _open_draft(draft, by)
    row = _of_draft(draft, signature_id)
    if row.state != State.ASKED:
        raise NotAllowed(_("This request is closed already."), code="closed")
    _close(row, State.VOID)
    _note("cosignature.void", draft, by, row)


@transaction.atomic
def ask_again(*, draft: Draft, signature_id: UUID | str, by: Actor, language: str) -> Cosignature:
    """A new link to the same address; an older one is void. Raises as `ask`, and `NotFound`."""
    draft, _offering = _open_draft(draft, by)
    row = _of_draft(draft, signature_id)
    if row.state == State.SIGNED:
        raise NotAllowed(_("This person has signed already."), code="signed")
    if row.state == State.ASKED:
        _close(row, State.VOID)
        _note("cosignature.void", draft, by, row)
    return ask(draft=draft, addresses=[row.address], by=by, language=language)[0]


def _of_draft(draft: Draft, signature_id: UUID | str) -> Cosignature:
    try:
        pk = UUID(str(signature_id))
    except ValueError:
        pk = None
    found = pk and one_or_none(Cosignature.objects.filter(pk=pk, draft=draft))
    if not found:
        raise NotFound(_("There is no such request."), code="no_signature")
    return found


def void_outdated(*, draft: Draft, offering: Offering, by: Actor) -> int:
    """After a change of the answers: signatures under other answers count no more.

    Those who had signed are told. Returns how many there were.
    """
    if offering.cosign is None:
        return 0
    with transaction.atomic():
        # As it is stored: the caller's may hold what a page was only asked to show.
        now = digest_of(Draft.objects.get(pk=draft.pk))
        outdated = list(
            Cosignature.objects.select_for_update()
            .filter(draft=draft, state=State.SIGNED)
            .exclude(digest=now)
        )
        for row in outdated:
            _close(row, State.VOID)
            _note("cosignature.void", draft, by, row)
            outbox.enqueue("cases.cosignature_void", str(row.pk), {"signature_id": str(row.pk)})
    return len(outdated)


# --- Whoever signs ----------------------------------------------------------------------------


def by_token(token: str) -> Cosignature:
    """The request that a link belongs to. Raises `NotFound`: another town's is none of ours."""
    found = None
    if 0 < len(token) <= links.LONGEST_TOKEN:
        found = one_or_none(
            Cosignature.objects.select_related("draft__resident__eid").filter(
                token_hash=links.token_hash(token)
            )
        )
    if found is None:
        raise NotFound(_("There is no such request."), code="no_signature")
    return found


def open_request(*, signature: Cosignature, user: User) -> str:
    """Let somebody read what they are asked to sign; the applicant sees that they did.

    Returns the digest of what is shown. Raises `NotAllowed` in words.
    """
    policies.check_may_sign(signature, user)
    with transaction.atomic():
        _note("cosignature.opened", signature.draft, Actor.of(user), signature)
    return digest_of(signature.draft)


@transaction.atomic
def sign(*, signature: Cosignature, seen: str, user: User) -> Cosignature:
    """Sign the answers that were shown (`seen` is their digest).

    Raises `NotAllowed`, and `Conflict` when they were changed meanwhile.
    """
    row = _locked(signature, user)
    now = digest_of(row.draft)
    if seen != now:
        raise Conflict(
            _("The applicant changed the answers while you were reading. Please read them again."),
            code="changed",
        )
    row.digest = now
    _close(row, State.SIGNED, user)
    _note("cosignature.signed", row.draft, Actor.of(user), row)
    outbox.enqueue("cases.cosignature_signed", str(row.pk), {"signature_id": str(row.pk)})
    return row


@transaction.atomic
def refuse(*, signature: Cosignature, reason: str, user: User) -> Cosignature:
    """Refuse to sign, with the reason for the applicant. Raises `NotAllowed`, `InvalidInput`."""
    row = _locked(signature, user)
    row.reason = reason.strip()[:2000]
    if not row.reason:
        raise InvalidInput({"reason": [_("Write why you do not sign. The applicant reads this.")]})
    _close(row, State.REFUSED, user)
    _note("cosignature.refused", row.draft, Actor.of(user), row)
    outbox.enqueue("cases.cosignature_refused", str(row.pk), {"signature_id": str(row.pk)})
    return row


def _locked(signature: Cosignature, user: User) -> Cosignature:
    """The row as it is now, with its draft, neither of which changes until this is done."""
    draft = Draft.objects.select_for_update().get(pk=signature.draft_id)
    row = Cosignature.objects.select_for_update().get(pk=signature.pk)
    draft.resident = signature.draft.resident
    row.draft = draft
    policies.check_may_sign(row, user)
    return row


def _close(row: Cosignature, state: Cosignature.State, user: User | None = None) -> None:
    row.state, row.closed_at = state, timezone.now()
    if user is not None:
        eid = getattr(user, "eid", None)
        row.signed_by, row.signer_name = user, user.name
        row.acr = eid.acr if eid else ""
    row.save(
        update_fields=[
            "state", "closed_at", "signed_by", "signer_name", "acr", "digest", "reason",
        ]
    )  # fmt: skip


def _open_draft(draft: Draft, by: Actor) -> tuple[Draft, Offering]:
    fresh = Draft.objects.select_for_update().get(pk=draft.pk)
    if by.id != str(fresh.resident_id) and not entering.is_helper(fresh, by):
        raise NotAllowed(_("This draft belongs to somebody else."), code="not_yours")
    offering = catalogue.published_one(fresh.subject)
    if not fresh.is_open or offering is None:
        raise NotAllowed(
            _("This application was already sent or deleted. Nothing was changed."),
            code="draft_closed",
        )
    return fresh, offering


def _note(event: str, draft: Draft, by: Actor, row: Cosignature) -> None:
    ledger.record(
        event=event,
        by=by,
        about=draft.about,
        object_kind="draft",
        object_id=str(draft.pk),
        purpose=f"service:{draft.subject}"[:200],
        data={"signature": str(row.pk)},
    )
