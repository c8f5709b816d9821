"""What can follow a case, and until when. Reads, writes nothing; who may is asked elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cases import clocks
from cases.models import Case, Decision, RegisterEntry
from catalogue import queries as catalogue
from catalogue.linked import LinkKind, LinkRule
from catalogue.models import Offering
from common.calendar import add_months, add_working_days
from common.errors import NotAllowed, NotFound
from common.lookup import Lookup
from workflow.definition import Outcome

_NAMES = {
    LinkKind.AMENDMENT: gettext_lazy("Change this permit"),
    LinkKind.RENEWAL: gettext_lazy("Renew this permit"),
    LinkKind.APPEAL: gettext_lazy("Appeal against the decision"),
}
#: Why something is shown that is not possible: somebody would look for it.
_SHOWN = frozenset({"late", "early", "replaced"})
_ENDED = frozenset({Outcome.WITHDRAWN, Outcome.REFUSED, Outcome.LAPSED})


@dataclass(frozen=True, slots=True)
class Offer:
    """A way to go on from a case: open, or not (any more) with its reason."""

    rule: LinkRule
    name: str
    allowed: bool
    reason: str
    last_day: date | None
    # Where it goes and who decides.
    goes_to: str = ""


def _near(near: Q) -> QuerySet[Case]:
    return Case.objects.filter(near).select_related("application").order_by("received_on", "pk")


_followers: Lookup[Case] = Lookup(lambda pk: _near(Q(origin=pk)), pk=UUID)
_family: Lookup[Case] = Lookup(
    lambda pk, origin: _near(Q(pk=origin) | Q(origin=origin) | Q(origin=pk)).exclude(pk=pk),
    pk=UUID,
    origin=UUID,
)


def name_of(case: Case, rule: LinkRule, target: Offering) -> str:
    """What a resident presses."""
    if _contests_silence(case, rule, timezone.localdate()):
        return _("Appeal, because it was not decided in time")
    if rule.kind is LinkKind.ADDITION:
        return _("Apply together with it: %(service)s") % {"service": target.title}
    return str(_NAMES[rule.kind])


def goes_to(case: Case, rule: LinkRule) -> str:
    """Where it goes and who decides; for an appeal against silence, by which rule."""
    if _contests_silence(case, rule, timezone.localdate()):
        return _(
            "The period is over and nothing was decided. You may treat the application as refused "
            "(%(basis)s) and appeal, or go on waiting for the decision. An office that did not "
            "have the application looks at it."
        ) % {"basis": case.workflow.clock.deemed_basis}
    return str(rule.goes_to or "")


def links_of(case: Case) -> list[Case]:
    """The case that this one came of, those that came of this one, and those that came of the same
    one, the oldest first. One statement; none where the service declares nothing."""
    if case.origin_id is None and not rules_of(case):
        return []
    if case.origin_id is None:
        return _followers.all(pk=case.pk)
    return _family.all(pk=case.pk, origin=case.origin_id)


def rules_of(case: Case) -> tuple[LinkRule, ...]:
    return case.offering.template.service.linked


def rule_of(case: Case, link_id: str) -> LinkRule:
    """Raises `NotFound` for what the service of the case does not declare."""
    for rule in rules_of(case):
        if rule.id == link_id:
            return rule
    raise NotFound(_("There is no such page."), code="no_link")


def target_of(case: Case, rule: LinkRule) -> Offering | None:
    """The offering that takes it; None: this town does not offer it."""
    key = rule.service or case.offering.template_key
    return Offering.objects.filter(template_key=key, is_published=True).first()


def offers(case: Case, links: Sequence[Case], today: date | None = None) -> list[Offer]:
    """What the service declares for a case as it stands and the town offers: the possible, and
    what is too early or too late."""
    today = today or timezone.localdate()
    rules = [rule for rule in rules_of(case) if _reached(case, rule, today)]
    if not rules:
        return []
    keys = {rule.service or case.offering.template_key for rule in rules}
    offered = catalogue.offered_of(keys)
    found = []
    for rule in rules:
        target = offered.get(rule.service or case.offering.template_key)
        if target is None:
            continue
        name = name_of(case, rule, target)
        try:
            check(case, rule, links, today)
        except NotAllowed as refusal:
            if refusal.code in _SHOWN:
                found.append(Offer(rule, name, False, str(refusal), None))
        else:
            last_day = day_to_tell(case, rule)
            found.append(Offer(rule, name, True, "", last_day, goes_to(case, rule)))
    return found


def check(case: Case, rule: LinkRule, links: Sequence[Case], today: date | None = None) -> None:
    """Whether it may be begun, or sent, today. Raises `NotAllowed` with what else can be done."""
    today = today or timezone.localdate()
    if not _reached(case, rule, today):
        raise NotAllowed(_("This is not possible at the stage of the application."), code="stage")
    _check_alone(case, rule, links)
    if rule.kind is LinkKind.ADDITION or _contests_silence(case, rule, today):
        return
    decision = _decision(case)
    if decision is None or decision.letter is None:
        raise NotAllowed(_("The letter with the decision is not issued yet."), code="not_issued")
    if decision.letter.revoked_at is not None:
        raise NotAllowed(_("The decision does not hold any more."), code="revoked")
    if rule.kind is not LinkKind.APPEAL:
        _check_permit(decision, rule, today)
    end = last_day(case, rule)
    if end is not None and today > end:
        raise NotAllowed(
            _("It is too late: the last day was %(day)s. %(instead)s")
            % {"day": date_format(end), "instead": rule.too_late or ""},
            code="late",
        )


def last_day(case: Case, rule: LinkRule) -> date | None:
    """Until when it may be sent. An appeal that would end on a day off ends on the next open day.
    None: there is no such day, or the time has not begun to run."""
    decision = _decision(case)
    if decision is None or rule.kind is LinkKind.ADDITION:
        return None
    if rule.kind is not LinkKind.APPEAL:
        entry = _entry(decision)
        return entry.valid_until if entry else None
    # 行政不服審査法18条: neither day counts on which one came to know, or on which it was decided.
    ends = []
    known = known_on(decision)
    if known is not None and rule.months_after_known is not None:
        ends.append(add_months(known, rule.months_after_known))
    if rule.years_after_decision is not None:
        decided = timezone.localdate(decision.decided_at)
        ends.append(add_months(decided, 12 * rule.years_after_decision))
    return add_working_days(min(ends), 0, clocks.closing_days()) if ends else None


def day_to_tell(case: Case, rule: LinkRule) -> date | None:
    """The last day as a resident may rely on it. Before an appellant knows of the decision only
    the outermost day stands, long after the one by which they have to write; it is not told."""
    decision = _decision(case)
    if rule.kind is LinkKind.APPEAL and decision is not None and known_on(decision) is None:
        return None
    return last_day(case, rule)


def known_on(decision: Decision) -> date | None:
    """The day on which the recipient first opened the letter; None: not yet."""
    opened = decision.letter.opened_at if decision.letter else None
    return timezone.localdate(opened) if opened else None


def _contests_silence(case: Case, rule: LinkRule, today: date) -> bool:
    """An appeal where nothing was decided in time, and that may be treated as a refusal."""
    appeals = rule.kind is LinkKind.APPEAL and Outcome.REFUSED in rule.after
    return appeals and clocks.deemed_refused_on(case, today) is not None


def _reached(case: Case, rule: LinkRule, today: date) -> bool:
    stage = case.stage_now
    if _contests_silence(case, rule, today):
        return True
    if rule.stages and stage.id not in rule.stages:
        return False
    return stage.outcome in rule.after if rule.after else stage.outcome not in _ENDED


def _check_alone(case: Case, rule: LinkRule, links: Sequence[Case]) -> None:
    """The same thing is asked for once at a time, and an appeal is decided once."""
    again = {Outcome.WITHDRAWN} if rule.kind is LinkKind.APPEAL else _ENDED
    for link in links:
        same = link.origin_id == case.pk and link.origin_kind == rule.kind.value
        if rule.kind is LinkKind.ADDITION:
            same = same and link.offering.template_key == rule.service
        replaced = rule.kind is LinkKind.AMENDMENT and link.stage_now.final
        if same and not replaced and link.stage_now.outcome not in again:
            raise NotAllowed(
                _("You have sent this already: receipt number %(number)s.")
                % {"number": link.application.receipt_number},
                code="sent",
            )


def _check_permit(decision: Decision, rule: LinkRule, today: date) -> None:
    entry = _entry(decision)
    if entry is None:
        raise NotAllowed(_("The permit is not issued yet."), code="not_issued")
    if entry.closed_on is not None:
        raise NotAllowed(
            _("Another permit has taken the place of this one. Go on from that one."),
            code="replaced",
        )
    if rule.kind is not LinkKind.RENEWAL or rule.months_before_end is None:
        return
    if entry.valid_until is None:
        raise NotAllowed(_("This permit has no end, so it need not be renewed."), code="endless")
    first = add_months(entry.valid_until, -rule.months_before_end)
    if today < first:
        raise NotAllowed(
            _("It can be renewed from %(first)s until %(last)s.")
            % {"first": date_format(first), "last": date_format(entry.valid_until)},
            code="early",
        )


def _decision(case: Case) -> Decision | None:
    return getattr(case, "decision", None)


def _entry(decision: Decision) -> RegisterEntry | None:
    return getattr(decision, "entry", None)
