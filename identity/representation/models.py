"""A representation, as its owner declared it and as the staff found it."""

from __future__ import annotations

import re
import uuid
from datetime import date
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from identity.representation.record import Represented
from tenants.files import PrivateStorage

_EXTENSIONS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}


def document_path(representation: Any, filename: str) -> str:
    """Where a power of attorney is kept: nothing of the owner's own file name."""
    name = uuid.uuid4().hex
    extension = _EXTENSIONS.get(representation.document_type, "bin")
    return f"representations/{name[:2]}/{name}.{extension}"


class Representation(models.Model):
    """`owner` may act for somebody. Never edited: it is revoked, and another one declared."""

    class Kind(models.TextChoices):
        GUARDIAN = "guardian", _("Guardian of a child")
        ATTORNEY = "attorney", _("Holder of a power of attorney")
        ORGANISATION = "organisation", _("Acting for an organisation")
        COUNTER = "counter", _("Helper at the counter")

    class Basis(models.TextChoices):
        FAMILY_REGISTER = "family_register", _("Family register")
        GUARDIAN_BY_COURT = "guardian_by_court", _("Decision of a court")
        POWER_OF_ATTORNEY = "power_of_attorney", _("Power of attorney")
        ADULT_GUARDIAN = "adult_guardian", _("Certificate of adult guardianship")
        REPRESENTATIVE = "representative", _("Representative in the commercial register")
        AUTHORISATION = "authorisation", _("Authorisation by the organisation")
        # At the counter: the paper by which the person was recognised.
        MY_NUMBER_CARD = "my_number_card", _("My Number card")
        DRIVING_LICENCE = "driving_licence", _("Driving licence")
        PASSPORT = "passport", _("Passport")
        RESIDENCE_CARD = "residence_card", _("Residence card")
        DISABILITY_CERTIFICATE = "disability_certificate", _("Disability certificate")
        OTHER_PAPERS = "other_papers", _("Two other papers with the name")

    class State(models.TextChoices):
        CLAIMED = "claimed", _("Declared, checked with each application")
        CONFIRMED = "confirmed", _("Confirmed by the office")
        REVOKED = "revoked", _("Revoked")
        # Never stored: it follows from the dates.
        EXPIRED = "expired", _("Expired")

    class EndedBy(models.TextChoices):
        OWNER = "owner", _("Ended by whoever acted")
        REPRESENTED = "represented", _("Ended by the represented person")

    #: What each kind can rest on; of those in `NEEDS_DOCUMENT` a paper must be attached.
    BASES: ClassVar[dict[str, tuple[str, ...]]] = {
        Kind.GUARDIAN: (Basis.FAMILY_REGISTER, Basis.GUARDIAN_BY_COURT),
        Kind.ATTORNEY: (Basis.POWER_OF_ATTORNEY, Basis.ADULT_GUARDIAN),
        Kind.ORGANISATION: (Basis.REPRESENTATIVE, Basis.AUTHORISATION),
        Kind.COUNTER: (
            Basis.MY_NUMBER_CARD,
            Basis.DRIVING_LICENCE,
            Basis.PASSPORT,
            Basis.RESIDENCE_CARD,
            Basis.DISABILITY_CERTIFICATE,
            Basis.OTHER_PAPERS,
        ),
    }
    NEEDS_DOCUMENT: ClassVar[frozenset[str]] = frozenset(
        {Basis.GUARDIAN_BY_COURT, Basis.POWER_OF_ATTORNEY, Basis.ADULT_GUARDIAN}
    )

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Declared by its owner, and goes with the account; whatever was sent on it protects both.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="representations"
    )
    kind = models.CharField(max_length=16, choices=Kind.choices)
    # The account of the represented, once they were recognised by their eID
    # (`representation.recognition`); gone with that account.
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="represented_by"
    )
    recognised_at = models.DateTimeField(null=True)
    # Of the person or of the organisation.
    name = models.CharField(max_length=200)
    name_kana = models.CharField(max_length=200, blank=True)
    birth_date = models.DateField(null=True)
    # The five parts of an address, as the forms keep it.
    address = models.JSONField(default=dict)
    organisation_number = models.CharField(max_length=13, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    email = models.EmailField(blank=True)
    basis = models.CharField(max_length=24, choices=Basis.choices)
    document = models.FileField(
        storage=PrivateStorage(), upload_to=document_path, max_length=200, blank=True
    )
    document_name = models.CharField(max_length=200, blank=True)
    document_type = models.CharField(max_length=100, blank=True)
    document_sha256 = models.CharField(max_length=64, blank=True)
    # Slugs of the services it is limited to; empty: all.
    services = models.JSONField(default=list, blank=True)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.CLAIMED)
    # What the office found wrong with it, for its owner to read. Taken back by a confirmation.
    doubt = models.TextField(blank=True)
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    checked_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    # Empty: not ended by anybody, or before it was noted, or help at the counter.
    ended_by = models.CharField(
        max_length=12, choices=EndedBy.choices, blank=True, default="", db_default=""
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("representation")
        verbose_name_plural = _("representations")
        ordering: ClassVar = ["created_at"]
        # Looked for at every sign-in in which the eID says who somebody is.
        indexes: ClassVar = [
            models.Index(fields=["birth_date"], name="identity_representation_born")
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="identity_representation_state",
                condition=models.Q(state__in=["claimed", "confirmed", "revoked"]),
            ),
            models.CheckConstraint(
                name="identity_representation_whom",
                condition=models.Q(
                    kind="organisation",
                    birth_date__isnull=True,
                    organisation_number__regex=r"^[0-9]{13}$",
                )
                | models.Q(
                    kind__in=["guardian", "attorney", "counter"],
                    birth_date__isnull=False,
                    organisation_number="",
                ),
            ),
            models.CheckConstraint(
                name="identity_representation_dates",
                condition=models.Q(valid_until__isnull=True)
                | models.Q(valid_until__gte=models.F("valid_from")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

    @property
    def is_organisation(self) -> bool:
        return self.kind == self.Kind.ORGANISATION

    def state_on(self, day: date) -> Representation.State:
        """Its state on a day, with what the dates say."""
        if self.state == self.State.REVOKED:
            return self.State.REVOKED
        if self.valid_until is not None and self.valid_until < day:
            return self.State.EXPIRED
        return self.State(self.state)

    @property
    def state_now(self) -> Representation.State:
        return self.state_on(timezone.localdate())

    def in_force_on(self, day: date) -> bool:
        return self.valid_from <= day and self.state_on(day) in {
            self.State.CLAIMED,
            self.State.CONFIRMED,
        }

    @property
    def ended_by_represented(self) -> bool:
        return self.ended_by == self.EndedBy.REPRESENTED

    @property
    def record(self) -> Represented:
        """Everything that an application keeps of it, unchanged whatever becomes of it later."""
        at_the_counter: dict[str, Any] = {}
        if self.kind == self.Kind.COUNTER:
            helping = self.helping
            at_the_counter = {
                "helper": str(self.owner_id),
                "helper_name": self.owner.name,
                "consent": helping.consent,
                "papers": tuple(helping.papers),
            }
        return Represented(
            **at_the_counter,
            kind=self.kind,
            name=self.name,
            name_kana=self.name_kana,
            birth_date=self.birth_date,
            address=self.address,
            organisation_number=self.organisation_number,
            basis=self.basis,
            document=self.document_sha256,
            services=tuple(self.services),
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            state=self.state_now,
        )


SLUG = re.compile(r"[a-z0-9-]{2,60}")
