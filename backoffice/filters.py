"""What the inbox shows, kept in the address: view, service, stage, days, words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy

from cases.desk import MOST_COUNTED, VIEWS, InboxFilter

#: Longer than any name or receipt number.
LONGEST_SEARCH = 100

VIEW_NAMES = {
    "mine": gettext_lazy("Mine"),
    "unassigned": gettext_lazy("Unassigned"),
    "open": gettext_lazy("All open"),
    "waiting": gettext_lazy("Waiting"),
    "overdue": gettext_lazy("Overdue"),
    "messages": gettext_lazy("Messages to read"),
    "second": gettext_lazy("For my second look"),
    "undelivered": gettext_lazy("Not delivered"),
    "consult": gettext_lazy("Opinions asked"),
    "closed": gettext_lazy("Closed"),
}


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is set; `url` is the list without it."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Tab:
    title: str
    url: str
    current: bool
    count: int | None

    @property
    def counted(self) -> str:
        """The count in figures; "1,000+" where nobody counted on."""
        if self.count is None:
            return ""
        return f"{MOST_COUNTED:,}+" if self.count > MOST_COUNTED else f"{self.count:,}"


def from_address(query: Mapping[str, str], *, consultee_only: bool) -> InboxFilter:
    """The filter of an address; what is not understood is left out."""
    view = query.get("view", "")
    if view not in VIEWS or consultee_only:
        view = "open"
        if consultee_only:
            view = "closed" if query.get("view") == "closed" else "consult"
    return InboxFilter(
        view=view,
        offering=query.get("service", "")[:60],
        stage=query.get("stage", "")[:40],
        # An office that was asked is told nothing of tags, nor asks who has which cases.
        tag="" if consultee_only else query.get("tag", "").replace("\x00", "").strip()[:30],
        who="" if consultee_only else _id(query.get("who", "")),
        department="" if consultee_only else query.get("department", "").replace("\x00", "")[:40],
        due_from=_day(query.get("due_from", "")),
        due_until=_day(query.get("due_until", "")),
        text=query.get("q", "").replace("\x00", "").strip()[:LONGEST_SEARCH],
    )


def case_of(query: Mapping[str, str]) -> UUID | None:
    """The case that the list stands beside; None when the address names none."""
    found = _id(query.get("case", ""))
    return UUID(found) if found else None


def _id(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        return ""


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""


def query_of(chosen: InboxFilter) -> str:
    """The filter as a query string, only with what is set."""
    parts = {
        "view": chosen.view if chosen.view != "open" else "",
        "service": chosen.offering,
        "stage": chosen.stage,
        "who": chosen.who,
        "department": chosen.department,
        "due_from": chosen.due_from,
        "due_until": chosen.due_until,
        "tag": chosen.tag,
        "q": chosen.text,
    }
    return urlencode({name: value for name, value in parts.items() if value})


def address(chosen: InboxFilter) -> str:
    """The inbox with this list. Without any word it opens with what somebody wants first."""
    return f"{reverse('desk:inbox')}?{query_of(chosen) or 'view=open'}"


def views_for(*, consultee_only: bool, consultee: bool, four_eyes: bool) -> tuple[str, ...]:
    """The views that make sense to a reader; `four_eyes`: some service knows a second look."""
    if consultee_only:
        return ("consult", "closed")
    left_out = {"consult": not consultee, "second": not four_eyes}
    return tuple(view for view in VIEWS if not left_out.get(view))


def elsewhere(chosen: InboxFilter, counts: Mapping[str, int]) -> list[Tab]:
    """The views in which something fits, with the same filters."""
    return [
        Tab(str(VIEW_NAMES[view]), address(replace(chosen, view=view)), False, count)
        for view, count in counts.items()
    ]


def tabs(chosen: InboxFilter, counts: Mapping[str, int], shown: Iterable[str]) -> list[Tab]:
    """The views; changing the view keeps the other filters.

    What could not be delivered is a view only while there is something: there mostly is nothing.
    """
    return [
        Tab(
            str(VIEW_NAMES[view]),
            address(replace(chosen, view=view)),
            view == chosen.view,
            counts.get(view),
        )
        for view in shown
        if view != "undelivered" or counts.get(view) or view == chosen.view
    ]
