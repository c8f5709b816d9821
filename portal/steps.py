"""The list of steps beside a form, with the check page as its last step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from forms.models import Draft
from forms.pages import StepLink

CHECK = "check"


@dataclass(frozen=True, slots=True)
class Place:
    """One line of ``components/steps.html``."""

    number: int
    title: str
    state: str
    url: str


@dataclass(frozen=True, slots=True)
class Steps:
    """Where the resident stands: ``Step 2 of 5``."""

    places: list[Place]
    number: int

    @property
    def total(self) -> int:
        return len(self.places)


def steps_of(draft: Draft, links: Iterable[StepLink], current: str) -> Steps:
    """`current` is a step's id or `CHECK`. A step that was begun can be opened again."""
    places, number, all_done = [], 0, True
    for link in links:
        reached = link.state in {"done", "started"}
        now = link.id == current
        all_done = all_done and (link.state == "done" or now)
        url = reverse("portal:step", args=[draft.pk, link.id]) if reached and not now else ""
        state = "now" if now else "done" if link.state == "done" else "todo"
        places.append(Place(link.number, link.title, state, url))
        number = link.number if now else number
    last = len(places) + 1
    at_check = current == CHECK
    url = reverse("portal:check", args=[draft.pk]) if all_done and not at_check else ""
    places.append(Place(last, _("Check and send"), "now" if at_check else "todo", url))
    return Steps(places, last if at_check else number)
