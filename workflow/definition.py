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

from pydantic import Field, ValidationError, model_validator

from common.text import Text
from workflow import checks
from workflow.checks import DeclaredCheck, FourEyes
from workflow.data import Strict
from workflow.data import WorkflowError as WorkflowError
from workflow.verbs import DECISIONS
from workflow.verbs import Verb as Verb

#: Who can make a move: staff roles (`identity`), the applicant, the platform itself.
ROLES = frozenset({"caseworker", "lead", "consultee", "finance", "admin", "resident", "system"})


class Ball(StrEnum):
    """Who has to do the next thing."""

    OFFICE = "office"
    RESIDENT = "resident"
    NOBODY = "nobody"


class ClockRuns(StrEnum):
    # It has not begun: something is missing that it starts with (`StartsOn`).
    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"


class StartsOn(StrEnum):
    """What the day is called from which days are counted."""

    RECEIPT = "receipt"
    COMPLETENESS = "completeness"
    FEE = "fee"


class AfterPause(StrEnum):
    """What a pause leaves: the days that were left, or the whole period anew."""

    RESUME = "resume"
    RESTART = "restart"


class AtEnd(StrEnum):
    """What happens when the period is over and nothing was decided.

    Nothing is ever approved by silence: a permit that nobody looked at helps nobody.
    """

    # Whoever has the case on their desk is told; without anybody, the leads.
    WARN = "warn"
    # The leads of the department are told as well.
    ESCALATE = "escalate"
    # As to escalate; and the applicant is told that they may treat it as refused and appeal.
    DEEMED_REFUSAL = "deemed_refusal"


class Outcome(StrEnum):
    APPROVED = "approved"
    REFUSED = "refused"
    ACKNOWLEDGED = "acknowledged"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class DayUnit(StrEnum):
    WORKING = "working_days"
    CALENDAR = "calendar_days"


class Stage(Strict):
    """Where a case can be. `resident` is what the resident reads there.

    `staff_title` is its title at the desk, where `title` speaks to the resident.
    """

    id: str
    title: Text
    # None, and so left out: the digest of workflows without any stays.
    staff_title: Text | None = None
    resident: Text
    ball: Ball = Ball.OFFICE
    clock: ClockRuns = ClockRuns.RUNNING
    final: bool = False
    outcome: Outcome | None = None
    # What the office looks at there. None and not empty: the digest of workflows without any stays.
    checks: tuple[DeclaredCheck, ...] | None = None

    @property
    def for_staff(self) -> Text:
        """What it is called at the desk."""
        return self.staff_title or self.title


class Move(Strict):
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
    # Only for decisions. ``true`` in a declaration: always.
    four_eyes: FourEyes | None = None

    @model_validator(mode="before")
    @classmethod
    def _always(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("four_eyes"), bool):
            return {**data, "four_eyes": {} if data["four_eyes"] else None}
        return data


class Extension(Strict):
    """How much longer it may take when there is a reason: `days` in all, in at most `times`."""

    days: int = Field(ge=1, le=3660)
    times: int = Field(default=1, ge=1, le=10)
    legal_basis: Text | None = None


