"""Who may, and what the stage allows. `check_x` raises `NotAllowed` with the reason in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from cases import talks
from cases.models import Case, Consultation, Decision
from common.errors import Conflict, InvalidInput, NotAllowed
from identity.models import User
from identity.roles import Role, has_role
from workflow.definition import Move, Verb
from workflow.moves import find_move, verb_name

#: Which verb of the workflow brings about which outcome.
VERB_OF = {
    Decision.Outcome.APPROVED: Verb.APPROVE,
    Decision.Outcome.REFUSED: Verb.REFUSE,
    Decision.Outcome.ACKNOWLEDGED: Verb.ACKNOWLEDGE,
}

#: Roles that process cases; each counts in its department (or everywhere, without one).
DESK_ROLES = (Role.CASEWORKER, Role.LEAD)


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
        "open_consultations": sum(each.answered_at is None for each in consultations),
        "objections": sum(each.opinion == Consultation.Opinion.OBJECTION for each in consultations),
        "open_corrections": sum(each.answered_at is None for each in corrections),
        "fee": case.application.computed_fee.total,
        "fee_waived": False,
    }


def roles_on(case: Case, user: User) -> frozenset[str]:
    """The workflow roles of a user on this case."""
    if user.pk == case.resident_id:
        return frozenset({"resident"})
    return frozenset(role.value for role in DESK_ROLES if has_role(user, role, case.department.key))


def may_process(case: Case, user: User) -> bool:
    """Whether the user is a caseworker or lead of the case's department."""
    return bool(roles_on(case, user) & {role.value for role in DESK_ROLES})


def may_consult(case: Case, user: User) -> bool:
    """Whether the user's department is asked for an opinion on this case."""
    return any(
        has_role(user, Role.CONSULTEE, key)
        for key in case.consultations.values_list("department__key", flat=True)
    )


def may_read(case: Case, user: User) -> bool:
    return may_process(case, user) or may_consult(case, user)


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
    return find_move(
        case.workflow,
        stage=case.stage,
        verb=verb,
        roles=set(roles),
        facts=facts(case) if known_facts is None else known_facts,
    )


def check_decision(
    case: Case, *, outcome: str, reason: str, waive_fee: bool, roles: Iterable[str]
) -> Move:
    """The move that a decision makes. Raises `NotAllowed`, `InvalidInput`."""
    if outcome not in Decision.Outcome.values:
        raise InvalidInput({"outcome": [_("Choose a decision.")]})
    approved = outcome == Decision.Outcome.APPROVED
    if waive_fee and not (approved and case.application.computed_fee.waiver_asked):
        raise InvalidInput({"waive_fee": [_("The applicant did not ask to be let off the fee.")]})
    move = check_move(
        case,
        VERB_OF[Decision.Outcome(outcome)],
        roles=roles,
        known_facts=facts(case) | {"fee_waived": waive_fee},
    )
    if outcome == Decision.Outcome.REFUSED and not reason.strip():
        raise InvalidInput({"reason": [_("A refusal needs its reason in words.")]})
    return move


def may_answer(consultation: Consultation, user: User) -> bool:
    """Whether the user gives opinions for the department that was asked."""
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

    Ways to end a case that its workflow does not know (to approve a notification) are left out.
    """
    roles, known = roles_on(case, user), facts(case)
    found = []
    for verb in (
        Verb.CLAIM,
        Verb.REQUEST_CONSULTATION,
        Verb.REQUEST_CORRECTION,
        Verb.APPROVE,
        Verb.REFUSE,
        Verb.ACKNOWLEDGE,
    ):
        if verb in VERB_OF.values() and verb not in case.workflow.verbs:
            continue
        try:
            check_move(case, verb, roles=roles, known_facts=known)
        except NotAllowed as refusal:
            found.append(MoveOption(verb, verb_name(verb), False, str(refusal)))
        else:
            found.append(MoveOption(verb, verb_name(verb), True))
    return found
