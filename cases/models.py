"""Applications as they were sent, and the work on them."""

from __future__ import annotations

import uuid
from functools import cached_property
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from billing.models import FeeDue
from cases.assigning.models import AssignmentRule, RuleAssignment, RuleMember
from cases.fee_models import FeeWaiver, Receipt
from cases.models_desk import (
    Absence,
    BulkItem,
    BulkRun,
    CaseTag,
    FirstFilter,
    Interest,
    Note,
    SavedFilter,
    SearchRow,
)
from cases.models_guest import CaseKey, SendingAddress
from cases.models_look import CaseCheck, Proposal
from cases.models_once import NamedPerson
from cases.models_threads import MessageTemplate, Thread, ThreadMessage, ThreadReading
from cases.papers import IssuedLetter, PrintedLetter, PrintRun, Replacement, Revocation
from cases.reports.models import ReportRow
from cases.retention.models import Disposal, DisposalItem, Hold
from catalogue.fees import Fee
from catalogue.models import Offering, WorkflowVersion, workflow_of
from common.kept import A_MOMENT, KeptForeignKey
from common.text import Text, TextField
from documents.models import Document, LetterWording
from forms.models import Draft, FormVersion
from identity.models import Department, Representation, User
from identity.representation.record import Represented
from workflow.definition import Stage, WorkflowDefinition

__all__ = [
    "Absence", "Application", "AssignmentRule", "BulkItem", "BulkRun", "Case", "CaseCheck",
    "CaseKey", "CaseTag", "ClosingDay", "Consultation", "ConsultedBody", "CorrectionRequest",
    "Cosignature", "Decision", "Disposal", "DisposalItem", "FeeWaiver", "FirstFilter",
    "GuestLink", "Hold", "Interest", "IssuedLetter", "MessageTemplate", "NamedPerson", "Note",
    "NumberSeries",
    "PrintRun", "PrintedLetter", "Proposal", "Receipt", "RegisterEntry", "Replacement",
    "ReportRow", "RepresentationCheck", "Revocation", "RuleAssignment", "RuleMember",
    "SavedFilter", "SearchRow", "SendingAddress", "Thread", "ThreadMessage", "ThreadReading",
    "TimelineEntry",
]  # fmt: skip


class Application(models.Model):
    """What a resident sent. Never changed: the town's role may only insert and read it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Of the draft: the same "send" twice, from two tabs or a lost line, is one application.
    idempotency_key = models.UUIDField(unique=True)
    receipt_number = models.CharField(max_length=24, unique=True)
    offering = KeptForeignKey(Offering, on_delete=models.PROTECT, seconds=A_MOMENT)
    version = KeptForeignKey(FormVersion, on_delete=models.PROTECT)
    resident = models.ForeignKey(User, on_delete=models.PROTECT, related_name="applications")
    language = models.CharField(max_length=12)
    answers: models.Field[dict[str, Any], dict[str, Any]] = models.JSONField()
    provenance: models.Field[dict[str, Any], dict[str, Any]] = models.JSONField()
    fee: models.Field[dict[str, Any], dict[str, Any]] = models.JSONField()
    # What the form's criteria gave when it was sent (`forms.eligibility.Finding`), and by which
    # answers. Null: the form has none.
    screening: models.Field[list[dict[str, Any]] | None, list[dict[str, Any]] | None] = (
        models.JSONField(null=True)
    )
    # For whom the resident acted, and a copy of it as it was then; none: for themselves.
    representation = models.ForeignKey(
        Representation, on_delete=models.PROTECT, null=True, related_name="applications"
    )
    represented_then: models.Field[dict[str, Any] | None, dict[str, Any] | None] = models.JSONField(
        null=True
    )
    # The same where a member of staff helped somebody who acts for another; then the two above say
    # who helped. Null: nobody helped, or nobody was represented.
    on_behalf = models.ForeignKey(
        Representation, on_delete=models.PROTECT, null=True, related_name="+"
    )
    on_behalf_then: models.Field[dict[str, Any] | None, dict[str, Any] | None] = models.JSONField(
        null=True
    )
    # Who signed it, too, and who would not: as `cases.cosigning.record_of` puts it.
    cosigned: models.Field[list[dict[str, Any]], list[dict[str, Any]]] = models.JSONField(
        default=list, db_default=[]
    )
    # Sent by a guest who has shown an address for mail: nothing about the person is verified.
    # `resident` is then a record that nobody signs in to, of this application alone.
    without_sign_in = models.BooleanField(default=False, db_default=False)
    submitted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-submitted_at"]

    def __str__(self) -> str:
        return self.receipt_number

    @property
    def computed_fee(self) -> Fee:
        return Fee.from_json(self.fee)

    @property
    def fee_terms(self) -> dict[str, Any] | None:
        """The amounts that held when it was sent; None: sent before they were kept."""
        return self.fee.get("terms")

    @cached_property
    def represented(self) -> Represented | None:
        """For whom it was sent; None: the resident's own."""
        if self.on_behalf_then:
            return Represented.from_json(self.on_behalf_then)
        found = self._represented_then
        return None if found is None or found.at_the_counter else found

    @cached_property
    def helped(self) -> Represented | None:
        """Who filled it in with the resident at the counter; None: nobody did."""
        found = self._represented_then
        return found if found is not None and found.at_the_counter else None

    @cached_property
    def _represented_then(self) -> Represented | None:
        return Represented.from_json(self.represented_then)

    @property
    def authority_id(self) -> uuid.UUID | None:
        """On what the resident acts for another; None: it is their own."""
        if self.on_behalf_id is not None or self.helped is not None:
            return self.on_behalf_id
        return self.representation_id

    @property
    def authority(self) -> Representation | None:
        """As it is now; it may have been revoked since."""
        return self.on_behalf if self.helped is not None else self.representation

    @property
    def applicant_name(self) -> str:
        """Whose application it is: the represented, else the resident."""
        return self.represented.name if self.represented else self.resident.name


