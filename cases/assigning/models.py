"""Rules by which cases come to somebody's desk, as data of the municipality."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalogue.models import Offering
from identity.models import Department, User


class AssignmentRule(models.Model):
    """Cases of a department of this service and with such answers go to one of these people."""

    class How(models.TextChoices):
        IN_TURN = "in_turn", _("in turn")
        FEWEST = "fewest", _("whoever has the fewest open cases")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    department = models.ForeignKey(
        Department, on_delete=models.CASCADE, related_name="assignment_rules"
    )
    name = models.CharField(max_length=60)
    # The first that fits and has somebody free is taken.
    place = models.PositiveIntegerField()
    is_on = models.BooleanField(default=True)
    # None: any.
    offering = models.ForeignKey(Offering, on_delete=models.CASCADE, null=True, related_name="+")
    # CEL over the answers of the service's form; empty: whatever was answered.
    condition = models.TextField(blank=True)
    how = models.CharField(max_length=8, choices=How.choices, default=How.IN_TURN)
    # Who got the last case by it: the next one in turn comes after.
    last = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["place", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["department", "name"], name="assignment_rule_name_once"
            ),
            models.CheckConstraint(
                condition=models.Q(condition="") | models.Q(offering__isnull=False),
                name="assignment_condition_of_a_form",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class RuleMember(models.Model):
    """Somebody whom a rule names."""

    rule = models.ForeignKey(AssignmentRule, on_delete=models.CASCADE, related_name="members")
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rule", "person"], name="rule_member_once")]

    def __str__(self) -> str:
        return f"{self.rule_id} {self.person_id}"


class RuleAssignment(models.Model):
    """That a case came to a desk by a rule; gone when somebody hands it over by hand."""

    case = models.OneToOneField(
        "cases.Case", on_delete=models.CASCADE, primary_key=True, related_name="by_rule"
    )
    rule = models.ForeignKey(AssignmentRule, on_delete=models.SET_NULL, null=True, related_name="+")
    # As it was called then.
    name = models.CharField(max_length=60)
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return str(self.case_id)
