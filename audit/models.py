"""The ledger: what happened, and the seals that chain its entries. No foreign keys: rows outlive
whatever they speak of.

The town's role may insert and read entries and read seals (``settings.TOWN_TABLE_PRIVILEGES``).
Seals are written by a trigger of the schema's owner (migration 0002), so the platform itself cannot
write one.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from audit import events


class LedgerEntry(models.Model):
    """One event. Written by `audit.ledger.record` only."""

    class ActorKind(models.TextChoices):
        RESIDENT = "resident"
        STAFF = "staff"
        SYSTEM = "system"
        GUEST = "guest"

    id = models.BigAutoField(primary_key=True)
    # The database's clock: a web process with a wrong one cannot put entries out of order.
    at = models.DateTimeField(db_default=Now(), editable=False)
    event = models.CharField(max_length=80)
    actor_kind = models.CharField(max_length=8, choices=ActorKind.choices)
    actor_id = models.CharField(max_length=64, blank=True)
    actor_name = models.CharField(max_length=200, blank=True)
    # The resident whose data it concerns.
    about = models.UUIDField(null=True)
    object_kind = models.CharField(max_length=60, blank=True)
    object_id = models.CharField(max_length=64, blank=True)
    purpose = models.CharField(max_length=300, blank=True)
    # Ids, field names, stages; never a personal value.
    data = models.JSONField(default=dict)

    class Meta:
        verbose_name_plural = "ledger entries"
        indexes: ClassVar = [
            models.Index(
                fields=["about", "-id"],
                name="audit_entry_about",
                condition=models.Q(about__isnull=False),
            ),
            models.Index(fields=["object_kind", "object_id", "-id"], name="audit_entry_object"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.event}"

    @property
    def wording(self) -> str:
        """What happened, as a sentence in the active language."""
        return events.describe(self)


class LedgerSeal(models.Model):
    """The place of an entry in the chain: ``hash = sha256(prev_hash + canonical entry)``.

    Empty between the two steps of the sealing at commit, never after it.
    """

    entry_id = models.BigIntegerField(primary_key=True)
    seq = models.BigIntegerField(null=True, unique=True)
    sealed_at = models.DateTimeField(null=True)
    prev_hash = models.BinaryField(null=True)
    hash = models.BinaryField(null=True)

    def __str__(self) -> str:
        return f"{self.seq}: {self.entry_id}"


class LedgerHead(models.Model):
    """The end of the chain: one row, locked while a commit seals its entries."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    seq = models.BigIntegerField(default=0)
    hash = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="audit_head_one_row", condition=models.Q(id=1))
        ]

    def __str__(self) -> str:
        return f"{self.seq}"
