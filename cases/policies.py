"""Who may, and what the stage allows. `check_x` raises `NotAllowed` with the reason in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from cases import absences, checklist, clocks, second_look, talks
from cases.desk import DESK_ROLES as DESK_ROLES
from cases.linked import deciding
from cases.models import (
    Case,
    Consultation,
    Cosignature,
    Decision,
    Proposal,
    RepresentationCheck,
)
from catalogue.models import Offering
from common.actor import Actor
from common.errors import Conflict, InvalidInput, NotAllowed
from forms.models import Draft
from identity.models import Helping, Representation, User
from identity.roles import Role, has_role
from workflow.definition import Move, Verb
from workflow.moves import find_move, verb_name

#: Which verb of the workflow brings about which outcome.
VERB_OF = {
    Decision.Outcome.APPROVED: Verb.APPROVE,
    Decision.Outcome.REFUSED: Verb.REFUSE,
    Decision.Outcome.ACKNOWLEDGED: Verb.ACKNOWLEDGE,
}

_ALWAYS_SHOWN = (Verb.CLAIM, Verb.REQUEST_CONSULTATION, Verb.REQUEST_CORRECTION)


@dataclass(frozen=True, slots=True)
class MoveOption:
    """A verb on the desk: usable, or disabled with its reason."""

    verb: Verb
    name: str
    allowed: bool
    reason: str = ""


def facts(case: Case) -> dict[str, int | bool]:
    """What a guard may ask about a case (`workflow.moves.FACTS`).

    Two statements, none when consultations and corrections were read before.
    """
    consultations, corrections = talks.of(case)
    return {
        "open_consultations": talks.waited_for(case, consultations),
        "objections": sum(
            each.opinion == Consultation.Opinion.OBJECTION and each.superseded_at is None
            for each in consultations
        ),
        "open_corrections": sum(each.answered_at is None for each in corrections),
        "fee": case.application.computed_fee.total,
        "fee_waived": False,
    }


def roles_on(case: Case, user: User) -> frozenset[str]:
    """The workflow roles of a user on this case."""
    if user.pk == case.resident_id:
        return frozenset({"resident"})
    held = frozenset(role.value for role in DESK_ROLES if has_role(user, role, case.department.key))
    if not held and user.kind == User.Kind.STAFF and absences.stands_in(user, case.assigned_to_id):
        return frozenset({Role.CASEWORKER.value})
    return held


def may_process(case: Case, user: User) -> bool:
    """Whether the user is a caseworker or lead of the case's department."""
    return bool(roles_on(case, user) & {role.value for role in DESK_ROLES})


def may_consult(case: Case, user: User) -> bool:
    """Whether the user's department is asked for an opinion on this case."""
    return any(
        has_role(user, Role.CONSULTEE, key)
        for key in case.consultations.values_list("department__key", flat=True)
    )


def may_review(case: Case, user: User) -> bool:
    """Whether the user's department has an appeal against this case's decision in front of it."""
    offices = Case.objects.filter(origin=case.pk, origin_kind=Case.Origin.APPEAL)
    keys = offices.values_list("department__key", flat=True)
    return any(has_role(user, role, key) for key in keys for role in DESK_ROLES)


def may_read(case: Case, user: User) -> bool:
    """A consulted office and one that looks at an appeal read it, too, but not who applies."""
    return may_process(case, user) or may_consult(case, user) or may_review(case, user)


def may_export(user: User) -> bool:
    """Whoever works on cases may take them out, those of their own departments only.

    They can read each of them anyway; a purpose and the ledger come with it. A consulted office
    sees neither who applies nor whole applications, so it exports none.
    """
    return any(has_role(user, role) for role in DESK_ROLES)


def check_export(user: User) -> None:
    """Raises `NotAllowed`."""
    if not may_export(user):
        raise NotAllowed(_("Your role does not allow to export applications."), code="no_export")


def check_move(
    case: Case,
    verb: Verb,
    *,
    roles: Iterable[str],
    known_facts: dict[str, int | bool] | None = None,
) -> Move:
    """The move that `verb` makes now. Raises `NotAllowed`."""
    move = find_move(
        case.workflow,
        stage=case.stage,
        verb=verb,
        roles=set(roles),
        facts=facts(case) if known_facts is None else known_facts,
    )
    checklist.check_done(case, verb)
    return move


