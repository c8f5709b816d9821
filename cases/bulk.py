"""One thing done to many cases: chosen, looked at, then worked off by the worker.

A run is rows: its cases, for each whether it is possible and what became of it. The worker takes
them in chunks, a chunk is one row of the outbox and one transaction: killed in the middle, it is
done again from where it began, and nothing is done twice. Every case goes through the same action
as on its own page, with the rights that whoever started it has at that moment, and with the state
that the preview has shown: what somebody changed meanwhile is left alone and named.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from django.db import Error as DatabaseError
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from audit import ledger
from cases import (
    absences,
    actions,
    corrections,
    desk,
    desk_actions,
    opinions,
    periods,
    policies,
    proposals,
    steps,
)
from cases.assigning import giving
from cases.assigning.plan import Plan
from cases.desk import InboxFilter
from cases.models import Application, Case, Decision, Proposal
from cases.models_desk import BulkItem, BulkRun
from common import outbox
from common.actor import Actor
from common.errors import Conflict, DomainError, InvalidInput, NotFound, in_words
from forms.models import FormVersion
from identity.models import User
from workflow.definition import Verb

#: Cases in one run; more are done in two.
MOST = 1_000
#: Cases in one transaction: as many as a second is enough for.
CHUNK = 25
_LONGEST_TEXT = 8_000
_LONGEST_ID = 100
_MOST_QUESTIONS = 500
_KEPT = timedelta(days=90)
_KEPT_UNSTARTED = timedelta(days=1)

Options = Mapping[str, Any]
State = BulkItem.State

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class BulkVerb:
    """`check` raises `DomainError` when it is not possible now, and may give a note for the
    preview; `do` does it with the lock given.

    A text that one of them gives is shown beside the case, such as to whom it goes. `needs` is the
    option without which it cannot be: its name and what to say.
    """

    name: Any
    check: Callable[[Case, User, Options], object]
    do: Callable[[Case, User, Options, int], object]
    needs: tuple[str, Any] | None = None


def _decided(outcome: str) -> BulkVerb:
    decided = Decision.Outcome(outcome)
    names = {
        Decision.Outcome.APPROVED: gettext_lazy("Approve"),
        Decision.Outcome.REFUSED: gettext_lazy("Refuse"),
        Decision.Outcome.ACKNOWLEDGED: gettext_lazy("Acknowledge"),
    }

    def check(case: Case, by: User, options: Options) -> object:
        content = {"reason": options.get("reason", "")}
        said = []
        if added := len(_added(case, decided, options)):
            said.append(
                ngettext(
                    "+ %(count)s condition of consulted offices.",
                    "+ %(count)s conditions of consulted offices.",
                    added,
                )
                % {"count": added}
            )
        if proposals.needs_second(case, outcome, content, by):
            said.append(_("It is proposed: a second person has to confirm it."))
        fee = case.application.computed_fee
        if decided is Decision.Outcome.APPROVED and fee.waiver_asked and fee.total:
            said.append(
                _(
                    "They ask to be let off the fee of %(amount)s. Here it is not waived: "
                    "to waive it, decide this case by itself."
                )
                % {"amount": fee.in_yen}
            )
        return " ".join(said) or None

    def do(case: Case, by: User, options: Options, lock: int) -> object:
        return proposals.decide_or_propose(
            case=case,
            outcome=outcome,
            conditions=[*options.get("conditions", ()), *_added(case, decided, options)],
            reason=options.get("reason", ""),
            by=by,
            lock=lock,
        )

    refused = decided is Decision.Outcome.REFUSED
    needs = ("reason", gettext_lazy("A refusal needs its reason in words.")) if refused else None
    return BulkVerb(names[decided], check, do, needs)


def _added(case: Case, decided: Decision.Outcome, options: Options) -> list[str]:
    """What the consulted offices demand of an approval beyond the conditions that were typed."""
    if decided is not Decision.Outcome.APPROVED:
        return []
    typed = options.get("conditions", ())
    return [line for line in opinions.demanded_conditions(case) if line not in typed]


def _to(options: Options) -> User:
    found = User.objects.filter(pk=options["to"], kind=User.Kind.STAFF).first()
    if found is None:
        raise NotFound(_("There is no such person."), code="no_person")
    return found


def _correction(options: Options) -> dict[str, Any]:
    return {
        "question_ids": options.get("question_ids", ()),
        "message": options.get("message", ""),
        "due_on": corrections.day(options.get("due_on", "")),
    }


def _check_correction(case: Case, by: User, options: Options) -> None:
    policies.check_move(case, Verb.REQUEST_CORRECTION, roles=policies.roles_on(case, by))
    corrections.check(case, **_correction(options))


def _check_extension(case: Case, by: User, options: Options) -> None:
    policies.check_extension(case, roles=policies.roles_on(case, by))
    periods.check_days(case, options.get("days", ""))


def _handed_over(case: Case, by: User, options: Options) -> object:
    """Whether it can be; a colleague who is away gets it, and it is said."""
    desk_actions.check_assign(case, options["person"], by)
    return options["away"]


VERBS: dict[str, BulkVerb] = {
    "claim": BulkVerb(
        gettext_lazy("Take onto my desk"),
        lambda case, by, _options: policies.check_move(
            case, Verb.CLAIM, roles=policies.roles_on(case, by)
        ),
        lambda case, by, _options, lock: actions.claim_case(case=case, by=by, lock=lock),
    ),
    "assign": BulkVerb(
        gettext_lazy("Hand over to a colleague"),
        _handed_over,
        lambda case, by, options, lock: desk_actions.assign_case(
            case=case, to=options["person"], by=by, lock=lock
        ),
        ("to", gettext_lazy("Choose a colleague.")),
    ),
    "release": BulkVerb(
        gettext_lazy("Lay back, for anybody to take"),
        lambda case, by, _options: desk_actions.check_release(case, by),
        lambda case, by, _options, lock: desk_actions.release_case(case=case, by=by, lock=lock),
    ),
    "by_rule": BulkVerb(
        gettext_lazy("Give out by the rules"),
        lambda case, by, options: giving.check(case, by, options["plan"]),
        lambda case, by, options, lock: giving.give(case, by, options["plan"], lock),
    ),
    "tag": BulkVerb(
        gettext_lazy("Put a tag on"),
        lambda case, by, _options: desk_actions.check_worked(case, by),
        lambda case, by, options, _lock: desk_actions.tag_case(
            case=case, name=options["tag"], by=by
        ),
        ("tag", gettext_lazy("Write a word.")),
    ),
    "correct": BulkVerb(
        gettext_lazy("Ask for a correction"),
        _check_correction,
        lambda case, by, options, lock: actions.request_correction(
            case=case, by=by, lock=lock, **_correction(options)
        ),
        ("message", gettext_lazy("Write what has to be corrected.")),
    ),
    "complete": BulkVerb(
        gettext_lazy("Confirm that everything is there"),
        lambda case, by, _options: policies.check_move(
            case, Verb.CONFIRM_COMPLETE, roles=policies.roles_on(case, by)
        ),
        lambda case, by, _options, lock: periods.confirm_complete(case=case, by=by, lock=lock),
    ),
    "extend": BulkVerb(
        gettext_lazy("Extend the period"),
        _check_extension,
        lambda case, by, options, lock: periods.extend_period(
            case=case, days=options["days"], reason=options["reason"], by=by, lock=lock
        ),
        ("reason", gettext_lazy("Write why it takes longer. The resident reads this.")),
    ),
    "approve": _decided("approved"),
    "refuse": _decided("refused"),
    "acknowledge": _decided("acknowledged"),
}


#: Verbs that have a page of their own to be chosen and looked at (`register`).
_ELSEWHERE: dict[str, BulkVerb] = {}


def register(key: str, verb: BulkVerb) -> None:
    """Let the worker do a verb that is not offered in the list of cases."""
    _ELSEWHERE[key] = verb


def verb_of(run: BulkRun) -> BulkVerb:
    return VERBS[run.verb] if run.verb in VERBS else _ELSEWHERE[run.verb]


# --- From the choice to the start -----------------------------------------------------------------


@transaction.atomic
def choose(
    *, by: User, chosen: InboxFilter, ids: Iterable[uuid.UUID] | None, query: str
) -> BulkRun:
    """A run over these cases, or (`ids` None) over all of a list, `MOST` at most.

    What `by` does not work on is left out. Raises `InvalidInput` when nothing is left.
    """
    cases = desk.selected(by, chosen) if ids is None else Case.objects.filter(pk__in=ids)
    return run_over(cases.filter(desk.at_desk(by)), by=by, most=MOST, query=query)


def run_over(cases: QuerySet[Case], *, by: User, most: int, query: str = "") -> BulkRun:
    """A run over the most urgent of these cases. Raises `InvalidInput` for none."""
    found = list(cases.order_by("due_on", "received_on", "pk").values_list("pk", "lock")[:most])
    if not found:
        raise InvalidInput({"case": [_("Choose at least one case.")]})
    run = BulkRun.objects.create(by=by, query=query[:600])
    BulkItem.objects.bulk_create(
        BulkItem(run=run, case_id=pk, place=place, lock=lock)
        for place, (pk, lock) in enumerate(found)
    )
    return run


def run_of(user: User, run_id: uuid.UUID) -> BulkRun:
    """One's own run. Raises `NotFound`."""
    run = BulkRun.objects.filter(pk=run_id, by=user).first()
    if run is None:
        raise NotFound(_("There is no such page."), code="no_run")
    run.by = user
    return run