class Case(models.Model):
    """The work on one application."""

    class Origin(models.TextChoices):
        """What a case is to the earlier one that it came of: `catalogue.linked`, and `ANEW`."""

        AMENDMENT = "amendment", _("Change")
        RENEWAL = "renewal", _("Renewal")
        ADDITION = "addition", _("Applied for together")
        APPEAL = "appeal", _("Appeal")
        # The same application once more: an appeal set the first decision aside.
        ANEW = "anew", _("Decided anew")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    application = models.OneToOneField(Application, on_delete=models.PROTECT, related_name="case")
    offering = KeptForeignKey(Offering, on_delete=models.PROTECT, seconds=A_MOMENT)
    workflow_version = models.ForeignKey(WorkflowVersion, on_delete=models.PROTECT)
    # No indexes of their own: those that begin with them serve (see below), and the database would
    # read all of an office's cases by a plain one.
    department = KeptForeignKey(
        Department, on_delete=models.PROTECT, seconds=A_MOMENT, db_index=False
    )
    resident = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="cases", db_index=False
    )
    assigned_to = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="assigned_cases"
    )
    # The case that this one changes, renews, adds to or contests; none: most, and where the earlier
    # one need not be kept any longer.
    origin = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="linked")
    origin_kind = models.CharField(
        max_length=12, choices=Origin.choices, blank=True, default="", db_default=""
    )
    stage = models.CharField(max_length=40)
    received_on = models.DateField()
    # None while the clock is paused or stopped.
    due_on = models.DateField(null=True)
    days_left_when_paused = models.IntegerField(null=True)
    paused_on = models.DateField(null=True)
    # What happened to the clock, oldest first: `cases.clocks` says how.
    clock_log: models.Field[list[dict[str, Any]], list[dict[str, Any]]] = models.JSONField(
        default=list, db_default=[]
    )
    # The next day on which the clock says something by itself: a reminder, or that it is late.
    alarm_on = models.DateField(null=True)
    closed_at = models.DateTimeField(null=True)
    # What had to be paid before the office begins; the fee of a decision is the decision's.
    fee = models.OneToOneField(FeeDue, on_delete=models.PROTECT, null=True, related_name="case")
    # Answers that corrections replaced, by question id.
    corrected: models.Field[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    corrected_provenance: models.Field[dict[str, Any], dict[str, Any]] = models.JSONField(
        default=dict
    )
    # When a notice about it could not be delivered; None again once the office told them otherwise.
    undelivered_at = models.DateTimeField(null=True)
    # Counts changes: a page opened before somebody else's change is told so.
    lock = models.PositiveIntegerField(default=1)
    # Staff who said that they are too close to it to decide (`Interest`), by id.
    barred: models.Field[list[uuid.UUID], list[uuid.UUID]] = ArrayField(
        models.UUIDField(), default=list, db_default=[]
    )

    class Meta:
        # Each list of the desk is read in its own order, never sorted: see `cases.desk`.
        indexes = [
            models.Index(
                fields=["department", "due_on", "received_on", "id"],
                name="case_inbox",
                condition=models.Q(closed_at__isnull=True),
            ),
            models.Index(
                fields=["due_on", "received_on", "id"],
                name="case_inbox_of_town",
                condition=models.Q(closed_at__isnull=True),
            ),
            models.Index(
                fields=["department", "due_on", "received_on", "id"],
                name="case_unassigned",
                condition=models.Q(closed_at__isnull=True, assigned_to__isnull=True),
            ),
            models.Index(
                fields=["assigned_to", "due_on", "received_on", "id"],
                name="case_on_desk",
                condition=models.Q(closed_at__isnull=True),
            ),
            models.Index(
                fields=["department", "-closed_at", "id"],
                name="case_closed",
                condition=models.Q(closed_at__isnull=False),
            ),
            models.Index(
                fields=["-closed_at", "id"],
                name="case_closed_of_town",
                condition=models.Q(closed_at__isnull=False),
            ),
            models.Index(
                fields=["department", "due_on", "received_on", "id"],
                name="case_undelivered",
                condition=models.Q(undelivered_at__isnull=False),
            ),
            models.Index(fields=["resident", "-received_on"], name="case_of_resident"),
            models.Index(
                fields=["alarm_on"],
                name="case_alarm",
                condition=models.Q(alarm_on__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(days_left_when_paused__isnull=True)
                | models.Q(due_on__isnull=True),
                name="case_clock_runs_or_is_paused",
            ),
            models.CheckConstraint(
                condition=models.Q(origin__isnull=True) | ~models.Q(origin_kind=""),
                name="case_says_what_it_is_to_its_origin",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} ({self.stage})"

    @property
    def workflow(self) -> WorkflowDefinition:
        return workflow_of(self.workflow_version_id)

    @property
    def stage_now(self) -> Stage:
        return self.workflow.stage(self.stage)

    @cached_property
    def answers(self) -> dict[str, Any]:
        """The answers as they stand: what was sent, with corrections in place.

        A correction may have made a question fall away; it is kept there as null.
        """
        merged = {**self.application.answers, **self.corrected}
        return {name: value for name, value in merged.items() if value is not None}

    @cached_property
    def provenance(self) -> dict[str, Any]:
        merged = {**self.application.provenance, **self.corrected_provenance}
        return {name: entry for name, entry in merged.items() if entry}

    @property
    def is_guests(self) -> bool:
        """Sent without signing in, and put into nobody's account since."""
        sent = self.application
        return sent.without_sign_in and self.resident_id == sent.resident_id

    @property
    def represented(self) -> Represented | None:
        """For whom it was sent; None: the resident's own."""
        return self.application.represented

    @property
    def applicant_name(self) -> str:
        """Whose case it is: the represented, else the resident."""
        return self.represented.name if self.represented else self.resident.name


class ClosingDay(models.Model):
    """A day on which the town's offices are closed besides weekends and holidays.

    It counts for periods that begin or go on after it was entered: a day that a resident was told
    stays as it is.
    """

    day = models.DateField(unique=True)
    reason = models.CharField(max_length=100)
    entered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["day"]

    def __str__(self) -> str:
        return self.day.isoformat()


class RepresentationCheck(models.Model):
    """What the office found about the ground on which somebody sent an application for another."""

    class Verdict(models.TextChoices):
        CONFIRMED = "confirmed", _("Confirmed")
        DOUBTED = "doubted", _("Not convincing")

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="representation_checks")
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    # For the applicant to read; empty for a confirmation.
    reason = models.TextField(blank=True)
    checked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    checked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["checked_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(verdict="confirmed") | ~models.Q(reason=""),
                name="doubt_has_a_reason",
            )
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.verdict}"


class Cosignature(models.Model):
    """Somebody else's signature under a draft: asked for by mail, given with their own eID.

    The link's token is not kept, only its hash. A link works once; asking again makes a new row.
    """

    class State(models.TextChoices):
        ASKED = "asked", _("Asked, not signed yet")
        SIGNED = "signed", _("Signed")
        REFUSED = "refused", _("Refused to sign")
        # The answers were changed after it, or the applicant took the request back.
        VOID = "void", _("Not valid any more")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="cosignatures")
    address = models.EmailField()
    # Of the mail.
    language = models.CharField(max_length=12)
    token_hash = models.CharField(max_length=64, unique=True)
    asked_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.ASKED)
    # Of the answers that were signed.
    digest = models.CharField(max_length=64, blank=True)
    signed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    signer_name = models.CharField(max_length=200, blank=True)
    acr = models.CharField(max_length=100, blank=True)
    reason = models.TextField(blank=True)
    closed_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["asked_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["draft", "address"],
                condition=models.Q(state__in=["asked", "signed"]),
                name="cosigner_asked_once",
            ),
            models.UniqueConstraint(
                fields=["draft", "signed_by"],
                condition=models.Q(state="signed"),
                name="cosigner_signs_once",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="signed")
                | (models.Q(signed_by__isnull=False) & ~models.Q(digest="")),
                name="cosignature_says_what_and_who",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="refused") | ~models.Q(reason=""),
                name="cosign_refusal_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.draft_id} {self.state}"

    @property
    def is_expired(self) -> bool:
        return self.state == self.State.ASKED and self.expires_at <= timezone.now()


