"""Opinions that rest on answers which a correction has replaced since, and asking them again."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cases import declared, policies, talks
from cases.models import Case, Consultation
from cases.steps import apply_move, locked
from common.actor import SYSTEM, Actor
from common.errors import Conflict, NotAllowed, NotFound
from forms import sensitive
from forms.questions import Question
from identity.models import User
from workflow.definition import Verb

# Facts about a person begin with one of these in the GIF vocabulary.
_PERSONAL = ("person.", "contact.")
_PERSONAL_TYPES = frozenset({"bank_account", "email", "phone"})


def needed_for_an_opinion(question: Question) -> bool:
    """Whether a consulted office sees the answer: not who it is, where to reach or to pay them."""
    if question.type == "group":
        return all(needed_for_an_opinion(inner) for inner in question.questions)
    if sensitive.is_sensitive(question):
        return False
    concept = question.concept or ""
    return not concept.startswith(_PERSONAL) and question.type not in _PERSONAL_TYPES


def seen(case: Case, consultation: Consultation) -> frozenset[str]:
    """The questions whose answers an asked office reads: what is declared, else what it needs.

    A body outside the town that the workflow asks reads nothing but what is declared.
    """
    rule = case.workflow.consultation(consultation.declared)
    if rule is not None and rule.sees:
        return frozenset(rule.sees)
    if consultation.body_id is not None and consultation.declared:
        return frozenset()
    questions = case.application.version.form.questions_by_id.values()
    return frozenset(each.id for each in questions if needed_for_an_opinion(each))


def demanded_conditions(case: Case) -> list[str]:
    """The conditions of the offices that were asked, each once; none of an opinion that was
    asked for again. One statement, none where the consultations were read before."""
    demanded = (
        line
        for each in case.consultations.all()
        if not each.superseded_at
        for line in each.conditions
    )
    return list(dict.fromkeys(demanded))


def outdated(case: Case) -> dict[UUID, list[str]]:
    """Opinions by which an answer was read that was corrected since; the questions of each.

    Two statements, none after `talks.attach_with_people`.
    """
    consultations, corrections = talks.of(case)
    found = {}
    for consultation in consultations:
        given = consultation.answered_at
        if given is None or consultation.superseded_at is not None:
            continue
        replaced = {
            name
            for correction in corrections
            if correction.answered_at is not None and correction.answered_at > given
            for name in correction.replaced
        }
        old = replaced & seen(case, consultation)
        if old:
            found[consultation.pk] = sorted(old)
    return found


@transaction.atomic
def ask_again(*, case: Case, consultation_id: UUID, by: User, lock: int | None) -> Consultation:
    """Ask for an opinion anew, in the same words; the old one is kept and counts no more.

    Raises `NotFound`, `NotAllowed`, `Conflict`.
    """
    case = locked(case, lock, by)
    move = policies.check_move(case, Verb.REQUEST_CONSULTATION, roles=policies.roles_on(case, by))
    old = case.consultations.filter(pk=consultation_id).first()
    if old is None:
        raise NotFound(_("There is no such question."), code="no_consultation")
    if old.answered_at is None or old.superseded_at is not None:
        raise Conflict(_("This has been asked already."), code="asked")
    if old.pk not in outdated(case):
        raise NotAllowed(
            _("Nothing that this office has seen was corrected since its opinion."), code="current"
        )
    made = _again(case, old, Actor.of(by), by)
    apply_move(case, move)
    return made


def ask_declared_again(case: Case) -> None:
    """After a correction: ask those anew for whom it is declared. The case is locked."""
    if not talks.answerable(case) or not any(each.again for each in case.workflow.consultations):
        return
    old = outdated(case)
    for consultation in case.consultations.filter(pk__in=old):
        rule = case.workflow.consultation(consultation.declared)
        if rule is not None and rule.again:
            _again(case, consultation, SYSTEM, case.assigned_to)


def _again(case: Case, old: Consultation, by: Actor, asked_by: User | None) -> Consultation:
    office = {"department": old.department, "body": old.body}
    if case.consultations.filter(**office, answered_at__isnull=True).exists():
        raise Conflict(_("This office has been asked already."), code="asked")
    old.superseded_at = timezone.now()
    old.save(update_fields=["superseded_at"])
    rule = case.workflow.consultation(old.declared)
    return declared.put(
        case,
        Consultation(
            case=case,
            **office,
            question=old.question,
            declared=old.declared,
            required=old.required,
            asked_by=asked_by,
        ),
        by=by,
        due_on=declared.day_after(rule.days) if rule else None,
        remind=rule.remind if rule else declared.REMIND,
    )