def check_extension(
    case: Case,
    *,
    roles: Iterable[str],
    known_facts: dict[str, int | bool] | None = None,
) -> Move:
    """The move that an extension of the period makes now. Raises `NotAllowed`."""
    move = check_move(case, Verb.EXTEND, roles=roles, known_facts=known_facts)
    if not clocks.room_to_extend(case).times:
        raise NotAllowed(
            _("The period was extended as far as the rules allow."), code="no_extension"
        )
    return move


def check_decision(
    case: Case,
    *,
    outcome: str,
    reason: str,
    waive_fee: bool,
    roles: Iterable[str],
    by: User,
    fee: int | None = None,
    proposal: Proposal | None = None,
) -> Move:
    """The move that a decision makes. Raises `NotAllowed`, `InvalidInput`.

    `fee`: of what is granted, where a part is refused; else that of the application. `proposal`:
    the one that is confirmed by it; without it none may wait.
    """
    if outcome not in Decision.Outcome.values:
        raise InvalidInput({"outcome": [_("Choose a decision.")]})
    approved = outcome == Decision.Outcome.APPROVED
    if waive_fee and not (approved and case.application.computed_fee.waiver_asked):
        raise InvalidInput({"waive_fee": [_("The applicant did not ask to be let off the fee.")]})
    move = check_move(
        case,
        VERB_OF[Decision.Outcome(outcome)],
        roles=roles,
        known_facts=facts(case) | {"fee_waived": waive_fee} | ({} if fee is None else {"fee": fee}),
    )
    if proposal is None:
        second_look.check_none_waits(case)
    check_not_close(case, by)
    deciding.check_decider(case, by)
    if approved:
        check_ground(case)
        deciding.check_stands(case)
    if outcome == Decision.Outcome.REFUSED and not reason.strip():
        raise InvalidInput({"reason": [_("A refusal needs its reason in words.")]})
    return move


def check_not_close(case: Case, user: User) -> None:
    """Nobody decides on themselves or on somebody close to them (除斥). No statement of its own.

    Somebody who declared it, or whom the platform finds to be the same person: by their account,
    their address for mail, or name and kana together.
    """
    if user.pk in case.barred:
        raise NotAllowed(
            _("You said that you are too close to this case. A colleague has to decide it."),
            code="close",
        )
    mine = [(user.name, user.name_kana)] if user.name and user.name_kana else []
    people = [(case.resident.name, case.resident.name_kana)]
    if case.represented is not None:
        people.append((case.represented.name, case.represented.name_kana))
    same = user.pk == case.resident_id or any(
        _same_name(one, you) for one in mine for you in people
    )
    mail = user.email.casefold()
    if same or (mail and mail == case.resident.email.casefold()):
        raise NotAllowed(
            _("This looks like your own application. A colleague has to decide it."), code="close"
        )


def _same_name(one: tuple[str, str], other: tuple[str, str]) -> bool:
    return ["".join(part.split()) for part in one] == ["".join(part.split()) for part in other]


# --- Acting for somebody else -----------------------------------------------------------------


def check_helps(
    representation: Representation, offering: Offering, *, resident: User, by: Actor
) -> None:
    """Whether `by` may send what was entered at the counter: the helper as long as the help lasts,
    or the resident themselves, whenever they like. Locks the session."""
    if by.id == str(resident.pk):
        return
    helping = (
        Helping.objects.select_for_update(of=("self",))
        .select_related("helper")
        .get(representation=representation)
    )
    if by.id != str(helping.helper_id) or helping.resident_id != resident.pk:
        raise NotAllowed(_("Another member of staff helps with this."), code="not_yours")
    if not helping.is_open:
        raise NotAllowed(
            _("The help at the counter has ended. What was entered is kept. Begin anew."),
            code="help_ended",
        )
    check_may_help(offering, helping.helper)


def may_help(offering: Offering, user: User) -> bool:
    """Whether `user` helps at the counter with this service: by the department that has it."""
    return has_role(user, Role.COUNTER, offering.department.key)


def check_may_help(offering: Offering, user: User) -> None:
    """Raises `NotAllowed`."""
    if not may_help(offering, user):
        raise NotAllowed(
            _("You help at the counter of another department. This service is not among its."),
            code="other_counter",
        )