class Clock(Strict):
    """標準処理期間: how long the office may take. The day on which it starts does not count."""

    days: int = Field(ge=1, le=3660)
    unit: DayUnit
    starts: StartsOn = StartsOn.RECEIPT
    after_pause: AfterPause = AfterPause.RESUME
    at_end: AtEnd = AtEnd.ESCALATE
    # So many days before its end, in its own unit, the caseworker is reminded.
    remind: int = Field(default=1, ge=0, le=365)
    extension: Extension | None = None
    legal_basis: Text | None = None
    # The rule by which an applicant may treat silence as a refusal.
    deemed_basis: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _never_by_silence(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("at_end") == "deemed_approval":
            raise ValueError("at_end: nothing is approved by silence")
        return data

    @model_validator(mode="after")
    def _fits(self) -> Clock:
        if self.remind > self.days:
            raise ValueError("remind: the reminder would come before the period begins")
        if self.at_end is AtEnd.DEEMED_REFUSAL and self.deemed_basis is None:
            raise ValueError("at_end: a deemed refusal needs its deemed_basis")
        return self


class Joining(StrEnum):
    """How many of the required opinions a decision waits for; a number says: at least so many."""

    ALL = "all"
    ANY = "any"


class DeclaredConsultation(Strict):
    """An opinion that is asked for by itself when a case comes to one of `stages`.

    Of a `department` of the town, or of a `body` outside it (police, fire service) by a link of its
    own; the body reads the answers to the questions `sees`, with their files, and nothing else.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    name: Text
    department: str = ""
    body: str = Field(default="", pattern=r"^([a-z][a-z0-9_]{0,39})?$")
    question: Text
    # CEL over the answers; empty: always.
    when: str = ""
    # Whether a decision waits for it (`WorkflowDefinition.joining`).
    required: bool = True
    stages: tuple[str, ...] = Field(min_length=1)
    # Working days to answer, and how many before their end the reminder comes.
    days: int = Field(ge=1, le=365)
    remind: int = Field(default=2, ge=0, le=365)
    sees: tuple[str, ...] = ()
    # Asked anew by itself when a correction changed what its opinion rests on.
    again: bool = False
    legal_basis: Text | None = None


class WorkflowDefinition(Strict):
    """A service's whole workflow. Load it with `load`."""

    initial: str
    clock: Clock
    stages: tuple[Stage, ...]
    moves: tuple[Move, ...]
    consultations: tuple[DeclaredConsultation, ...] = ()
    joining: Joining | int = Joining.ALL

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
        self._check_clock()
        self._check_reopening()
        self._check_consultations()
        self._check_checks()
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
            leaves = any(
                stage.id in move.from_ and move.to and move.verb is not Verb.REOPEN
                for move in self.moves
            )
            if stage.final and leaves:
                raise ValueError(f"stage '{stage.id}' is final but a move leaves it")
            if stage.final and stage.clock is not ClockRuns.STOPPED:
                raise ValueError(f"stage '{stage.id}' is final but its clock does not stop")
            if not stage.final and not leaves:
                raise ValueError(f"stage '{stage.id}' is a dead end: it is not final")
        self._check_ends()

    def _check_ends(self) -> None:
        """Backwards from the final stages: wherever a case is, it can come to an end."""
        ends = {stage.id for stage in self.stages if stage.final}
        if not ends:
            raise ValueError("no stage is final: a case would never end")
        found = ends
        while found:
            found = {
                stage_id
                for move in self.moves
                if move.to in found and move.verb is not Verb.REOPEN
                for stage_id in move.from_
            } - ends
            ends |= found
        for stage in self.stages:
            if stage.id not in ends:
                raise ValueError(f"stage '{stage.id}' leads to no final stage: a case stays there")

    def _check_clock(self) -> None:
        runs = {stage.id: stage.clock for stage in self.stages}
        waits = runs[self.initial] is ClockRuns.WAITING
        if waits is (self.clock.starts is StartsOn.RECEIPT):
            raise ValueError(
                f"clock: it starts on {self.clock.starts.value}, but in the initial stage "
                f"'{self.initial}' it is {runs[self.initial].value}"
            )
        if ClockRuns.RUNNING not in runs.values():
            raise ValueError("clock: it runs in no stage, so it has no end")
        for number, move in enumerate(self.moves, 1):
            place = f"move {number} ({move.verb})"
            for origin in move.from_ if move.to else ():
                before, after = runs[origin], runs[move.to]
                if after is ClockRuns.WAITING and before is not ClockRuns.WAITING:
                    raise ValueError(f"{place}: a clock that has begun cannot wait to begin")
                begins = before is ClockRuns.WAITING and after is ClockRuns.RUNNING
                if begins and self.clock.starts is StartsOn.FEE and move.verb is not Verb.PAY:
                    raise ValueError(f"{place}: the clock starts with the fee, not with this")
        extends = [
            stage_id for move in self.moves if move.verb is Verb.EXTEND for stage_id in move.from_
        ]
        if bool(extends) is (self.clock.extension is None):
            raise ValueError("clock.extension: it needs a move 'extend', and the move needs it")
        for stage_id in extends:
            if runs[stage_id] not in (ClockRuns.RUNNING, ClockRuns.PAUSED):
                raise ValueError(f"stage '{stage_id}' has no running clock to extend")

    def _check_reopening(self) -> None:
        for number, move in enumerate(self.moves, 1):
            if move.verb is not Verb.REOPEN:
                continue
            place = f"move {number} ({move.verb})"
            if set(move.roles) - {"lead", "admin"}:
                raise ValueError(f"{place}: only a lead reopens a case")
            stages = {stage.id: stage for stage in self.stages}
            if not all(stages[stage_id].final for stage_id in move.from_):
                raise ValueError(f"{place}: only a closed case is reopened")
            if any(stages[stage_id].outcome is not Outcome.WITHDRAWN for stage_id in move.from_):
                raise ValueError(f"{place}: what was decided is not undone here, only withdrawals")
            if not move.to or stages[move.to].clock is not ClockRuns.RUNNING:
                raise ValueError(f"{place}: it must lead to a stage where the clock runs")

    def _check_consultations(self) -> None:
        ids = [each.id for each in self.consultations]
        asked = [each.department or each.body for each in self.consultations]
        answerable = {
            stage_id
            for move in self.moves
            if move.verb is Verb.ANSWER_CONSULTATION and "consultee" in move.roles
            for stage_id in move.from_
        }
        for each in self.consultations:
            place = f"consultation '{each.id}'"
            if ids.count(each.id) > 1:
                raise ValueError(f"{place} is declared twice")
            if bool(each.department) is bool(each.body):
                raise ValueError(f"{place} asks a department or a body, exactly one of them")
            if asked.count(each.department or each.body) > 1:
                raise ValueError(f"{place}: its office is asked twice")
            if each.body and not each.sees:
                raise ValueError(f"{place}: sees: say which answers the body may read")
            if each.remind > each.days:
                raise ValueError(f"{place}: remind: the reminder would come before the question")
            for stage_id in each.stages:
                if stage_id not in {stage.id for stage in self.stages}:
                    raise ValueError(f"{place} names stage '{stage_id}', which does not exist")
                if stage_id not in answerable:
                    raise ValueError(f"{place}: nobody can answer it at stage '{stage_id}'")
        required = sum(each.required for each in self.consultations)
        if not isinstance(self.joining, Joining) and not 1 <= self.joining <= required:
            raise ValueError(f"joining: {self.joining} of {required} required opinions")

    def _check_checks(self) -> None:
        leaving = {
            stage.id: {move.verb for move in self.moves if stage.id in move.from_}
            for stage in self.stages
        }
        declared = {stage.id: stage.checks or () for stage in self.stages}
        if found := checks.problem(declared, leaving):
            raise ValueError(found)
        for number, move in enumerate(self.moves, 1):
            if move.four_eyes is not None and move.verb not in DECISIONS:
                raise ValueError(f"move {number} ({move.verb}): four_eyes is for decisions only")

    @cached_property
    def fee_first(self) -> bool:
        """Whether the fee is paid before the office begins, not after the decision."""
        return self.clock.starts is StartsOn.FEE

    @cached_property
    def four_eyes(self) -> bool:
        """Whether any of its decisions may need a second person."""
        return any(move.four_eyes is not None for move in self.moves)

    @cached_property
    def verbs(self) -> frozenset[Verb]:
        """What can ever be done to a case of this workflow."""
        return frozenset(move.verb for move in self.moves)

    def needed(self, asked: int) -> int:
        """How many of `asked` required opinions a decision waits for."""
        if self.joining is Joining.ALL:
            return asked
        return min(asked, 1 if self.joining is Joining.ANY else int(self.joining))

    def consultation(self, consultation_id: str) -> DeclaredConsultation | None:
        """The declaration; None for one that somebody asked for by hand."""
        return next((each for each in self.consultations if each.id == consultation_id), None)

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
