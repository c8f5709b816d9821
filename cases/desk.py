"""Lists of the desk: which cases somebody may see, the views of the inbox, and their counts.

Every list is read in the order of an index and stops at the end of the page; a count stops at
`MOST_COUNTED`. So a page costs the same with a thousand cases and with a hundred thousand.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.db.models import (
    BooleanField,
    Count,
    Exists,
    ExpressionWrapper,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from cases import absences, search
from cases.models import Case, CaseTag, Consultation, Proposal, Thread
from identity.models import User
from identity.roles import Role, department_ids_of, departments_of

#: Roles that process cases; each counts in its department (or everywhere, without one).
DESK_ROLES = (Role.CASEWORKER, Role.LEAD)

VIEWS = (
    "mine", "unassigned", "open", "waiting", "overdue", "messages", "second", "undelivered",
    "consult", "closed",
)  # fmt: skip

#: Beyond it a tab says "1,000+": nobody works through a list by its exact length.
MOST_COUNTED = 1_000


@dataclass(frozen=True, slots=True)
class InboxFilter:
    """What the inbox shows. `view` is one of `VIEWS`; `offering` is named by its address.

    `who` is the id of whoever has the cases; `department` is named by its key. `due_from` and
    `due_until` are days in ISO form, both included.
    """

    view: str = "open"
    offering: str = ""
    stage: str = ""
    text: str = ""
    tag: str = ""
    who: str = ""
    department: str = ""
    due_from: str = ""
    due_until: str = ""


#: What a list shows. No answers: they are the bulk of the rows.
_LISTED = (
    "offering",
    "workflow_version",
    "department",
    "stage",
    "received_on",
    "due_on",
    "days_left_when_paused",
    "paused_on",
    "closed_at",
    "origin_kind",
    "undelivered_at",
    "lock",
    "application__receipt_number",
    "application__represented_then",
    "application__on_behalf_then",
    "application__without_sign_in",
    "resident__name",
    "assigned_to__name",
)


def listed() -> QuerySet[Case]:
    """Cases with what a list shows of them."""
    return Case.objects.select_related("application", "resident", "assigned_to").only(*_LISTED)


def inbox(user: User, chosen: InboxFilter, words: Q | None = None) -> QuerySet[Case]:
    """Cases of the user's departments, most urgent first (waiting ones last).

    `words`: what `cases.search.found` made of its text, where that is known already.
    """
    cases = _narrowed(listed().filter(in_view(user, chosen.view)), user, chosen, words)
    if chosen.view == "closed":
        return cases.order_by("-closed_at", "pk")
    return cases.order_by("due_on", "received_on", "pk")


def selected(user: User, chosen: InboxFilter) -> QuerySet[Case]:
    """The same cases without what a list shows, in no order."""
    return _narrowed(Case.objects.filter(in_view(user, chosen.view)), user, chosen)


def _narrowed(
    cases: QuerySet[Case], user: User, chosen: InboxFilter, words: Q | None = None
) -> QuerySet[Case]:
    if chosen.offering:
        cases = cases.filter(offering__slug=chosen.offering)
    if chosen.stage:
        cases = cases.filter(stage=chosen.stage)
    if chosen.who:
        cases = cases.filter(assigned_to=UUID(chosen.who))
    if chosen.department:
        cases = cases.filter(department__key=chosen.department)
    if chosen.due_from:
        cases = cases.filter(due_on__gte=date.fromisoformat(chosen.due_from))
    if chosen.due_until:
        cases = cases.filter(due_on__lte=date.fromisoformat(chosen.due_until))
    if chosen.tag:
        cases = cases.filter(at_desk(user), tags__name=chosen.tag)
    if chosen.text:
        return _found_by_words(cases, user, chosen.text, words)
    return cases.filter(readable_by(user))


def _found_by_words(
    cases: QuerySet[Case], user: User, text: str, words: Q | None
) -> QuerySet[Case]:
    """Every word somewhere in a case one works on; an asked office finds by the number only."""
    words = words or search.found(text)
    if words is None:
        return cases.none()
    found = cases.filter(at_desk(user), words)
    if not (is_consulted(user) and departments(user) is not None):
        return found
    asked = cases.filter(consulted_by(user))
    for word in text.split():
        asked = asked.filter(application__receipt_number__icontains=search.normal(word))
    # Two look-ups, each by its own index: an "or" of both would read every case.
    ids = found.order_by().values("pk").union(asked.order_by().values("pk"))
    return cases.filter(pk__in=ids)


# --- Who may see what -----------------------------------------------------------------------------


def departments(user: User) -> frozenset[str] | None:
    """Where the user works cases; None means everywhere."""
    keys: frozenset[str] = frozenset()
    for role in DESK_ROLES:
        held = departments_of(user, role)
        if held is None:
            return None
        keys |= held
    return keys


def worked_by(user: User) -> Q:
    """Rows of the departments where the user is caseworker or lead."""
    keys = departments(user)
    # A role without a department counts everywhere.
    return Q() if keys is None else _one_of("department", department_ids_of(user, keys))


def at_desk(user: User) -> Q:
    """Cases one works on, and those of whom one stands in for."""
    if departments(user) is None:
        return Q()
    stands_in = absences.stood_in_for(user)
    mine = worked_by(user)
    return mine | Q(assigned_to__in=stands_in) if stands_in else mine


def _one_of(field: str, ids: list[UUID]) -> Q:
    # One department is compared with "=", which an index can be read in order for.
    return Q(**{field: ids[0]}) if len(ids) == 1 else Q(**{f"{field}__in": ids})


def is_consulted(user: User) -> bool:
    """Whether the user gives opinions for some office."""
    return departments_of(user, Role.CONSULTEE) != frozenset()


def consulted_by(user: User, **also: Any) -> Q:
    """Cases on which the user's office is or was asked."""
    asked = Consultation.objects.filter(case=OuterRef("pk"), **also)
    keys = departments_of(user, Role.CONSULTEE)
    if keys is not None:
        asked = asked.filter(department__in=department_ids_of(user, keys))
    return Q(Exists(asked))