def check_not_entered(case: Case, user: User) -> None:
    """Four eyes: whoever entered an application at the counter does not process it."""
    helped = case.application.helped
    if helped is not None and helped.helper == str(user.pk):
        raise NotAllowed(
            _("You entered this application at the counter. A colleague has to process it."),
            code="entered_it",
        )


def check_represents(representation: Representation, offering: Offering, user: User) -> None:
    """Whether `user` may apply for this service on this ground, today. Says what is in the way."""
    if representation.owner_id != user.pk:
        raise NotAllowed(_("Only whoever declared it can act on it."), code="not_yours")
    allowed = {kind.value for kind in offering.template.service.on_behalf}
    if representation.kind not in allowed:
        raise NotAllowed(
            _("This service cannot be applied for in this way: %(kind)s.")
            % {"kind": representation.get_kind_display()},
            code="kind",
        )
    check_in_force(representation)
    if representation.services and offering.slug not in representation.services:
        raise NotAllowed(
            _("You may not act for %(name)s in this matter: it is limited to other services.")
            % {"name": representation.name},
            code="limited",
        )


def check_in_force(representation: Representation) -> None:
    """Whether somebody may still act for another today."""
    today, name = timezone.localdate(), {"name": representation.name}
    state = representation.state_on(today)
    if state == Representation.State.REVOKED:
        raise NotAllowed(
            _("You do not act for %(name)s any more: it was revoked.") % name, code="revoked"
        )
    if state == Representation.State.EXPIRED:
        raise NotAllowed(
            _("You do not act for %(name)s any more: the time has run out. Declare it anew.")
            % name,
            code="expired",
        )
    if representation.valid_from > today:
        raise NotAllowed(
            _("You may not act for %(name)s yet: it begins later.") % name, code="not_yet"
        )


def check_still_acts(case: Case) -> None:
    """Whether the resident may still do something in an application sent for somebody else."""
    representation = case.application.authority_id
    if representation is not None:
        # What the page has read may be older than a revocation.
        check_in_force(Representation.objects.select_for_update().get(pk=representation))


def ground(case: Case) -> str:
    """How sure the office is that the resident may act for the represented in this case.

    ``""`` (nobody is represented), ``"claimed"``, ``"confirmed"`` or ``"doubted"``; one statement.
    """
    if case.represented is None:
        return ""
    last = case.representation_checks.order_by("-checked_at", "-id").first()
    if last is not None:
        return last.verdict
    sure = case.represented.state == Representation.State.CONFIRMED
    return "confirmed" if sure else "claimed"


def check_ground(case: Case) -> None:
    """An approval for somebody else needs the ground confirmed first."""
    found = ground(case)
    if found == RepresentationCheck.Verdict.DOUBTED:
        raise NotAllowed(
            _("It is doubted that the sender may act for the applicant. Confirm it, or refuse."),
            code="doubted",
        )
    if found == "claimed":
        raise NotAllowed(
            _("First confirm that the sender may act for the applicant."), code="not_confirmed"
        )


def check_may_check_ground(case: Case, user: User) -> None:
    """Whether `user` may confirm or doubt the ground of this case."""
    if not may_process(case, user):
        raise NotAllowed(_("This is for the department of the case."), code="role")
    if case.closed_at is not None:
        raise NotAllowed(_("The case is closed."), code="closed")


# --- Assurance, co-signing --------------------------------------------------------------------


def check_signed_in(draft: Draft) -> UUID:
    """A form may be begun without signing in, but nothing is sent without. Whose draft it is."""
    if draft.resident_id is None:
        raise NotAllowed(_("Sign in with your eID to send the application."), code="sign_in")
    return draft.resident_id


def check_sends_without_sign_in(offering: Offering) -> None:
    """A service may let somebody send of whom nothing is known but an address for mail."""
    if not offering.sends_without_sign_in:
        raise NotAllowed(_("Sign in with your eID to send the application."), code="sign_in")


def check_assurance(offering: Offering, *, confirmed: bool) -> None:
    """A service may ask that the eID was shown anew, at its strongest, just now."""
    if offering.is_sure and not confirmed:
        raise NotAllowed(
            _("For this service please confirm with your eID once more, then send."),
            code="step_up",
        )


