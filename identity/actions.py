"""What changes who somebody is here: linking an eID, opening and ending sessions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from importlib import import_module
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from audit import ledger
from common.actor import SYSTEM, Actor
from identity import claims as eid_claims
from identity import events
from identity.counter import actions as counter
from identity.eid.problems import EidRefused
from identity.eid.tokens import is_plain
from identity.models import EidIdentity, EidSession, Helping, UsedLogoutToken, User
from identity.representation import recognition


@transaction.atomic
def link_resident(
    *,
    issuer: str,
    subject: str,
    userinfo: dict[str, Any],
    acr: str,
    concepts: Collection[str],
    language: str,
    expected_user: str | None = None,
) -> User:
    """The resident of `issuer` and `subject`, made at the first sign-in, with what was asserted.

    `expected_user`: a step-up must be confirmed by this very user. Raises `EidRefused`.
    """
    identity = _identity(issuer, subject, language, may_create=expected_user is None)
    if identity is None or (expected_user and str(identity.user_id) != expected_user):
        raise EidRefused("other_person", "subject is not the signed-in user's")
    user = identity.user
    if not user.is_active:
        raise EidRefused("account_blocked", "account is not active")
    now = timezone.now()
    asserted = eid_claims.normalise(
        userinfo, issuer=issuer, acr=acr, asserted_at=now, wanted=concepts
    )
    # What was asked for and not told any more is no longer known.
    kept = {key: entry for key, entry in identity.claims.items() if key not in concepts}
    identity.claims = {**kept, **asserted}
    identity.acr = acr[:100]
    identity.asserted_at = now
    identity.save(update_fields=["claims", "acr", "asserted_at"])
    _copy_to_user(user, asserted)
    recognition.at_sign_in(asserted)
    ledger.record(
        event=events.EID_ASSERTED,
        by=Actor.of(user),
        about=str(user.pk),
        object_kind="user",
        object_id=str(user.pk),
        data={"concepts": sorted(asserted), "asked": sorted(concepts)},
    )
    return user


def _identity(issuer: str, subject: str, language: str, *, may_create: bool) -> EidIdentity | None:
    known = EidIdentity.objects.select_related("user").select_for_update(of=("self",))
    found = known.filter(issuer=issuer, subject=subject).first()
    if found or not may_create:
        return found
    try:
        with transaction.atomic():
            user = User.objects.create_resident(language=language)
            return EidIdentity.objects.create(user=user, issuer=issuer, subject=subject)
    except IntegrityError:
        # The same person finished in two tabs at once: the other one made the account.
        return known.get(issuer=issuer, subject=subject)


def _copy_to_user(user: User, asserted: eid_claims.Asserted) -> None:
    values = {key: entry["value"] for key, entry in asserted.items()}
    changed = {
        "name": values.get(eid_claims.FULL_NAME, user.name),
        "name_kana": values.get(eid_claims.FULL_NAME_KANA, user.name_kana),
        # Only a start: the resident's own choice of address is not overwritten.
        "email": user.email or values.get(eid_claims.EMAIL, ""),
    }
    fields = [name for name, value in changed.items() if getattr(user, name) != value]
    for name in fields:
        setattr(user, name, changed[name])
    if fields:
        user.save(update_fields=fields)


def session_opened(
    *,
    request: HttpRequest,
    user: User,
    issuer: str,
    payload: dict[str, Any],
    step_up: bool,
    replaces: str | None,
) -> None:
    """Note which web session an eID sign-in opened, in the ledger and for the back channel.

    `replaces`: the key this browser's session had before.
    """
    sid, acr = payload.get("sid"), payload.get("acr")
    gone = Q(user=user, created_at__lt=timezone.now() - dt.timedelta(days=30))
    if replaces:
        gone |= Q(session_key=replaces)
    EidSession.objects.filter(gone).delete()
    EidSession.objects.update_or_create(
        session_key=request.session.session_key,
        defaults={
            "user": user,
            "issuer": issuer,
            "subject": payload["sub"],
            "sid": sid if isinstance(sid, str) and is_plain(sid) else "",
        },
    )
    ledger.record(
        event=events.RESIDENT_STEPPED_UP if step_up else events.RESIDENT_SIGNED_IN,
        by=Actor.of(user),
        about=str(user.pk),
        object_kind="user",
        object_id=str(user.pk),
        data={"acr": acr[:100] if isinstance(acr, str) and is_plain(acr) else ""},
    )


def sign_in_refused(*, code: str, reference: str) -> None:
    """An attempt that was begun here and not accepted."""
    ledger.record(
        event=events.EID_REFUSED, by=SYSTEM, data={"problem": code, "reference": reference}
    )


def signed_out(*, request: HttpRequest, user: User) -> None:
    """Note that `user` signs out of this session. The caller ends the session."""
    resident = user.is_resident
    if resident:
        if request.session.session_key:
            EidSession.objects.filter(session_key=request.session.session_key).delete()
    else:
        counter.end_all_of(user, Helping.Ending.SIGNED_OUT)
    ledger.record(
        event=events.RESIDENT_SIGNED_OUT if resident else events.STAFF_SIGNED_OUT,
        by=Actor.of(user),
        about=str(user.pk) if resident else None,
        object_kind="user",
        object_id=str(user.pk),
    )


@transaction.atomic
def end_eid_sessions(*, issuer: str, subject: str | None, sid: str | None, jti: str) -> int:
    """End this municipality's sessions of `sid` or `subject` because the provider says so.

    Returns how many were ended. Raises `EidRefused` when the same token comes again.
    """
    UsedLogoutToken.objects.filter(seen_at__lt=timezone.now() - dt.timedelta(days=1)).delete()
    _token, first_time = UsedLogoutToken.objects.get_or_create(jti=jti)
    if not first_time:
        raise EidRefused("token_invalid", "logout token used twice")
    rows = EidSession.objects.filter(issuer=issuer)
    if sid:
        rows = rows.filter(sid=sid)
    if subject:
        rows = rows.filter(subject=subject)
    store = import_module(settings.SESSION_ENGINE).SessionStore
    ended = 0
    for row in rows.select_for_update():
        store(session_key=row.session_key).delete()
        ledger.record(
            event=events.EID_SESSION_ENDED,
            by=SYSTEM,
            about=str(row.user_id),
            object_kind="user",
            object_id=str(row.user_id),
        )
        row.delete()
        ended += 1
    return ended
