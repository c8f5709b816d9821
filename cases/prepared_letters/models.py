"""The letters that the town posted, and lists of them that wait to be taken."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.utils import timezone, translation

from forms import display
from identity.models import User

#: Digits of an account that its owner recognises it by.
SHOWN_DIGITS = 3


class PreparedLetter(models.Model):
    """One line of the town's list: a letter that was posted, and who answered it when."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    offering = models.ForeignKey("catalogue.Offering", models.PROTECT, related_name="+")
    # As the town printed it, and as it is compared (`matching.key_of`).
    number = models.CharField(max_length=40)
    key = models.CharField(max_length=40)
    name = models.CharField(max_length=100)
    name_kana = models.CharField(max_length=100, blank=True)
    birth_date = models.DateField()
    # The parts of `forms.parts.COMPOSITES`; of an account also the names of bank and branch.
    address: models.Field[dict[str, str], dict[str, str]] = models.JSONField()
    account: models.Field[dict[str, str], dict[str, str]] = models.JSONField(default=dict)
    amount = models.PositiveIntegerField(null=True)
    last_day = models.DateField()
    taken_at = models.DateTimeField(default=timezone.now)
    # The town does not hold to it any more.
    withdrawn_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    # What was answered; an answered letter goes with its case.
    case = models.OneToOneField("cases.Case", models.CASCADE, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["offering", "key"], name="prepared_letter_number"),
            models.CheckConstraint(
                condition=models.Q(case__isnull=True, answered_at__isnull=True)
                | models.Q(case__isnull=False, answered_at__isnull=False),
                name="prepared_letter_answered",
            ),
        ]
        indexes = [models.Index(fields=["offering", "birth_date"], name="prepared_letter_born")]

    def __str__(self) -> str:
        return self.number

    @property
    def is_over(self) -> bool:
        """Whether its last day has passed."""
        return self.last_day < timezone.localdate()

    def value_of(self, column: str) -> Any:
        """A column of `catalogue.prepared_letters.FILLING` as an answer; None: not in the list."""
        value = getattr(self, column)
        return value.isoformat() if column == "birth_date" else value or None

    @property
    def account_masked(self) -> str:
        """The account as it may be shown to whoever has the letter."""
        return self._account_line("•" * 4 + self.account.get("number", "")[-SHOWN_DIGITS:])

    @property
    def told(self) -> list[Any]:
        """What whoever has the letter is shown beside the answers, the same in each language."""
        with translation.override("ja"):
            account = self.account_masked
        return [str(self.pk), self.amount, self.last_day.isoformat(), account]

    @property
    def account_whole(self) -> str:
        """The account for whoever pays, with its holder."""
        line = self._account_line(self.account.get("number", ""))
        return f"{line} {self.account['holder']}" if line else ""

    def _account_line(self, number: str) -> str:
        account = self.account
        if not account:
            return ""
        return " ".join(
            (
                account.get("bankName") or account["bankCode"],
                account.get("branchName") or account["branchCode"],
                display.account_type_text(account["accountType"]),
                number,
            )
        )


class PreparedList(models.Model):
    """A list that was uploaded. Until it is taken it holds its lines, for a day at most; then who
    took it and how much was in it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    offering = models.ForeignKey("catalogue.Offering", models.PROTECT, related_name="+")
    filename = models.CharField(max_length=200)
    # As `reading.Line`.
    lines: models.Field[list[dict[str, Any]], list[dict[str, Any]]] = models.JSONField()
    uploaded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(default=timezone.now)
    taken_at = models.DateTimeField(null=True)
    new = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-uploaded_at"]

    def __str__(self) -> str:
        return self.filename
