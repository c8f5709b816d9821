"""A workflow as data: stages, moves and the statutory clock of one service.

The definition is checked when it is loaded: a stage nobody reaches, a stage without a way out, a
move without a role and a clock without a length are refused with their place.
"""

from __future__ import annotations

import hashlib
import json
from enum import StrEnum
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from common.text import Text

#: Who can make a move: staff roles (`identity`), the applicant, the platform itself.
ROLES = frozenset({"caseworker", "lead", "consultee", "finance", "admin", "resident", "system"})


class WorkflowError(ValueError):
    """A workflow that cannot work; the message names the place."""


class Verb(StrEnum):
    """What the case engine can do. A move says which verb takes a case from stage to stage."""

    CLAIM = "claim"
    REQUEST_CONSULTATION = "request_consultation"
    ANSWER_CONSULTATION = "answer_consultation"
    REQUEST_CORRECTION = "request_correction"
    ANSWER_CORRECTION = "answer_correction"
    APPROVE = "approve"
    REFUSE = "refuse"
    # A notification (届出) is not decided: the office notes that it is complete (受理).
    ACKNOWLEDGE = "acknowledge"
    WITHDRAW = "withdraw"
    PAY = "pay"
    # Nobody paid in time: what was approved is not issued (失効).
    LAPSE = "lapse"


class Ball(StrEnum):
    """Who has to do the next thing."""

    OFFICE = "office"
    RESIDENT = "resident"
    NOBODY = "nobody"


class ClockRuns(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"


class Outcome(StrEnum):
    APPROVED = "approved"
    REFUSED = "refused"
    ACKNOWLEDGED = "acknowledged"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class DayUnit(StrEnum):
    WORKING = "working_days"
    CALENDAR = "calendar_days"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Stage(_Strict):
    """Where a case can be. `resident` is what the resident reads there."""

    id: str
    title: Text
    resident: Text
    ball: Ball = Ball.OFFICE
    clock: ClockRuns = ClockRuns.RUNNING
    final: bool = False
    outcome: Outcome | None = None


class Move(_Strict):
    """`verb` takes a case from one of `from_` to `to`; `to` empty means it stays."""

    verb: Verb
    from_: tuple[str, ...] = Field(alias="from")
    to: str = ""
    # Of `ROLES`.
    roles: tuple[str, ...]
    # CEL over the facts of the case, e.g. `open_consultations == 0`.
    guard: str = ""
    # Shown beside the disabled button when the guard says no.
    otherwise: Text | None = None


class Clock(_Strict):
    """標準処理期間: how long the office may take. Days are counted from the day after receipt."""

    days: int = Field(ge=1, le=3660)
    unit: DayUnit
    legal_basis: Text | None = None


class WorkflowDefinition(_Strict):
    """A service's whole workflow. Load it with `load`."""

    initial: str
    clock: Clock
    stages: tuple[Stage, ...]
    moves: tuple[Move, ...]

    @model_validator(mode="after")
    def _can_work(self) -> WorkflowDefinition:
        ids = [stage.id for stage in self.stages]
        for stage_id in ids:
            if ids.count(stage_id) > 1:
                raise ValueError(f"stage '{stage_id}' is declared twice")
        if self.initial not in ids:
            raise ValueError(f"initial stage '{self.initial}' does not exist")
        for number, move in enumerate(self.moves, 1):
            place = f"move {number} ({move.verb})"
            if not move.roles:
                raise ValueError(f"{place} names no role")
            if unknown := sorted(set(move.roles) - ROLES):
                raise ValueError(f"{place} names role '{unknown[0]}', which nobody has")
            if not move.from_:
                raise ValueError(f"{place} starts nowhere")
            for stage_id in (*move.from_, *([move.to] if move.to else [])):
                if stage_id not in ids:
                    raise ValueError(f"{place} names stage '{stage_id}', which does not exist")
        self._check_paths()
        return self

    def _check_paths(self) -> None:
        reached, queue = {self.initial}, [self.initial]
        while queue:
            current = queue.pop()
            for move in self.moves:
                if current in move.from_ and move.to and move.to not in reached:
                    reached.add(move.to)
                    queue.append(move.to)
        for stage in self.stages:
            if stage.id not in reached:
                raise ValueError(f"no move leads to stage '{stage.id}'")
            leaves = any(stage.id in move.from_ and move.to for move in self.moves)
            if stage.final and leaves:
                raise ValueError(f"stage '{stage.id}' is final but a move leaves it")
            if stage.final and stage.clock is not ClockRuns.STOPPED:
                raise ValueError(f"stage '{stage.id}' is final but its clock does not stop")
            if not stage.final and not leaves:
                raise ValueError(f"stage '{stage.id}' is a dead end: it is not final")

    @cached_property
    def verbs(self) -> frozenset[Verb]:
        """What can ever be done to a case of this workflow."""
        return frozenset(move.verb for move in self.moves)

    @cached_property
    def by_id(self) -> dict[str, Stage]:
        return {stage.id: stage for stage in self.stages}

    def stage(self, stage_id: str) -> Stage:
        """Raises `WorkflowError` when there is none."""
        try:
            return self.by_id[stage_id]
        except KeyError:
            raise WorkflowError(f"there is no stage '{stage_id}'") from None

    def as_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    @cached_property
    def digest(self) -> str:
        canonical = json.dumps(self.as_json(), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


def load(data: dict[str, Any]) -> WorkflowDefinition:
    """Check and build. Raises `WorkflowError` naming the place."""
    try:
        return WorkflowDefinition.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        raise WorkflowError(f"{place}: {message}" if place else message) from None
