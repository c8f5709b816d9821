"""The page of a rule by which cases are given out: as it is kept, and as it comes back typed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from cases.assigning.actions import Wanted
from cases.assigning.models import AssignmentRule
from cases.assigning.plan import workers_of
from catalogue.models import Offering
from common.errors import InvalidInput
from forms.building.conditions import NotPicked
from forms.building.operands import Operand, operands_at
from forms.building.picking import (
    Condition,
    Posted,
    posted_condition,
    press_comparison,
    source_of,
)
from identity.models import Department, User

#: How its fields are called on the page.
CONDITION = "condition"


@dataclass
class Form:
    """A rule on its page. `offices`: those that the reader leads."""

    offices: Sequence[Department]
    department: Department
    name: str = ""
    offering: Offering | None = None
    condition: Condition = field(default_factory=Condition)
    chosen: set[uuid.UUID] = field(default_factory=set)
    how: str = AssignmentRule.How.IN_TURN

    @classmethod
    def empty(cls, offices: Sequence[Department]) -> Form:
        return cls(offices, offices[0])

    @classmethod
    def of(cls, rule: AssignmentRule, offices: Sequence[Department]) -> Form:
        form = cls(
            offices,
            rule.department,
            rule.name,
            rule.offering,
            chosen={member.person_id for member in rule.members.all()},
            how=rule.how,
        )
        form.condition = Condition.of(rule.condition, form.operands)
        return form

    @property
    def operands(self) -> Mapping[str, Operand]:
        """What a condition may compare: the questions of the service's form."""
        if self.offering is None:
            return {}
        return operands_at(self.offering.form_version.form.as_json(), ())

    @property
    def operand_list(self) -> list[Operand]:
        return list(self.operands.values())

    @property
    def services(self) -> list[Offering]:
        return list(Offering.objects.order_by("slug"))

    @property
    def people(self) -> list[User]:
        """Who works on the cases of the office, by name."""
        there = User.objects.filter(pk__in=workers_of(self.department.pk))
        return list(there.order_by("name", "pk"))

    def read(self, post: Posted) -> None:
        """What was typed instead. What is no choice of the page is left out."""
        key = str(post.get("department") or "")
        self.department = next((one for one in self.offices if one.key == key), self.department)
        self.name = str(post.get("name") or "").replace("\x00", "")[:200]
        slug = str(post.get("service") or "").replace("\x00", "")
        self.offering = Offering.objects.filter(slug=slug).first() if slug else None
        self.how = str(post.get("how") or "")
        self.chosen = {uuid.UUID(text) for text in post.getlist("person") if _is_id(text)}
        self.condition = posted_condition(post, CONDITION, self.operands)

    def press(self, action: str) -> bool:
        """A button that changes the page only. False for the one that keeps the rule."""
        verb, _sign, rest = action.partition(":")
        number = rest.rpartition(":")[2]
        if verb in {"cond-add", "cond-drop"}:
            place = int(number) if number.isascii() and number.isdigit() and len(number) < 4 else 99
            press_comparison(verb, self.condition, place)
        return verb in {"cond-add", "cond-drop", "refresh"}

    def wanted(self) -> Wanted:
        """The rule to keep. Raises `InvalidInput` for a condition that is not complete."""
        try:
            source = source_of(self.condition, self.operands)
        except NotPicked as incomplete:
            if incomplete.term < len(self.condition.rows):
                self.condition.rows[incomplete.term].error = _(
                    "Please choose or write what to compare with."
                )
            raise InvalidInput(
                {CONDITION: [_("The condition is not complete. It was not saved.")]}
            ) from None
        return Wanted(
            self.department, self.name, self.offering, source or "", list(self.chosen), self.how
        )


def _is_id(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
