"""Bringing cases from one version of a workflow to another: which stage becomes which. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _

from workflow.definition import ClockRuns, Stage, WorkflowDefinition
from workflow.verbs import Verb


def open_stages(definition: WorkflowDefinition) -> tuple[Stage, ...]:
    """The stages where a case is still worked on."""
    return tuple(stage for stage in definition.stages if not stage.final)


def complete(
    old: WorkflowDefinition, new: WorkflowDefinition, wanted: Mapping[str, str]
) -> dict[str, str]:
    """Every open stage of `old` with its stage in `new`: as wanted, else the one of the same id.

    A stage that is neither named nor there stays out, and `problems` says so.
    """
    return {
        stage.id: wanted.get(stage.id) or (stage.id if stage.id in new.by_id else "")
        for stage in open_stages(old)
    }


def problems(
    old: WorkflowDefinition, new: WorkflowDefinition, stages: Mapping[str, str]
) -> dict[str, str]:
    """Why a case could not be at the new stage, by old stage; empty when every one fits."""
    found = {}
    for stage in open_stages(old):
        if why := _problem(old, new, stage, stages.get(stage.id, "")):
            found[stage.id] = why
    return found


def _problem(old: WorkflowDefinition, new: WorkflowDefinition, stage: Stage, to: str) -> str:
    if not to:
        return _("The new version has no stage “%(stage)s”. Say where its cases go.") % {
            "stage": stage.for_staff
        }
    if to not in new.by_id:
        return _("The new version has no stage “%(stage)s”.") % {"stage": to}
    if stage.outcome is None and old.fee_first is not new.fee_first:
        return _("One version takes the fee before the decision, the other after it.")
    there = new.stage(to)
    names = {"before": stage.for_staff, "after": there.for_staff}
    if there.final:
        return _("“%(after)s” is an end: an open case is not closed by this.") % names
    if there.outcome != stage.outcome:
        return (
            _("“%(before)s” and “%(after)s” are not both before, or after, the decision.") % names
        )
    if there.clock is ClockRuns.WAITING and stage.clock is not ClockRuns.WAITING:
        return _("At “%(after)s” the period has not begun, at “%(before)s” it has.") % names
    for verb, words in (
        (Verb.ANSWER_CORRECTION, _("the resident’s correction")),
        (Verb.PAY, _("the payment of the fee")),
    ):
        if _leads_on(old, stage.id, verb) is not _leads_on(new, to, verb):
            said = _("“%(before)s” and “%(after)s” do not both wait for %(what)s.")
            return said % {**names, "what": words}
    return ""


def _leads_on(definition: WorkflowDefinition, stage: str, verb: Verb) -> bool:
    return any(move.verb is verb and stage in move.from_ for move in definition.moves)


def takes_opinions(definition: WorkflowDefinition, stage: str) -> bool:
    """Whether an office that was asked can answer while a case is there."""
    return _leads_on(definition, stage, Verb.ANSWER_CONSULTATION)
