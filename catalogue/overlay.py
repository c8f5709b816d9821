"""What a municipality has made of a service template: its named local edits.

Office, processing days, fees, consultations and sign-in; the form, letters and pages have editors
of their own. Each part is empty where the template's word counts, and that is looked up anew each
time: so a newer template needs no merging, and what does not fit it any more is named
(`catalogue.overlay_checks`). Cases keep what they began with: their office, their version of the
workflow and the terms of their fee (`fee_terms`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from catalogue import sign_in
from catalogue.fees import FeeSchedule
from catalogue.template import Assurance, ServiceTemplate, SignIn
from common.text import Text
from workflow import definition as workflow_definition
from workflow.definition import Clock, DayUnit, DeclaredConsultation, WorkflowDefinition
from workflow.verbs import Verb

if TYPE_CHECKING:
    from catalogue.models import Offering

#: In the order in which people read them.
PARTS = ("department", "clock", "fees", "consultations", "sign_in")


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class OwnClock(_Strict):
    """標準処理期間, as the municipality has set it."""

    days: int
    unit: DayUnit


class OwnFees(_Strict):
    """Its own amounts in yen by the names of the template's rates, or nothing to pay at all.

    `explanation` and `legal_basis` are what residents read instead of the template's.
    """

    rates: dict[str, int] = Field(default_factory=dict)
    free: bool = False
    explanation: Text = Text({})
    legal_basis: Text = Text({})


class OwnCosign(_Strict):
    count: int = Field(ge=1, le=10)
    by: Text


class OwnSignIn(_Strict):
    """Only what is stricter than the template (`catalogue.sign_in.as_settings`)."""

    sign_in: SignIn | None = None
    assurance: Assurance | None = None
    cosign: OwnCosign | None = None

    def as_kept(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude_none=True)


class Overlay(_Strict):
    """The local edits of one offering. `department` is a key, never empty in an offering."""

    department: str = ""
    clock: OwnClock | None = None
    fees: OwnFees = OwnFees()
    consultations: tuple[DeclaredConsultation, ...] = ()
    sign_in: OwnSignIn = OwnSignIn()

    def part(self, name: str) -> Any:
        """One of `PARTS` as JSON: empty where the template's word counts."""
        return self.as_json().get(name)

    def as_json(self) -> dict[str, Any]:
        """Without what is empty."""
        found = self.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
        return {name: found[name] for name in PARTS if found.get(name)}


def of(offering: Offering) -> Overlay:
    """The overlay in force."""
    return from_settings(offering.settings, offering.department.key)


def from_settings(kept: Mapping[str, Any], department: str) -> Overlay:
    """What an offering's settings keep, and the office of its column."""
    own = {"rates": kept.get("rates", {}), **kept.get("fees", {})}
    return Overlay.model_validate(
        {
            "department": department,
            "clock": kept.get("clock"),
            "fees": own,
            "consultations": kept.get("consultations", []),
            "sign_in": {name: kept[name] for name in sign_in.SETTINGS if name in kept},
        }
    )


def as_settings(overlay: Overlay) -> dict[str, Any]:
    """What the offering's settings keep of it; the office has a column of its own."""
    found = overlay.as_json()
    fees = found.get("fees", {})
    rates = fees.pop("rates", {})
    kept = {"clock": found.get("clock"), "fees": fees, **found.get("sign_in", {})}
    kept["consultations"] = found.get("consultations")
    return {"rates": rates} | {name: value for name, value in kept.items() if value}


#: The keys of an offering's settings that are an overlay's.
SETTINGS = frozenset({"rates", "clock", "fees", "consultations"}) | sign_in.SETTINGS


def fees_of(template: ServiceTemplate, own: OwnFees) -> FeeSchedule:
    """The template's schedule with the municipality's amounts and words."""
    theirs = template.fees
    changes: dict[str, Any] = {
        "rates": {name: own.rates.get(name, yen) for name, yen in theirs.rates.items()}
    }
    if own.explanation:
        changes["explanation"] = own.explanation
    if own.legal_basis:
        changes["legal_basis"] = own.legal_basis
    if own.free:
        changes |= {"items": (), "waiver_question": "", "total": None}
    return theirs.model_copy(update=changes)


def fee_terms(schedule: FeeSchedule) -> dict[str, Any]:
    """What an application keeps, so that its fee can be worked out again as it was."""
    return {"rates": dict(schedule.rates), "free": not schedule.items}


def fees_by_terms(template: ServiceTemplate, terms: Mapping[str, Any]) -> FeeSchedule:
    """The schedule as it was for an application with these terms."""
    return fees_of(template, OwnFees.model_validate(terms))


def workflow_of(template: ServiceTemplate, overlay: Overlay) -> WorkflowDefinition:
    """The template's workflow with the municipality's days and consultations.

    Raises `WorkflowError` when they do not fit.
    """
    if overlay.clock is None and not overlay.consultations:
        return template.workflow
    data = template.workflow.as_json()
    if overlay.clock is not None:
        own = overlay.clock
        remind = min(template.workflow.clock.remind, own.days)
        data["clock"] |= {"days": own.days, "unit": own.unit.value, "remind": remind}
    added = [each.model_dump(mode="json", exclude_none=True) for each in overlay.consultations]
    data["consultations"] = [*data.get("consultations", []), *added]
    return workflow_definition.load(data)


def answerable(workflow: WorkflowDefinition) -> list[str]:
    """The stages at which somebody who is consulted can answer, in order."""
    found = {
        stage
        for move in workflow.moves
        if move.verb is Verb.ANSWER_CONSULTATION and "consultee" in move.roles
        for stage in move.from_
    }
    return [stage.id for stage in workflow.stages if stage.id in found]


def decisions_wait(workflow: WorkflowDefinition) -> bool:
    """Whether anything in it waits for opinions at all."""
    return any("open_consultations" in move.guard for move in workflow.moves)


def clock_of(template: ServiceTemplate, overlay: Overlay) -> Clock | OwnClock:
    """What is in force: both have days and a unit."""
    return overlay.clock or template.workflow.clock