def options_of(
    verb: str, typed: Mapping[str, str], question_ids: Sequence[str] = ()
) -> dict[str, Any]:
    """What was typed for a verb, and which questions were ticked. Raises `InvalidInput`."""
    if verb not in VERBS:
        raise InvalidInput({"verb": [_("Choose what to do.")]})
    options: dict[str, Any] = {}
    for name in ("reason", "to", "tag", "message", "due_on", "days"):
        options[name] = typed.get(name, "").replace("\x00", "").strip()
        if len(options[name]) > _LONGEST_TEXT:
            raise InvalidInput({name: [_("This text is too long.")]})
    lines = typed.get("conditions", "").replace("\x00", "")[:_LONGEST_TEXT].splitlines()
    options["conditions"] = [line.strip() for line in lines if line.strip()]
    needs = VERBS[verb].needs
    if needs and not options[needs[0]]:
        raise InvalidInput({needs[0]: [str(needs[1])]})
    if verb == "tag":
        options["tag"] = desk_actions.tag_name(options["tag"])
    if verb == "assign" and not _is_id(options["to"]):
        raise InvalidInput({"to": [_("Choose a colleague.")]})
    if verb == "correct":
        options["question_ids"] = [text[:_LONGEST_ID] for text in question_ids[:_MOST_QUESTIONS]]
        corrections.check_words(options["message"], corrections.day(options["due_on"]))
    if verb == "extend" and not options["days"].isdecimal():
        raise InvalidInput({"days": [_("Write a number of days.")]})
    return options


