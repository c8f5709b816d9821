"""Filters in words, and what of them does not exist any more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from backoffice.filters import VIEW_NAMES, Chip, address
from cases import desk, people
from cases.desk import InboxFilter
from catalogue.models import Offering
from identity.models import User


@dataclass(frozen=True, slots=True)
class Names:
    """How services, stages and people are called; `tags` are those that are on some case.

    `stages`: by the address of a service; `departments`: those of the reader by key, none for
    whoever works in one; `four_eyes`: whether some service wants second looks.
    """

    services: Mapping[str, str]
    stages: Mapping[str, Mapping[str, str]]
    people: Mapping[str, str]
    tags: frozenset[str]
    four_eyes: bool
    departments: Mapping[str, str]

    def stages_of(self, service: str) -> dict[str, str]:
        """The stages of a service, or of all."""
        if service in self.stages:
            return dict(self.stages[service])
        return {name: title for found in self.stages.values() for name, title in found.items()}

    def without_gone(self, chosen: InboxFilter) -> tuple[InboxFilter, list[str]]:
        """The filter as far as it means something, and in words what does not any more."""
        gone = []
        if chosen.offering and chosen.offering not in self.services:
            gone.append(_("The service “%(name)s” does not exist.") % {"name": chosen.offering})
            chosen = replace(chosen, offering="")
        if chosen.stage and chosen.stage not in self.stages_of(chosen.offering):
            gone.append(_("The stage “%(name)s” does not exist.") % {"name": chosen.stage})
            chosen = replace(chosen, stage="")
        if chosen.who and chosen.who not in self.people:
            gone.append(_("The person does not work here any more and has no cases."))
            chosen = replace(chosen, who="")
        if chosen.department and chosen.department not in self.departments:
            gone.append(_("There is no such department among yours."))
            chosen = replace(chosen, department="")
        if chosen.tag and chosen.tag not in self.tags:
            gone.append(_("No case has the tag “%(name)s” any more.") % {"name": chosen.tag})
            chosen = replace(chosen, tag="")
        return chosen, gone

    def chips(self, chosen: InboxFilter) -> list[Chip]:
        """One chip for each filter that is set."""
        stages = self.stages_of(chosen.offering)
        service = self.services.get(chosen.offering, chosen.offering)
        stage = stages.get(chosen.stage, chosen.stage)
        found = [
            (chosen.offering, "offering", _("Service: %(name)s") % {"name": service}),
            (chosen.stage, "stage", _("Stage: %(name)s") % {"name": stage}),
            (chosen.who, "who", _("Has it: %(name)s") % {"name": self.people.get(chosen.who, "")}),
            (
                chosen.department,
                "department",
                _("Department: %(name)s")
                % {"name": self.departments.get(chosen.department, chosen.department)},
            ),
            (chosen.due_from, "due_from", _("Due from: %(day)s") % {"day": chosen.due_from}),
            (chosen.due_until, "due_until", _("Due until: %(day)s") % {"day": chosen.due_until}),
            (chosen.tag, "tag", _("Tag: %(name)s") % {"name": chosen.tag}),
            (chosen.text, "text", _("Search: “%(text)s”") % {"text": chosen.text}),
        ]
        return [
            Chip(words, address(replace(chosen, **{part: ""})))
            for value, part, words in found
            if value
        ]

    def words(self, chosen: InboxFilter) -> str:
        """The whole filter in one line."""
        return " · ".join([str(VIEW_NAMES[chosen.view]), *(c.name for c in self.chips(chosen))])


def names_for(reader: User, wanted: Iterable[InboxFilter], *, with_people: bool) -> Names:
    """What is needed to name these filters: two statements, one more where a tag is among them,
    and one for whoever works in several departments."""
    wanted = list(wanted)
    offerings = list(Offering.objects.only("slug", "title", "workflow_version_id"))
    ids = {one.who for one in wanted if one.who}
    return Names(
        {offering.slug: str(offering.title) for offering in offerings},
        {
            offering.slug: {stage.id: str(stage.for_staff) for stage in offering.workflow.stages}
            for offering in offerings
        },
        people.with_cases_of(reader, ids) if with_people else {},
        desk.tags_in_use(reader, {one.tag for one in wanted if one.tag}),
        any(offering.workflow.four_eyes for offering in offerings),
        people.departments_of(reader) if with_people else {},
    )