def readable_by(user: User) -> Q:
    """Cases one works on, those one stands in for, and those on which one's office was asked."""
    if departments(user) is None or not is_consulted(user):
        return at_desk(user)
    return at_desk(user) | consulted_by(user)


def proposed_by_others(user: User) -> QuerySet[Proposal]:
    """Decisions on a case that wait for somebody else than whoever proposed them."""
    waits = Proposal.objects.filter(case=OuterRef("pk"), state=Proposal.State.WAITING)
    return waits.exclude(proposed_by=user)


def in_view(user: User, view: str) -> Q:
    """The cases of a view, before it is asked who may read them."""
    still_open = Q(closed_at__isnull=True)
    if view == "mine":
        return still_open & _one_of("assigned_to", [user.pk, *absences.stood_in_for(user)])
    if view == "unassigned":
        return still_open & Q(assigned_to__isnull=True)
    if view == "overdue":
        return still_open & Q(due_on__lt=timezone.localdate())
    if view == "waiting":
        return still_open & Q(due_on__isnull=True)
    if view == "closed":
        return Q(closed_at__isnull=False)
    if view == "messages":
        # Also of closed cases: they can be written about for a while.
        return Q(Exists(Thread.objects.filter(case=OuterRef("pk"), unread_by_office=True)))
    if view == "second":
        return still_open & Q(Exists(proposed_by_others(user)))
    if view == "undelivered":
        # Closed ones, too: what did not arrive may be the decision. An office that was only asked
        # writes to nobody.
        return at_desk(user) & Q(undelivered_at__isnull=False)
    if view == "consult":
        return still_open & consulted_by(user, answered_at__isnull=True)
    return still_open


def tags_in_use(user: User, names: Collection[str]) -> frozenset[str]:
    """Those of `names` that are on a case one works on. One statement, none without names."""
    if not names:
        return frozenset()
    cases = Case.objects.filter(at_desk(user), pk=OuterRef("case"))
    found = CaseTag.objects.filter(Exists(cases), name__in=names)
    return frozenset(found.order_by().values_list("name", flat=True).distinct())


# --- Counts ---------------------------------------------------------------------------------------


_NONE: Mapping[str, InboxFilter] = MappingProxyType({})


class _CountedTo(Subquery):
    """How many rows a sliced query has."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()


def inbox_counts(user: User, also: Mapping[str, InboxFilter] = _NONE) -> dict[str, int]:
    """How many cases each view holds, the closed ones left out, `MOST_COUNTED` + 1 at most.

    `also`: other lists to count, by any name that is none of a view. One statement in all.
    """
    wanted = {view: InboxFilter(view=view) for view in VIEWS if view != "closed"} | dict(also)
    parts = {
        f"in_{name}": Coalesce(_CountedTo(_counted(selected(user, chosen))), Value(0))
        for name, chosen in wanted.items()
    }
    found = Case.objects.order_by().annotate(**parts).values(*parts)[:1]
    row: dict[str, Any] = next(iter(found), {})
    return {name: int(row.get(f"in_{name}", 0)) for name in wanted}


def elsewhere(
    user: User, chosen: InboxFilter, views: Collection[str], words: Q | None = None
) -> dict[str, int]:
    """In which of `views` something fits that does not in its own, and how much of it.

    One statement, and that of the words where they are not given: the first `MOST_COUNTED` + 1 that
    fit are sorted by view.
    """
    fitting = _narrowed(Case.objects.order_by(), user, chosen, words)
    in_it = {
        f"in_{view}": ExpressionWrapper(in_view(user, view), BooleanField())
        for view in views
        if view != chosen.view
    }
    first = fitting.annotate(**in_it).values("pk", *in_it)[: MOST_COUNTED + 1]
    found = first.aggregate(
        **{f"n_{name}": Count("pk", filter=Q(**{name: True})) for name in in_it}
    )
    return {name.removeprefix("n_in_"): count for name, count in found.items() if count}


def _counted(cases: QuerySet[Case]) -> QuerySet[Any]:
    return cases.order_by().values("pk")[: MOST_COUNTED + 1]


def count(cases: QuerySet[Case]) -> int:
    """How many there are, `MOST_COUNTED` + 1 at most."""
    return int(_counted(cases).count())