def _is_id(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


@transaction.atomic
def preview(*, run: BulkRun, verb: str, options: Options) -> BulkRun:
    """Note for each case whether it is possible now, and why not. Nothing is done yet.

    Raises `Conflict` when the run was started already, `NotFound`.
    """
    run = unstarted(run)
    if verb == "correct":
        _check_questions(run, options["question_ids"])
    items = list(run.items.all())
    cases = read([item.case_id for item in items])
    ready = _ready(verb, options)
    for item in items:
        case = cases.get(item.case_id)
        item.state, item.reason = _looked_at(case, run.by, verb, ready)
        item.lock = case.lock if case is not None else item.lock
    BulkItem.objects.bulk_update(items, ["state", "reason", "lock"], batch_size=250)
    run.verb, run.options, run.state = verb, dict(options), BulkRun.State.PREVIEWED
    run.save(update_fields=["verb", "options", "state"])
    return run


def form_of(run: BulkRun) -> FormVersion | None:
    """The version of the form that all its cases were sent with; None: there are several."""
    sent_with = Application.objects.filter(case__in=run.items.values("case"))
    found = list(FormVersion.objects.filter(pk__in=sent_with.values("version"))[:2])
    return found[0] if len(found) == 1 else None


def _check_questions(run: BulkRun, chosen: Sequence[str]) -> None:
    version = form_of(run)
    if version is None:
        raise InvalidInput(
            {
                "verb": [
                    _(
                        "These cases were sent with different forms. "
                        "To ask for the same correction, choose cases of one form."
                    )
                ]
            }
        )
    known = {name for name, _label in corrections.choices(version.form)}
    if not chosen or not known.issuperset(chosen):
        raise InvalidInput({"question_ids": [_("Choose the questions that need a correction.")]})


def _looked_at(case: Case | None, by: User, verb: str, options: Options) -> tuple[State, str]:
    if case is None or not policies.may_process(case, by):
        return State.REFUSED, _("You do not work on this case.")
    try:
        said = VERBS[verb].check(case, by, options)
    except DomainError as refusal:
        return State.REFUSED, in_words(refusal)[:500]
    return State.WAITING, _words(said)


def _words(said: object) -> str:
    if isinstance(said, Proposal):
        return _("Proposed: a second person has to confirm it.")
    return said[:500] if isinstance(said, str) else ""


def _ready(verb: str, options: Options, *, lock: bool = False) -> Options:
    if verb == "assign":
        person = _to(options)
        away = absences.of_today([person.pk]).get(person.pk, [])
        return {**options, "person": person, "away": absences.in_words(away)}
    return {**options, "plan": Plan(lock=lock)} if verb == "by_rule" else options


def read(ids: Sequence[uuid.UUID], *, lock: bool = False) -> dict[uuid.UUID, Case]:
    """Cases with all that a policy asks about them, in a few statements."""
    cases = Case.objects.filter(pk__in=ids).order_by("pk")
    if lock:
        cases = cases.select_for_update(of=("self",))
    read = cases.select_related("application", "resident").prefetch_related(
        "consultations", "corrections", "checks", "proposals"
    )
    return {case.pk: case for case in read}


def unstarted(run: BulkRun) -> BulkRun:
    fresh = BulkRun.objects.select_for_update(of=("self",)).select_related("by").get(pk=run.pk)
    if fresh.state not in (BulkRun.State.CHOSEN, BulkRun.State.PREVIEWED):
        raise Conflict(_("This was started already. See what became of it."), code="started")
    return fresh


@transaction.atomic
def start(*, run: BulkRun) -> BulkRun:
    """Hand the possible ones to the worker. Raises `Conflict` (started, or no preview yet)."""
    run = unstarted(run)
    if run.state != BulkRun.State.PREVIEWED:
        raise Conflict(_("Look at the preview first."), code="no_preview")
    waiting = list(run.items.filter(state=State.WAITING).values_list("place", flat=True))
    run.state, run.started_at = BulkRun.State.RUNNING, timezone.now()
    if not waiting:
        run.state, run.finished_at = BulkRun.State.DONE, run.started_at
    run.save(update_fields=["state", "started_at", "finished_at"])
    ledger.record(
        event="cases.bulk_started",
        by=Actor.of(run.by),
        object_kind="bulk",
        object_id=str(run.pk),
        purpose="processing",
        data={"verb": run.verb, "count": len(waiting)},
    )
    for at in range(0, len(waiting), CHUNK):
        part = waiting[at : at + CHUNK]
        outbox.enqueue(
            "cases.bulk",
            f"{run.pk}:{part[0]}",
            {"run_id": str(run.pk), "first": part[0], "last": part[-1]},
        )
    return run


# --- The worker -----------------------------------------------------------------------------------


@outbox.handler("cases.bulk")
def work_off(payload: dict[str, Any]) -> None:
    """One chunk: each case for itself, a refusal is its result."""
    run = BulkRun.objects.select_related("by").get(pk=payload["run_id"])
    items = list(
        run.items.filter(
            state=State.WAITING, place__gte=payload["first"], place__lte=payload["last"]
        ).select_for_update()
    )
    with translation.override(run.by.language):
        _do_all(run, items)
    BulkItem.objects.bulk_update(items, ["state", "reason"])
    _finish(run)


def _do_all(run: BulkRun, items: Sequence[BulkItem]) -> None:
    cases = read([item.case_id for item in items], lock=True)
    try:
        options = _ready(run.verb, run.options, lock=True)
    except NotFound as gone:
        for item in items:
            item.state, item.reason = State.REFUSED, str(gone)
        return
    with steps.holding(cases.values()):
        for item in items:
            item.state, item.reason = _done(cases[item.case_id], run, options, item.lock)


def _done(case: Case, run: BulkRun, options: Options, lock: int) -> tuple[State, str]:
    try:
        with transaction.atomic():
            if not policies.may_process(case, run.by):
                return State.REFUSED, _("You do not work on this case.")
            said = verb_of(run).do(case, run.by, options, lock)
    except Conflict as changed:
        words = _("Somebody changed it after the preview. Look at it by itself.")
        return State.REFUSED, words if changed.code == "changed" else str(changed)[:500]
    except DomainError as refusal:
        return State.REFUSED, in_words(refusal)[:500]
    except DatabaseError:
        raise  # the chunk is done again
    except Exception:
        log.exception("bulk.case_failed", run=str(run.pk), case=str(case.pk))
        return State.REFUSED, _("It did not work because of a fault. Try it by itself.")
    return State.DONE, _words(said)


def _finish(run: BulkRun) -> None:
    """The last chunk closes the run; the lock puts two that end at once one after the other."""
    held = BulkRun.objects.select_for_update().get(pk=run.pk)
    if not held.items.filter(state=State.WAITING).exists():
        held.state, held.finished_at = BulkRun.State.DONE, timezone.now()
        held.save(update_fields=["state", "finished_at"])


# --- What became of it ----------------------------------------------------------------------------


def counts(run: BulkRun) -> dict[str, int]:
    """How many are waiting, done, refused, and all. One statement."""
    return dict(
        run.items.aggregate(
            waiting=Count("pk", filter=Q(state=State.WAITING)),
            done=Count("pk", filter=Q(state=State.DONE)),
            refused=Count("pk", filter=Q(state=State.REFUSED)),
            all=Count("pk"),
        )
    )


def forget_old() -> None:
    """Runs that nobody started, a day later; finished ones after a season."""
    now = timezone.now()
    BulkRun.objects.filter(
        Q(started_at__isnull=True, chosen_at__lt=now - _KEPT_UNSTARTED)
        | Q(finished_at__lt=now - _KEPT)
    ).delete()