def check_cosigned(offering: Offering, signatures: Iterable[Cosignature], digest: str) -> None:
    """Whether everybody who was asked has signed these very answers, and enough have."""
    rule = offering.cosign
    if rule is None:
        return
    asked = [row for row in signatures if row.state == Cosignature.State.ASKED]
    signed = [
        row for row in signatures if row.state == Cosignature.State.SIGNED and row.digest == digest
    ]
    if asked or len(signed) < rule.count:
        raise NotAllowed(_("It cannot be sent yet: not everybody has signed."), code="not_signed")


def check_may_sign(signature: Cosignature, user: User) -> None:
    """Whether `user` may sign or refuse with this link. One statement for the eID of each."""
    draft = signature.draft
    if signature.state in {Cosignature.State.SIGNED, Cosignature.State.REFUSED}:
        raise NotAllowed(_("This link was used already. It works once."), code="used")
    if not draft.is_open or signature.state == Cosignature.State.VOID:
        raise NotAllowed(
            _("Your signature is not asked for any more. If it is needed, you get a new mail."),
            code="void",
        )
    if signature.is_expired:
        raise NotAllowed(
            _("This link has run out. Ask the applicant to send you a new one."), code="expired"
        )
    if user.pk == draft.resident_id or _same_eid(user, draft.applicant):
        raise NotAllowed(
            _("This is your own application. Somebody else has to sign it."), code="oneself"
        )
    if Cosignature.objects.filter(
        draft=draft, signed_by=user, state=Cosignature.State.SIGNED
    ).exists():
        raise NotAllowed(
            _("You have signed this application already. Another person has to sign, too."),
            code="twice",
        )


def _same_eid(one: User, other: User) -> bool:
    """The same person behind two accounts, as after the provider was changed."""
    mine, theirs = getattr(one, "eid", None), getattr(other, "eid", None)
    return mine is not None and theirs is not None and mine.subject == theirs.subject


def may_answer(consultation: Consultation, user: User) -> bool:
    """Whether the user gives opinions for the department that was asked.

    What a body outside the town wrote or said is entered by the case's own office.
    """
    if consultation.department is None:
        return may_process(consultation.case, user)
    return has_role(user, Role.CONSULTEE, consultation.department.key)


def check_opinion(consultation: Consultation, user: User) -> None:
    """Only the asked department answers, and only once."""
    if consultation.answered_at is not None:
        raise Conflict(_("This question has been answered already."), code="answered")
    if not may_answer(consultation, user):
        raise NotAllowed(_("Another department was asked."), code="wrong_department")


def check_unchanged(case: Case, lock: int | None) -> None:
    """Refuse a page that was opened before somebody else's change. Raises `Conflict`."""
    if lock is not None and case.lock != lock:
        raise Conflict(
            _(
                "Somebody else changed this case in the meantime. Nothing of yours was saved yet: "
                "look at the case as it is now, then decide again."
            ),
            code="changed",
        )


def options(case: Case, user: User) -> list[MoveOption]:
    """Every verb of the desk for this case, with the reason where it is not possible now.

    What its workflow does not know (to approve a notification, to extend the period) is left out.
    """
    roles, known = roles_on(case, user), facts(case)
    found = []
    for verb in (
        Verb.CLAIM,
        Verb.CONFIRM_COMPLETE,
        Verb.REQUEST_CONSULTATION,
        Verb.REQUEST_CORRECTION,
        Verb.APPROVE,
        Verb.REFUSE,
        Verb.ACKNOWLEDGE,
        Verb.EXTEND,
        Verb.REOPEN,
    ):
        if verb not in _ALWAYS_SHOWN and verb not in case.workflow.verbs:
            continue
        if verb is Verb.REOPEN and case.closed_at is None:
            continue
        try:
            check_not_entered(case, user)
            if verb is Verb.EXTEND:
                check_extension(case, roles=roles, known_facts=known)
            else:
                check_move(case, verb, roles=roles, known_facts=known)
            if verb in VERB_OF.values():
                second_look.check_none_waits(case)
                check_not_close(case, user)
                deciding.check_decider(case, user)
            if verb is Verb.APPROVE:
                check_ground(case)
                deciding.check_stands(case)
        except NotAllowed as refusal:
            found.append(MoveOption(verb, verb_name(verb), False, str(refusal)))
        else:
            found.append(MoveOption(verb, verb_name(verb), True))
    return found
