"""Ways into a case that was sent without signing in: a link by mail, once, then one browser.

A browser is known by the secret in its session, as for drafts (`forms.guests`).
"""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import ledger
from cases import links
from cases.links import Purpose
from cases.models import Application, Case, CaseKey, SendingAddress
from cases.steps import about
from common import outbox
from common.actor import SYSTEM, Actor
from common.database import one_or_none
from common.errors import NotFound
from forms.guests import KEPT, Guest
from forms.models import Attachment, Draft, Upload
from identity.models import User
from notifications import addresses

#: A mail may take a while.
LINK_LASTS = timedelta(hours=2)
#: A browser, from the opening on: shorter than a draft, since there is more to see.
OPEN_FOR = timedelta(days=1)
#: Mails with links to one case in a day.
MOST_A_DAY = 5

#: Which of a case's things an address names, and whose they are.
_OWNED: dict[str, tuple[Any, str]] = {
    "draft_id": (Draft, "resident"),
    "upload_id": (Upload, "owner"),
    "attachment_id": (Attachment, "owner"),
}


# --- Browsers ---------------------------------------------------------------------------------


def record_of(guest: Guest, ids: Mapping[str, Any]) -> User | None:
    """Whose case it is that this browser has open, if all that an address names is of that case.

    One statement.
    """
    found = _open_in(guest)
    if not ids.keys() & {"case_id", *_OWNED}:
        return None
    if "case_id" in ids:
        found = found.filter(case=ids["case_id"])
    for name, (model, owner) in _OWNED.items():
        if name in ids:
            found = found.filter(
                case__resident__in=model.objects.filter(pk=ids[name]).values(owner)
            )
    key = found.select_related("case__resident").first()
    return key.case.resident if key is not None else None


def is_open(case: Case, guest: Guest) -> bool:
    """Whether this browser has the case open."""
    return _open_in(guest).filter(case=case).exists()


def open_cases(guest: Guest) -> list[Case]:
    """What this browser has open, the newest first."""
    keys = _open_in(guest).select_related("case__application", "case__resident")
    found = {key.case_id: key.case for key in keys.order_by("-made_at")}
    return list(found.values())


def keep_open(case: Case, guest: Guest) -> None:
    """Open the case in this browser, which has just sent it."""
    CaseKey.objects.create(case=case, guest=guest.digest, expires_at=timezone.now() + OPEN_FOR)


def close(case: Case, guest: Guest) -> None:
    """This browser has the case open no more."""
    CaseKey.objects.filter(case=case, guest=guest.digest).delete()


def _open_in(guest: Guest) -> Any:
    return CaseKey.objects.filter(guest=guest.digest, expires_at__gt=timezone.now())


def actor_of(record: User) -> Actor:
    """Whoever has a way into what was sent: known by an address, and by what they wrote."""
    return Actor("guest", str(record.pk), record.name)


# --- Links ------------------------------------------------------------------------------------


def ask(*, receipt_number: str, address: str) -> None:
    """Have a link mailed to whoever sent `receipt_number` with `address`, if anybody did.

    Nothing is looked up here, so that neither the answer nor its time tells. The address itself is
    not kept.
    """
    wide = unicodedata.normalize("NFKC", receipt_number[:100]).upper()
    plain = "".join(each for each in wide if each.isascii() and (each.isalnum() or each == "-"))
    _enqueue(receipt_number=plain[:40], address=addresses.fingerprint(address[:300]))


def ask_for(case_id: uuid.UUID) -> None:
    """Have a link mailed to the address of a case, if it is one of a guest's. As `ask`."""
    _enqueue(case_id=str(case_id))


def _enqueue(**asked: str) -> None:
    number = str(uuid.uuid4())
    outbox.enqueue("cases.case_link_asked", number, {"key": number, **asked})


def asked_for(asked: Mapping[str, Any]) -> Case | None:
    """The case that a link was asked for, its row locked. None: there is none, or not so."""
    wanted = (
        Q(pk=asked["case_id"])
        if "case_id" in asked
        else Q(application__receipt_number=asked["receipt_number"])
    )
    case = one_or_none(
        Case.objects.select_for_update(of=("self",))
        .select_related("application", "resident")
        .filter(wanted, application__without_sign_in=True)
    )
    if case is None or not case.is_guests:
        return None
    mine = addresses.fingerprint(case.resident.email)
    return case if asked.get("address", mine) == mine else None


def new_link(case: Case, number: str) -> str | None:
    """The token of a new link, which makes older ones void; the same for the same `number`.

    None after too many in a day. The caller holds the case's lock.
    """
    pk, now = uuid.UUID(number), timezone.now()
    made = CaseKey.objects.filter(case=case, token_hash__isnull=False)
    known = one_or_none(made.filter(pk=pk))
    if known is None:
        if made.filter(made_at__gt=now - timedelta(days=1)).count() >= MOST_A_DAY:
            return None
        made.filter(guest="", expires_at__gt=now).update(expires_at=now)
        known = CaseKey.objects.create(
            pk=pk,
            case=case,
            token_hash=links.token_hash(links.new_token(Purpose.OPEN_CASE, pk)),
            expires_at=now + LINK_LASTS,
        )
        ledger.record(event="case.link_sent", by=SYSTEM, **about(case, key=number))
    return links.token_of(Purpose.OPEN_CASE, pk, known.token_hash or "")


def by_token(token: str) -> CaseKey:
    """The link that can be used. Raises `NotFound`, in the same words for one that was used, has
    run out, is void, is another town's or was made up."""
    found = None
    if 0 < len(token) <= links.LONGEST_TOKEN:
        found = one_or_none(
            CaseKey.objects.select_related("case__application", "case__resident").filter(
                token_hash=links.token_hash(token), guest="", expires_at__gt=timezone.now()
            )
        )
    if found is None or not found.case.is_guests:
        raise NotFound(_("This link does not work any more."), code="no_link")
    return found


@transaction.atomic
def redeem(*, token: str, guest: Guest) -> Case:
    """Use a link up: the case is open in this browser. Raises `NotFound` as `by_token`."""
    CaseKey.objects.select_for_update().filter(pk=by_token(token).pk).first()
    key = by_token(token)  # as it is now that nobody else can use it
    key.guest, key.expires_at = guest.digest, timezone.now() + OPEN_FOR
    key.save(update_fields=["guest", "expires_at"])
    record = key.case.resident
    ledger.record(
        event="case.opened_by_link",
        by=actor_of(record),
        **about(key.case, key=str(key.pk)),
    )
    return key.case


# --- Afterwards -------------------------------------------------------------------------------


def tidy() -> None:
    """Nightly: keys that open nothing any more, and addresses that nothing is sent with."""
    now = timezone.now()
    # Links of the last day are counted.
    CaseKey.objects.filter(expires_at__lt=now, made_at__lt=now - timedelta(days=1)).delete()
    SendingAddress.objects.filter(
        ~Q(draft__state=Draft.State.OPEN)
        | Q(draft__resident__isnull=False)
        | Q(sent_at__lt=now - KEPT)
    ).delete()


def forget(application: Application) -> None:
    """The record of a guest goes with what they sent; their keys went with the case."""
    if application.without_sign_in:
        User.objects.filter(pk=application.resident_id, eid__isnull=True).delete()
