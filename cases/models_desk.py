"""Rows of the desk itself: what staff find, note, share and do to many cases at once.

Nothing here is part of what the resident sent or is told; all that hangs on a case goes with it.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils import timezone

from identity.models import Department, User


class SearchRow(models.Model):
    """A case as words and bigrams (`cases.search`). Written by `cases.search` only.

    It holds personal data: it is deleted with the case, and found only through `cases.desk`.
    """

    case = models.OneToOneField(
        "cases.Case", on_delete=models.CASCADE, primary_key=True, related_name="search_row"
    )
    # The words in one spelling, to tell a word from its pairs in another order.
    plain = models.TextField()
    grams = ArrayField(models.TextField())
    # What it holds: `cases.search.EDITION` when it was written.
    edition = models.PositiveSmallIntegerField(default=1, db_default=1)

    class Meta:
        indexes = [
            GinIndex(fields=["grams"], name="case_search_grams"),
            models.Index(
                fields=["case"], name="case_search_behind", condition=models.Q(edition__lt=2)
            ),
        ]

    def __str__(self) -> str:
        return str(self.case_id)


class Absence(models.Model):
    """Somebody is away from `first` to `last`, both days included; `substitute` has their cases."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    absent = models.ForeignKey(User, on_delete=models.CASCADE, related_name="absences")
    substitute = models.ForeignKey(User, on_delete=models.CASCADE, related_name="stands_in")
    first = models.DateField()
    last = models.DateField()
    entered_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["first", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(last__gte=models.F("first")), name="absence_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=~models.Q(absent=models.F("substitute")), name="absence_by_somebody_else"
            ),
        ]
        indexes = [models.Index(fields=["substitute", "last"], name="absence_of_substitute")]

    def __str__(self) -> str:
        return f"{self.absent_id} {self.first} {self.last}"


class Note(models.Model):
    """What staff wrote down about a case, for colleagues. Never changed."""

    case = models.ForeignKey("cases.Case", on_delete=models.CASCADE, related_name="notes")
    text = models.TextField()
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["written_at", "id"]
        indexes = [models.Index(fields=["case", "written_at"], name="note_of_case")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.written_at}"


class CaseTag(models.Model):
    """A word on a case, by which lists are narrowed."""

    case = models.ForeignKey("cases.Case", on_delete=models.CASCADE, related_name="tags")
    name = models.CharField(max_length=30)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["case", "name"], name="tag_once")]
        indexes = [models.Index(fields=["name", "case"], name="tag_by_name")]

    def __str__(self) -> str:
        return self.name


class Interest(models.Model):
    """Somebody said that they are too close to a case to decide it (除斥・回避)."""

    case = models.ForeignKey("cases.Case", on_delete=models.CASCADE, related_name="interests")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500)
    declared_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "person"], name="interest_once"),
            models.CheckConstraint(condition=~models.Q(reason=""), name="interest_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.person_id}"


class BulkRun(models.Model):
    """One thing that somebody does to many cases (`cases.bulk`), from the choice to the result."""

    class State(models.TextChoices):
        # Cases are chosen; what to do is not, or may still be changed.
        CHOSEN = "chosen"
        PREVIEWED = "previewed"
        RUNNING = "running"
        DONE = "done"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="bulk_runs")
    state = models.CharField(max_length=10, choices=State.choices, default=State.CHOSEN)
    verb = models.CharField(max_length=20, blank=True)
    # What the verb needs besides, such as the reason of a refusal.
    options: models.Field[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    # The list they were chosen from, to go back to.
    query = models.CharField(max_length=600, blank=True)
    chosen_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["by", "-chosen_at"], name="bulk_of_person")]

    def __str__(self) -> str:
        return f"{self.verb or '?'} {self.state}"


class BulkItem(models.Model):
    """A case of a bulk run and what became of it."""

    class State(models.TextChoices):
        WAITING = "waiting"
        DONE = "done"
        REFUSED = "refused"

    run = models.ForeignKey(BulkRun, on_delete=models.CASCADE, related_name="items")
    case = models.ForeignKey("cases.Case", on_delete=models.CASCADE, related_name="+")
    place = models.PositiveIntegerField()
    # Of the case, when it was looked at for the preview: what changed since is not touched.
    lock = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    # Why not, or to whom, in the words and the language of whoever runs it.
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["place"]
        constraints = [
            models.UniqueConstraint(fields=["run", "case"], name="bulk_case_once"),
            models.UniqueConstraint(fields=["run", "place"], name="bulk_place_once"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.place} {self.state}"


class SavedFilter(models.Model):
    """A list of the inbox that somebody keeps under a name: their own, or one of an office."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=60)
    # None: shared, with the department, or without one with everybody who works on cases.
    owner = models.ForeignKey(
        User, on_delete=models.CASCADE, null=True, related_name="saved_filters"
    )
    department = models.ForeignKey(
        Department, on_delete=models.CASCADE, null=True, related_name="+"
    )
    # What is set of `cases.desk.InboxFilter`, by name.
    chosen: models.Field[dict[str, str], dict[str, str]] = models.JSONField()
    saved_at = models.DateTimeField(default=timezone.now)

    # Whether the inbox opens with it, for the reader of `cases.saved.visible_to`.
    is_first: bool

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(owner__isnull=True) | models.Q(department__isnull=True),
                name="saved_filter_of_one",
            ),
            models.UniqueConstraint(
                fields=["owner", "name"],
                condition=models.Q(owner__isnull=False),
                name="saved_filter_name_own",
            ),
            models.UniqueConstraint(
                fields=["department", "name"],
                condition=models.Q(owner__isnull=True),
                nulls_distinct=False,
                name="saved_filter_name_shared",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class FirstFilter(models.Model):
    """What the inbox opens with for somebody."""

    person = models.OneToOneField(
        User, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    filter = models.ForeignKey(SavedFilter, on_delete=models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return str(self.filter_id)
