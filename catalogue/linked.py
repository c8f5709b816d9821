"""What may follow a case as a case of its own: a change, a renewal, an addition, an appeal.

Declared as data in the ``service.yaml`` of the earlier case (`ServiceDeclaration.linked`): when it
may be begun, which service takes it and so decides on it, and which answers come along. Checked
with the service, and against the service it names once all are loaded (`check_targets`).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from common.text import Text
from forms.definitions import FormDefinition
from forms.questions import ChoiceQuestion, Question
from workflow.definition import Outcome, WorkflowDefinition

if TYPE_CHECKING:
    from catalogue.template import ServiceTemplate


class LinkKind(StrEnum):
    # 変更許可申請: what was permitted becomes something else.
    AMENDMENT = "amendment"
    # 更新: it goes on after its end.
    RENEWAL = "renewal"
    # One more permit for the same undertaking, decided together with the first where possible.
    ADDITION = "addition"
    # 審査請求: somebody else looks at the decision again.
    APPEAL = "appeal"


class Granted(StrEnum):
    """What a granted appeal does to the decision that was contested."""

    # It is set aside, and the same application is decided anew, by the office that had it.
    ANEW = "anew"
    # The ruling takes its place.
    REPLACES = "replaces"


#: What is known of the earlier case and can be filled in, and the types of question that take it.
FACTS: dict[str, frozenset[str]] = {
    "service": frozenset({"text", "long_text"}),
    "receipt_number": frozenset({"text"}),
    "number": frozenset({"text"}),
    "decided_on": frozenset({"date"}),
    "known_on": frozenset({"date"}),
    "day_after_end": frozenset({"date"}),
}
#: Not carried: what is computed anew, and what somebody declared for another application.
NOT_CARRIED = frozenset({"computed", "declaration"})
_OF_A_PERMIT = frozenset({LinkKind.AMENDMENT, LinkKind.RENEWAL})
_AFTER = {
    LinkKind.AMENDMENT: (Outcome.APPROVED,),
    LinkKind.RENEWAL: (Outcome.APPROVED,),
    LinkKind.APPEAL: (Outcome.APPROVED, Outcome.REFUSED),
}


class LinkRule(BaseModel):
    """One way to go on from a case of the service that declares it."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    kind: LinkKind
    # The key of the service that takes it; empty: the same.
    service: str = ""
    # After which outcomes; empty: an approval, for an appeal a refusal, too. Additions: any stage
    # but a refusal or a withdrawal.
    outcomes: tuple[Outcome, ...] = ()
    # Only in these stages; empty: in all with such an outcome.
    stages: tuple[str, ...] = ()
    # Answers that come along: all to questions of the same id, some, or by name: {new: old}.
    carry: Literal["all"] | tuple[str, ...] | dict[str, str] = ()
    leave_out: tuple[str, ...] = ()
    # Question → one of `FACTS`, and question → a fixed answer.
    fill: dict[str, str] = {}
    set_: dict[str, Any] = Field(default={}, alias="set")
    # A renewal: from so many months before the permit's last day, until that day.
    months_before_end: int | None = Field(default=None, ge=1, le=60)
    # An appeal: so many months, counted from the day after one came to know of the decision, and so
    # many years from the day after it (行政不服審査法18条: 3 and 1).
    months_after_known: int | None = Field(default=None, ge=1, le=24)
    years_after_decision: int | None = Field(default=None, ge=1, le=10)
    granted: Granted | None = None
    legal_basis: Text | None = None
    # Where it goes and who decides, for whoever thinks about it.
    goes_to: Text | None = None
    # What can still be done when the last day is over.
    too_late: Text | None = None

    @model_validator(mode="after")
    def _complete(self) -> LinkRule:
        kind, appeals = self.kind, self.kind is LinkKind.APPEAL
        if self.outcomes and kind in _OF_A_PERMIT and set(self.outcomes) != {Outcome.APPROVED}:
            raise ValueError(f"outcomes: only what was approved has an {kind}")
        if (self.months_before_end is not None) is not (kind is LinkKind.RENEWAL):
            raise ValueError("months_before_end: a renewal has it, nothing else")
        if (self.months_after_known is not None) is not appeals:
            raise ValueError("months_after_known: an appeal has it, nothing else")
        if self.years_after_decision is not None and not appeals:
            raise ValueError("years_after_decision: only an appeal has it")
        if (self.granted is not None) is not appeals:
            raise ValueError("granted: an appeal says what it does, nothing else")
        if appeals and (self.goes_to is None or not self.service):
            raise ValueError("an appeal says by 'goes_to' and 'service' who decides on it")
        if kind is LinkKind.ADDITION and not self.service:
            raise ValueError("service: say which permit is added")
        if kind is not LinkKind.ADDITION and self.too_late is None:
            raise ValueError("too_late: say what can still be done when the last day is over")
        for name, fact in self.fill.items():
            if fact not in FACTS:
                raise ValueError(f"fill.{name}: nothing is known as '{fact}'")
        return self

    @property
    def id(self) -> str:
        """Its name among those of the service, as addresses have it."""
        extra = f"-{self.service}" if self.kind is LinkKind.ADDITION else ""
        return f"{self.kind.value}{extra}"

    @property
    def after(self) -> tuple[Outcome, ...]:
        """The outcomes after which it may be begun; none: it depends on no outcome."""
        return self.outcomes or _AFTER.get(self.kind, ())

    def sources(self, old: FormDefinition, new: FormDefinition) -> dict[str, str]:
        """Question of the new form → question of the old whose answer comes along."""
        before, after = old.questions_by_id, new.questions_by_id
        if self.carry == "all":
            pairs = {name: name for name in before}
        elif isinstance(self.carry, dict):
            pairs = dict(self.carry)
        else:
            pairs = {name: name for name in self.carry}
        dropped = {*self.leave_out, *self.fill, *self.set_}
        return {
            target: source
            for target, source in pairs.items()
            if target not in dropped
            and source in before
            and target in after
            and before[source].type == after[target].type
            and after[target].type not in NOT_CARRIED
        }


