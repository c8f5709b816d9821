"""What was posted to the export page, read and shown again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.utils.translation import gettext as _

from cases import exports
from cases.exports import Format, Selection
from catalogue.models import Offering
from common.errors import InvalidInput

FIELDS = ("service", "first", "last", "stage", "format", "purpose")
_LONGEST = 1_000


@dataclass(frozen=True, slots=True)
class Stages:
    """The stages of a service, to choose one; the value names the service as well."""

    service: str
    options: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ExportForm:
    """The fields as typed, with what is wrong with them."""

    values: Mapping[str, str] = field(default_factory=lambda: {"format": Format.XLSX.value})
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def error_list(self) -> list[dict[str, str]]:
        return [
            {"message": message, "anchor": f"export-{name}"}
            for name in FIELDS
            for message in self.errors.get(name, ())
        ]


def typed(post: Mapping[str, str]) -> dict[str, str]:
    """The fields as they came, without what no database takes and no longer than they can be."""
    return {name: post.get(name, "").replace("\x00", "")[:_LONGEST] for name in FIELDS}


def stages_of(offerings: Sequence[Offering]) -> list[Stages]:
    return [
        Stages(
            str(offering.title),
            [
                (f"{offering.slug}:{stage.id}", str(stage.for_staff))
                for stage in offering.workflow.stages
            ],
        )
        for offering in offerings
    ]


def read(values: Mapping[str, str], offerings: Sequence[Offering]) -> tuple[Selection, Format, str]:
    """Selection, format and purpose. Raises `InvalidInput` with everything that is wrong."""
    errors: dict[str, list[str]] = {}
    offering = next((one for one in offerings if one.slug == values["service"]), None)
    if offering is None:
        errors["service"] = [_("Choose a service.")]
    days = {}
    for name in ("first", "last"):
        try:
            days[name] = date.fromisoformat(values[name].strip()) if values[name].strip() else None
        except ValueError:
            errors[name] = [_("Write the date as year-month-day, for example 2026-04-01.")]
    service, _sign, stage = values["stage"].partition(":")
    known = {one.id for one in offering.workflow.stages} if offering else set()
    if stage and offering and (service != offering.slug or stage not in known):
        errors["stage"] = [_("This stage belongs to another service.")]
    if values["format"] not in set(Format):
        errors["format"] = [_("Choose a format.")]
    purpose = exports.purpose_of(values["purpose"])
    if not purpose:
        errors["purpose"] = [exports.purpose_is_missing()]
    if errors or offering is None:
        raise InvalidInput(errors)
    chosen = Selection(offering, days["first"], days["last"], stage)
    return chosen, Format(values["format"]), purpose
