"""Beginning and ending help at the counter."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import ledger
from common.actor import Actor
from common.errors import Conflict, InvalidInput, NotAllowed, NotFound
from identity import claims as eid_claims
from identity import events
from identity.counter import codes, papers, queries
from identity.counter.models import CounterCode, Helping
from identity.models import Representation, User
from identity.representation import actions as representations
from identity.representation.actions import Declared, Paper
from identity.roles import Role, has_role

#: A form takes ten to thirty minutes; whoever needs longer begins a session anew, and goes on in
#: the same draft.
LASTS = timedelta(minutes=60)
Ending, Consent = Helping.Ending, Helping.Consent


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """By which paper; `others`: which ones, where one with a photograph was not at hand."""

    basis: str
    others: Collection[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who stands at the counter, as their papers say."""

    name: str
    name_kana: str
    birth_date: date | None
    address: Mapping[str, str] | None
    phone: str = ""
    email: str = ""


def begin_with_code(
    *, helper: User, code: str, birth_date: date | None, recognised: Recognised
) -> Helping | None:
    """Help a resident who has shown a code of their account.

    `birth_date`: as on the paper; it must be the account's, where that is known. None: there is no
    such code (counted by `codes`). A code is used up also where what follows is refused. Raises
    `InvalidInput` by field, `NotAllowed`, `Conflict`.
    """
    _check_helper(helper)
    _check_recognised(recognised, birth_date)
    resident = codes.use(code=code, purpose=CounterCode.Purpose.HELP, user=helper)
    if resident is None:
        return None
    check_not_oneself(helper, resident.name)
    known = _known_birth_date(resident)
    if known and birth_date and known != birth_date.isoformat():
        raise InvalidInput(
            {
                "birth_date": [
                    _(
                        "The account belongs to somebody born on another day. Please compare the "
                        "paper with the person, then ask them for a new code."
                    )
                ]
            }
        )
    person = Person(
        name=resident.name,
        name_kana=resident.name_kana,
        birth_date=birth_date,
        address=None,
        email=resident.email,
    )
    return _begin(helper, resident, person, recognised, Consent.CODE)


@transaction.atomic
def look_up(*, helper: User, person: Person) -> list[User]:
    """`queries.candidates`; whoever's record is shown, sees that it was."""
    _check_helper(helper)
    found = queries.candidates(person.name, person.birth_date)
    for resident in found:
        ledger.record(
            event=events.COUNTER_LOOKED_UP,
            by=Actor.of(helper),
            about=str(resident.pk),
            object_kind="user",
            object_id=str(resident.pk),
            purpose="counter",
        )
    return found


@transaction.atomic
def begin_in_person(
    *, helper: User, person: Person, recognised: Recognised, same_as: User | None
) -> Helping:
    """Help somebody without an eID. `same_as`: the record that the helper says is theirs.

    Only a record that never had an eID can be that. Raises `InvalidInput` by field, `NotAllowed`,
    `Conflict`, `NotFound`.
    """
    _check_helper(helper)
    _check_recognised(recognised, person.birth_date)
    check_not_oneself(helper, person.name)
    if same_as is not None and same_as not in queries.candidates(person.name, person.birth_date):
        raise NotFound(_("There is no such entry."), code="no_record")
    resident = same_as or User.objects.create_resident(
        name=(eid_claims.text(person.name) or "")[:200],
        name_kana=(eid_claims.text(person.name_kana) or "")[:200],
    )
    if person.email and resident.email != person.email:
        resident.email = person.email
        resident.save(update_fields=["email"])
    return _begin(helper, resident, person, recognised, Consent.PRESENT)


@transaction.atomic
def _begin(
    helper: User, resident: User, person: Person, recognised: Recognised, consent: Helping.Consent
) -> Helping:
    _close_expired(helper)
    if Helping.objects.filter(helper=helper, ended_at__isnull=True).exists():
        raise Conflict(
            _("You are helping somebody already. Please end that first."), code="helping"
        )
    by, until = Actor.of(helper), timezone.now() + LASTS
    made = representations.declare(
        owner=helper,
        declared=Declared(
            kind=Representation.Kind.COUNTER,
            name=person.name,
            name_kana=person.name_kana,
            birth_date=person.birth_date,
            address=person.address,
            phone=person.phone,
            email=person.email,
            basis=recognised.basis,
            valid_until=timezone.localdate(until),
        ),
        by=by,
    )
    helping = Helping.objects.create(
        helper=helper,
        resident=resident,
        representation=made,
        consent=consent,
        papers=sorted(set(recognised.others) & papers.OTHER.keys())
        if recognised.basis == Representation.Basis.OTHER_PAPERS
        else [],
        expires_at=until,
    )
    _note(events.COUNTER_BEGUN, helping, by, consent=consent.value, basis=recognised.basis)
    return helping