def check_own(
    rules: tuple[LinkRule, ...],
    form: FormDefinition,
    workflow: WorkflowDefinition,
    *,
    begins: str,
    ends: str,
) -> None:
    """What the service itself can tell. `begins`, `ends`: questions with the permit's first and
    last day. Raises `ValueError` naming the place."""
    known = form.questions_by_id
    for number, rule in enumerate(rules, 1):
        place = f"linked.{number} ({rule.id})"
        if sum(other.id == rule.id for other in rules) > 1:
            raise ValueError(f"{place}: it is declared twice")
        if rule.kind is LinkKind.RENEWAL and not (begins and ends):
            raise ValueError(f"{place}: the register knows no first and last day to renew from")
        for stage in rule.stages:
            if stage not in workflow.by_id:
                raise ValueError(f"{place}: stages: there is no stage '{stage}'")
        reached = {stage.outcome for stage in workflow.stages}
        for outcome in rule.outcomes:
            if outcome not in reached:
                raise ValueError(f"{place}: outcomes: no stage has the outcome '{outcome}'")
        sources = rule.carry.values() if isinstance(rule.carry, dict) else rule.carry
        for name in () if rule.carry == "all" else sources:
            if name not in known:
                raise ValueError(f"{place}: carry: no question '{name}'")


def check_targets(templates: Mapping[str, ServiceTemplate]) -> None:
    """What only all services together can tell. Raises `ValueError` naming the place."""
    for template in templates.values():
        for number, rule in enumerate(template.service.linked, 1):
            place = f"{template.package}/service.yaml: linked.{number} ({rule.id})"
            target = templates.get(rule.service or template.key)
            if target is None:
                raise ValueError(f"{place}: service: there is no service '{rule.service}'")
            if target.service.only_from_a_case is not (rule.kind is LinkKind.APPEAL):
                raise ValueError(f"{place}: service: '{target.key}' is of the wrong kind for it")
            _check_questions(rule, target, place)


def _check_questions(rule: LinkRule, target: ServiceTemplate, place: str) -> None:
    known = target.form.questions_by_id
    targets = () if rule.carry == "all" else tuple(rule.carry)
    for part, names in (("carry", targets), ("fill", rule.fill), ("set", rule.set_)):
        for name in names:
            if name not in known:
                raise ValueError(f"{place}: {part}: no question '{name}' in '{target.key}'")
    for name, fact in rule.fill.items():
        if known[name].type not in FACTS[fact]:
            raise ValueError(f"{place}: fill: '{name}' cannot say the {fact}")
    for name, value in rule.set_.items():
        if not _can_be(known[name], value):
            raise ValueError(f"{place}: set: {value!r} is no answer to '{name}'")
    entry = target.service.register_entry
    if rule.kind is LinkKind.RENEWAL and not (entry and entry.valid_from):
        raise ValueError(f"{place}: service: '{target.key}' has no first day that follows on")


def _can_be(question: Question, value: Any) -> bool:
    if isinstance(question, ChoiceQuestion):
        return value in [option.value for option in question.choices]
    return isinstance(value, bool) if question.type == "yes_no" else isinstance(value, str)