class TimelineEntry(models.Model):
    """A step that the resident sees on the progress page; wording in `cases.timeline`."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="timeline")
    at = models.DateTimeField(default=timezone.now)
    code = models.CharField(max_length=40)
    values: models.Field[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)

    class Meta:
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["case", "at"], name="timeline_of_case")]

    def __str__(self) -> str:
        return self.code


class ConsultedBody(models.Model):
    """An office outside the town that is asked for opinions: police, fire service.

    It has no account. Without an `email` no link is sent: the desk enters what came on paper.
    """

    key = models.CharField(max_length=40, unique=True)
    name: models.Field[Text, Text] = TextField()
    email = models.EmailField(blank=True)
    language = models.CharField(max_length=12, default="ja")

    class Meta:
        ordering = ["key"]
        verbose_name_plural = "consulted bodies"

    def __str__(self) -> str:
        return self.key


class Consultation(models.Model):
    """A question to another office, asked in parallel to the case: a department, or a body."""

    class Opinion(models.TextChoices):
        NO_OBJECTION = "no_objection", _("No objection")
        WITH_CONDITIONS = "with_conditions", _("No objection, with conditions")
        OBJECTION = "objection", _("Objection")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="consultations")
    department = KeptForeignKey(Department, on_delete=models.PROTECT, seconds=A_MOMENT, null=True)
    body = KeptForeignKey(ConsultedBody, on_delete=models.PROTECT, seconds=A_MOMENT, null=True)
    question = models.TextField()
    # Its id in the workflow's declaration; empty: somebody asked by hand.
    declared = models.CharField(max_length=40, blank=True, default="", db_default="")
    # Whether the decision waits for it, as far as the workflow's joining rule says.
    required = models.BooleanField(default=True, db_default=True)
    due_on = models.DateField(null=True)
    # The day of the reminder; none: it was sent, or there is none.
    remind_on = models.DateField(null=True)
    # None: asked by itself, as declared, while nobody had the case.
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    opinion = models.CharField(max_length=20, choices=Opinion.choices, blank=True)
    text = models.TextField(blank=True)
    # A member of staff; None: the body itself, by its link.
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    # Who gave it, as a body's own words say.
    answered_name = models.CharField(max_length=100, blank=True, default="", db_default="")
    answered_at = models.DateTimeField(null=True)
    # It was asked anew, since answers that it rests on were corrected: it counts no more.
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["asked_at"]
        indexes = [
            models.Index(
                fields=["remind_on"],
                name="consultation_reminder",
                condition=models.Q(remind_on__isnull=False),
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(department__isnull=False, body__isnull=True)
                | models.Q(department__isnull=True, body__isnull=False),
                name="consultation_asks_one_office",
            ),
            models.UniqueConstraint(
                fields=["case", "body"],
                condition=models.Q(answered_at__isnull=True),
                name="consultation_open_once_body",
            ),
            models.UniqueConstraint(
                fields=["case", "declared"],
                condition=~models.Q(declared="") & models.Q(superseded_at__isnull=True),
                name="consultation_declared_once",
            ),
            models.UniqueConstraint(
                fields=["case", "department"],
                condition=models.Q(answered_at__isnull=True),
                name="consultation_open_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.department_id or self.body_id} ({self.opinion or 'open'})"

    @property
    def office(self) -> Text:
        """The name of whoever is asked."""
        return (self.body or self.department).name

    @property
    def conditions(self) -> list[str]:
        """What the decision should demand, one a line of the opinion."""
        if self.opinion != self.Opinion.WITH_CONDITIONS:
            return []
        return [line.strip() for line in self.text.splitlines() if line.strip()]


class GuestLink(models.Model):
    """The way of a body to its question: a link, and a code sent to its registered address.

    Neither is kept: of the link the hash; a code follows from the platform's secret and its number.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    consultation = models.ForeignKey(Consultation, on_delete=models.CASCADE, related_name="links")
    token_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    void_at = models.DateTimeField(null=True)
    # How many codes were sent: the last one counts, once.
    codes = models.PositiveSmallIntegerField(default=0)
    code_sent_at = models.DateTimeField(null=True)
    code_used_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["made_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["consultation"],
                condition=models.Q(void_at__isnull=True),
                name="guest_link_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.consultation_id}"


class CorrectionRequest(models.Model):
    """Questions the resident is asked to answer again (補正). The clock is paused meanwhile."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="corrections")
    question_ids: models.Field[list[str], list[str]] = models.JSONField()
    message = models.TextField()
    # What the office says at single ones of them, by question id; in the words of the caseworker.
    remarks: models.Field[dict[str, str], dict[str, str]] = models.JSONField(
        default=dict, db_default={}
    )
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(default=timezone.now)
    draft = models.ForeignKey(Draft, on_delete=models.SET_NULL, null=True)
    # What stood there before, so that both versions stay readable.
    replaced: models.Field[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    answered_at = models.DateTimeField(null=True)
    # By when the resident is asked to answer. Nothing is decided by its passing.
    due_on = models.DateField(null=True)
    # The next day on which something is said by itself: a reminder, or that it is over.
    alarm_on = models.DateField(null=True)

    class Meta:
        ordering = ["requested_at"]
        indexes = [
            models.Index(
                fields=["alarm_on"],
                name="correction_alarm",
                condition=models.Q(alarm_on__isnull=False),
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                condition=models.Q(answered_at__isnull=True),
                name="correction_open_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.question_ids}"


class Decision(models.Model):
    """The determination on a case: one, final. For a notification: that it was acknowledged."""

    class Outcome(models.TextChoices):
        APPROVED = "approved", _("Approved")
        REFUSED = "refused", _("Refused")
        ACKNOWLEDGED = "acknowledged", _("Acknowledged")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="decision")
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    number = models.CharField(max_length=40, unique=True)
    conditions: models.Field[list[str], list[str]] = models.JSONField(default=list)
    reason = models.TextField(blank=True)
    fee_waived = models.BooleanField(default=False)
    # What was refused of an approval: [{"key": of `cases.partial`, "label": Text, "grounds": ...}].
    refused_parts: models.Field[list[dict[str, Any]], list[dict[str, Any]]] = models.JSONField(
        default=list, db_default=[]
    )
    # The municipality's own words in force when it was decided; none: the service's.
    wording = models.ForeignKey(
        LetterWording, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(default=timezone.now)
    letter = models.ForeignKey(Document, on_delete=models.PROTECT, null=True, related_name="+")
    fee = models.OneToOneField(FeeDue, on_delete=models.PROTECT, null=True, related_name="decision")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(outcome="refused") | ~models.Q(reason=""),
                name="refusal_has_a_reason",
            )
        ]

    def __str__(self) -> str:
        return self.number


class RegisterEntry(models.Model):
    """The register: permits given and entitlements granted."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, related_name="entry")
    offering = models.ForeignKey(Offering, on_delete=models.PROTECT)
    holder = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(max_length=40, unique=True)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)
    # The first day on which it does not hold any more, though it was given for longer.
    closed_on = models.DateField(null=True)
    entered_at = models.DateTimeField(default=timezone.now)
    # When the holder was told that it ends soon (`cases.endings`).
    ending_told_at = models.DateTimeField(null=True)
    # Bigrams of what anybody may read of it, and the mark of the rule that says what that is
    # (`cases.register_search`).
    grams = ArrayField(models.TextField(), null=True)
    shown_by = models.CharField(max_length=16, blank=True, default="", db_default="")

    class Meta:
        verbose_name_plural = "register entries"
        indexes = [
            models.Index(
                models.F("offering"),
                models.F("valid_from").desc(),
                models.F("number").desc(),
                name="register_newest",
            ),
            models.Index(
                fields=["offering", "valid_until"],
                name="register_ending",
                condition=models.Q(ending_told_at__isnull=True),
            ),
            GinIndex(fields=["grams"], name="register_grams"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(valid_until__isnull=True)
                | models.Q(valid_until__gte=models.F("valid_from")),
                name="register_ends_after_it_starts",
            )
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def holder_name(self) -> str:
        """Who holds the permit: the represented where somebody applied for another."""
        return self.decision.case.applicant_name


class NumberSeries(models.Model):
    """Running numbers without gaps, one series for a prefix and fiscal year (from April)."""

    prefix = models.CharField(max_length=8)
    fiscal_year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "number series"
        constraints = [
            models.UniqueConstraint(fields=["prefix", "fiscal_year"], name="series_once")
        ]

    def __str__(self) -> str:
        return f"{self.prefix} {self.fiscal_year}: {self.last}"