@transaction.atomic
def end(*, helping: Helping, ending: str, by: Actor) -> Helping:
    """The helper can do nothing in it any more. What was begun stays the resident's. Idempotent."""
    # The representation first, as a submission does: it comes wholly before this, or after.
    Representation.objects.select_for_update().get(pk=helping.representation_id)
    fresh = Helping.objects.select_for_update().get(pk=helping.pk)
    if fresh.ended_at is not None:
        return fresh
    fresh.ended_at, fresh.ending = timezone.now(), Ending(ending)
    fresh.save(update_fields=["ended_at", "ending"])
    Representation.objects.filter(pk=fresh.representation_id).update(
        state=Representation.State.REVOKED, revoked_at=fresh.ended_at
    )
    _note(events.COUNTER_ENDED, fresh, by, ending=fresh.ending)
    return fresh


def revoke(*, resident: User, helping_id: object, by: Actor) -> None:
    """The resident wants no more help. Raises `NotFound` for what is not theirs."""
    found = Helping.objects.filter(resident=resident, ended_at__isnull=True)
    helping = next((each for each in found if str(each.pk) == str(helping_id)), None)
    if helping is None:
        raise NotFound(_("Nobody is helping you at the moment."), code="no_helping")
    end(helping=helping, ending=Ending.RESIDENT, by=by)


def end_all_of(helper: User, ending: str) -> None:
    """Whatever a member of staff has open, ends. One statement for those who have nothing."""
    for helping in Helping.objects.filter(helper=helper, ended_at__isnull=True):
        end(helping=helping, ending=ending, by=Actor.of(helper))


def _close_expired(helper: User) -> None:
    # The row of the helper is locked, so that two windows cannot begin at once.
    User.objects.select_for_update().get(pk=helper.pk)
    for helping in Helping.objects.filter(
        helper=helper, ended_at__isnull=True, expires_at__lte=timezone.now()
    ):
        end(helping=helping, ending=Ending.EXPIRED, by=Actor.of(helper))


def _check_helper(helper: User) -> None:
    if not has_role(helper, Role.COUNTER):
        raise NotAllowed(_("Your role does not allow to help at the counter."), code="no_counter")


def _check_recognised(recognised: Recognised, birth_date: date | None) -> None:
    errors: dict[str, list[str]] = {}
    if recognised.basis not in Representation.BASES[Representation.Kind.COUNTER]:
        errors["basis"] = [_("Choose the paper by which you recognised the person.")]
    elif not papers.is_enough(recognised.basis, recognised.others):
        errors["papers"] = [_("Without a photograph, two different papers are needed.")]
    if birth_date is None:
        errors["birth_date"] = [_("Write the date of birth that the paper shows.")]
    if errors:
        raise InvalidInput(errors, _("Some answers are missing or need another look."))


def declare_for(
    *, helping: Helping, declared: Declared, document: Paper | None = None
) -> Representation:
    """Note for the resident at the counter that they act for somebody.

    Raises as `representation.actions.declare`, and `NotAllowed` when the help has ended.
    """
    if not helping.is_open:
        raise NotAllowed(_("The help has ended. Please begin anew."), code="help_ended")
    check_not_oneself(helping.helper, declared.name)
    return representations.declare(
        owner=helping.resident,
        declared=declared,
        document=document,
        by=Actor.of(helping.helper),
        at_their_word=True,
    )


def check_not_oneself(helper: User, name: str) -> None:
    """Nobody enters their own application as staff. Of the account nothing but the name is known,
    so somebody of the same name is asked to take a colleague, too."""
    if queries.squeezed(name) == queries.squeezed(helper.name):
        raise NotAllowed(
            _(
                "This would be your own application, or that of somebody with your name. A "
                "colleague has to help."
            ),
            code="oneself",
        )


def _known_birth_date(resident: User) -> str:
    eid = getattr(resident, "eid", None)
    entry = eid.claims.get(eid_claims.DATE_OF_BIRTH) if eid else None
    return str(entry["value"]) if entry else ""


def _note(event: str, helping: Helping, by: Actor, **data: str) -> None:
    ledger.record(
        event=event,
        by=by,
        about=str(helping.resident_id),
        object_kind="helping",
        object_id=str(helping.pk),
        purpose="counter",
        data=data,
    )
