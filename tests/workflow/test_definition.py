"""Workflows that cannot work are refused at loading, with the place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import translation

from tests.workflow.samples import definition, sample
from workflow import diagram, moves
from workflow.definition import ClockRuns, WorkflowError, load


def test_sample_loads_and_finds_its_stages() -> None:
    found = definition()
    assert found.stage("correction").clock is ClockRuns.PAUSED
    assert [stage.id for stage in found.stages] == list(found.by_id)


def test_unknown_stage_is_named() -> None:
    with pytest.raises(WorkflowError, match="there is no stage 'archive'"):
        definition().stage("archive")


def test_round_trip_keeps_the_digest() -> None:
    first = definition()
    assert load(first.as_json()).digest == first.digest


def test_another_word_is_another_digest() -> None:
    changed = sample()
    changed["stages"][0]["title"] = "Arrived"
    assert load(changed).digest != definition().digest


def _remove(data: dict[str, Any], verb: str) -> None:
    data["moves"] = [move for move in data["moves"] if move["verb"] != verb]


BROKEN: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "initial stage missing": (
        lambda data: data.update(initial="nowhere"),
        "initial stage 'nowhere' does not exist",
    ),
    "stage twice": (
        lambda data: data["stages"].append(data["stages"][0]),
        "stage 'received' is declared twice",
    ),
    "move from nowhere": (
        lambda data: data["moves"][0].update({"from": ["archive"]}),
        r"move 1 \(claim\) names stage 'archive', which does not exist",
    ),
    "move to nowhere": (
        lambda data: data["moves"][4].update(to="archive"),
        r"move 5 \(approve\) names stage 'archive'",
    ),
    "move without a role": (
        lambda data: data["moves"][1].update(roles=[]),
        r"move 2 \(claim\) names no role",
    ),
    "role that nobody has": (
        lambda data: data["moves"][1].update(roles=["mayor"]),
        r"move 2 \(claim\) names role 'mayor', which nobody has",
    ),
    "move from no stage": (
        lambda data: data["moves"][1].update({"from": []}),
        r"move 2 \(claim\) starts nowhere",
    ),
    "clock without a length": (
        lambda data: data["clock"].pop("days"),
        "clock.days: Field required",
    ),
    "clock that runs nowhere": (
        lambda data: [stage.update(clock="stopped") for stage in data["stages"]],
        "clock: it runs in no stage, so it has no end",
    ),
    "clock that waits for nothing": (
        lambda data: data["stages"][0].update(clock="waiting"),
        "clock: it starts on receipt, but in the initial stage 'received' it is waiting",
    ),
    "clock that waits for completeness and runs at once": (
        lambda data: data["clock"].update(starts="completeness"),
        "clock: it starts on completeness, but in the initial stage 'received' it is running",
    ),
    "clock that waits again": (
        lambda data: (
            data["clock"].update(starts="completeness"),
            data["stages"][0].update(clock="waiting"),
            data["stages"][2].update(clock="waiting"),
        ),
        r"move 3 \(request_correction\): a clock that has begun cannot wait to begin",
    ),
    "clock that starts with the fee, without a fee": (
        lambda data: (
            data["clock"].update(starts="fee"),
            data["stages"][0].update(clock="waiting"),
        ),
        r"move 1 \(claim\): the clock starts with the fee, not with this",
    ),
    "approved by silence": (
        lambda data: data["clock"].update(at_end="deemed_approval"),
        "clock: at_end: nothing is approved by silence",
    ),
    "refused by silence without a law": (
        lambda data: data["clock"].update(at_end="deemed_refusal"),
        "clock: at_end: a deemed refusal needs its deemed_basis",
    ),
    "reminder before the beginning": (
        lambda data: data["clock"].update(remind=7),
        "clock: remind: the reminder would come before the period begins",
    ),
    "extension that nobody can make": (
        lambda data: data["clock"].update(extension={"days": 5}),
        "clock.extension: it needs a move 'extend'",
    ),
    "extension that is not allowed": (
        lambda data: data["moves"].append(
            {"verb": "extend", "from": ["review"], "roles": ["lead"]}
        ),
        "clock.extension: it needs a move 'extend', and the move needs it",
    ),
    "extension of a clock that ended": (
        lambda data: (
            data["clock"].update(extension={"days": 5}),
            data["moves"].append({"verb": "extend", "from": ["granted"], "roles": ["lead"]}),
        ),
        "stage 'granted' has no running clock to extend",
    ),
    "reopening by a caseworker": (
        lambda data: data["moves"].append(
            {"verb": "reopen", "from": ["refused"], "to": "review", "roles": ["caseworker"]}
        ),
        r"move 7 \(reopen\): only a lead reopens a case",
    ),
    "reopening of what is open": (
        lambda data: data["moves"].append(
            {"verb": "reopen", "from": ["review"], "to": "received", "roles": ["lead"]}
        ),
        r"move 7 \(reopen\): only a closed case is reopened",
    ),
    "reopening of what was decided": (
        lambda data: data["moves"].append(
            {"verb": "reopen", "from": ["refused"], "to": "review", "roles": ["lead"]}
        ),
        r"move 7 \(reopen\): what was decided is not undone here",
    ),
    "unreachable stage": (
        lambda data: _remove(data, "refuse"),
        "no move leads to stage 'refused'",
    ),
    "dead end": (
        lambda data: _remove(data, "answer_correction"),
        "stage 'correction' is a dead end",
    ),
    "loop without an end": (
        lambda data: (
            data["stages"].append(
                {"id": "limbo", "title": "Limbo", "resident": "We look at it again."}
            ),
            data["moves"].append(
                {"verb": "extend", "from": ["review"], "to": "limbo", "roles": ["lead"]}
            ),
            data["moves"].append(
                {"verb": "claim", "from": ["limbo"], "to": "limbo", "roles": ["lead"]}
            ),
        ),
        "stage 'limbo' leads to no final stage",
    ),
    "two stages that lead to each other only": (
        lambda data: (
            _remove(data, "approve"),
            _remove(data, "refuse"),
            data.update(stages=[one for one in data["stages"] if not one.get("final")]),
            data["moves"].append({"verb": "approve", "from": ["review"], "roles": ["lead"]}),
        ),
        "no stage is final: a case would never end",
    ),
    "final stage that is left": (
        lambda data: data["moves"].append(
            {"verb": "claim", "from": ["granted"], "to": "review", "roles": ["lead"]}
        ),
        "stage 'granted' is final but a move leaves it",
    ),
    "final stage whose clock runs": (
        lambda data: data["stages"][3].update(clock="running"),
        "stage 'granted' is final but its clock does not stop",
    ),
    "unknown verb": (lambda data: data["moves"][0].update(verb="dance"), r"moves\.0\.verb"),
    "unknown key": (lambda data: data["stages"][1].update(colour="red"), r"stages\.1\.colour"),
    "clock of no days": (lambda data: data["clock"].update(days=0), r"clock\.days"),
    "clock of an unknown unit": (lambda data: data["clock"].update(unit="moons"), r"clock\.unit"),
    "no clock": (lambda data: data.pop("clock"), "clock: Field required"),
    "no stages": (lambda data: data.update(stages=[]), "initial stage"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_workflow_is_refused_with_its_place(name: str) -> None:
    data = sample()
    breaks, message = BROKEN[name]
    breaks(data)
    with pytest.raises(WorkflowError, match=message):
        load(data)


@pytest.mark.parametrize("guard", ["open_consultations ==", "applause > 3", "fee", "fee > 'x'"])
def test_guard_that_cannot_work_is_refused_with_its_move(guard: str) -> None:
    data = sample()
    data["moves"][4]["guard"] = guard
    with pytest.raises(WorkflowError, match=r"move 5 \(approve\): guard: "):
        moves.check_guards(load(data))


def test_a_title_for_staff_is_optional_and_what_has_none_keeps_its_digest() -> None:
    plain = definition()
    assert "staff_title" not in str(plain.as_json())
    assert plain.stage("correction").for_staff == plain.stage("correction").title
    changed = sample()
    changed["stages"][2]["staff_title"] = {"ja": "補正待ち", "en": "With the applicant"}
    found = load(changed)
    assert found.stage("correction").for_staff.in_language("en") == "With the applicant"
    assert found.stage("correction").title == plain.stage("correction").title
    with translation.override("en"):
        assert "With the applicant" in diagram.words(found, "correction")
