"""Published versions of forms, drafts that residents fill in, and the files they attach."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.kept import KeptForeignKey
from forms.state import State as FormState
from forms.state import evaluate
from tenants.files import PrivateStorage

if TYPE_CHECKING:
    from forms.definitions import FormDefinition
    from forms.prepared import Prepared
    from identity.models import User


class FormVersion(models.Model):
    """A published form. Never changed: drafts and applications stay with the one they began."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.CharField(max_length=48)
    number = models.PositiveIntegerField()
    definition = models.JSONField()
    digest = models.CharField(max_length=64)
    published_at = models.DateTimeField(default=timezone.now)
    # What is different and why, for colleagues; and who published it. The version outlives both.
    note = models.CharField(max_length=500, blank=True, default="", db_default="")
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("form version")
        verbose_name_plural = _("form versions")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["key", "number"], name="forms_version_number"),
            models.UniqueConstraint(fields=["key", "digest"], name="forms_version_digest"),
        ]

    def __str__(self) -> str:
        return f"{self.key} v{self.number}"

    @property
    def prepared(self) -> Prepared:
        """The form ready to run, from this process's cache."""
        from forms import versions  # noqa: PLC0415 -- versions needs this model

        return versions.prepared_of(self)

    @property
    def form(self) -> FormDefinition:
        """The definition, parsed once per process."""
        return self.prepared.form


class ProfileFact(models.Model):
    """What a resident chose to keep for the next application: one answer by its concept.

    `question` is the question it answered, without rules: it says the type, and how to show it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # The resident's own, and goes with the account.
    resident = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="profile")
    concept = models.CharField(max_length=100)
    question = models.JSONField()
    value = models.JSONField()
    # The slug of the service in whose application it was given.
    subject = models.CharField(max_length=120)
    asserted_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("kept answer")
        verbose_name_plural = _("kept answers")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["resident", "concept"], name="forms_fact_concept")
        ]

    def __str__(self) -> str:
        return self.concept


class Draft(models.Model):
    """Answers on their way. Its id is the idempotency key of the submission."""

    class State(models.TextChoices):
        OPEN = "open", _("Being filled in")
        SENT = "sent", _("Sent")
        DISCARDED = "discarded", _("Deleted")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # A draft is the resident's own and goes with the account. None: nobody has signed in yet.
    resident = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="drafts"
    )
    # Whose it is until then: the hash of a secret in their session (`forms.guests`).
    guest = models.CharField(max_length=64, blank=True, default="", db_default="")
    # For whom the resident acts; none: for themselves. Without it nobody knew whose answers they
    # are, so the draft goes with it.
    representation = models.ForeignKey(
        "identity.Representation", models.CASCADE, null=True, blank=True, related_name="drafts"
    )
    # Where a member of staff helps somebody who acts for another (then `representation` says who
    # helps whom): for whom. Goes with it as above.
    on_behalf = models.ForeignKey(
        "identity.Representation", models.CASCADE, null=True, blank=True, related_name="+"
    )
    # What it is for: the slug of the offering, "correction:<id>", or "message:<id>".
    subject = models.CharField(max_length=120)
    # What was sent before and this follows: the id of a case and what it is to it, for whoever
    # knows cases. None: it stands by itself.
    origin = models.UUIDField(null=True, blank=True)
    origin_kind = models.CharField(max_length=12, blank=True, default="", db_default="")
    version = KeptForeignKey(FormVersion, models.PROTECT, related_name="drafts")
    answers = models.JSONField(default=dict, blank=True)
    provenance = models.JSONField(default=dict, blank=True)
    # Steps that were saved complete at least once.
    steps_done = models.JSONField(default=list, blank=True)
    # For a correction: the questions that may be answered anew; likewise for a message, which is
    # written on one page, too. Null: all of them.
    only = models.JSONField(null=True, blank=True)
    # The day that its rules take as today: an application is judged as on the day it came, however
    # late a correction of it is answered. None: the day itself.
    judged_on = models.DateField(null=True, blank=True)
    # What is said beside single questions of those, by question id.
    remarks: models.Field[dict[str, str], dict[str, str]] = models.JSONField(
        default=dict, db_default={}, blank=True
    )
    # What the last change to a newer version did (`forms.rebase`), until it was seen.
    rebased: models.Field[dict[str, Any] | None, dict[str, Any] | None] = models.JSONField(
        null=True, blank=True
    )
    # What a guest had typed and the eID told otherwise, by question: shown until it is sent.
    replaced: models.Field[dict[str, Any] | None, dict[str, Any] | None] = models.JSONField(
        null=True, blank=True
    )
    lock = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    created_at = models.DateTimeField(default=timezone.now)
    saved_at = models.DateTimeField(default=timezone.now)
    # When its resident was told that it will be deleted (`forms.unsent`).
    warned_at = models.DateTimeField(null=True, blank=True)
    #: The route of small pictures of its files; another one on pages that are not the residents'.
    thumbnails: str = "portal:thumbnail"

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=[
                    "resident",
                    "subject",
                    "representation",
                    "on_behalf",
                    "origin",
                    "origin_kind",
                ],
                condition=models.Q(state="open", resident__isnull=False),
                name="forms_draft_one_open",
                nulls_distinct=False,
            ),
            models.UniqueConstraint(
                fields=["guest", "subject"],
                condition=models.Q(state="open", resident__isnull=True),
                name="forms_draft_one_open_guest",
            ),
            models.CheckConstraint(
                condition=models.Q(on_behalf__isnull=True) | models.Q(representation__isnull=False),
                name="forms_draft_on_behalf",
            ),
            # One of the two, never both; what nobody has signed in for is not sent.
            models.CheckConstraint(
                condition=models.Q(resident__isnull=False, guest="")
                | models.Q(
                    resident__isnull=True,
                    representation__isnull=True,
                    only__isnull=True,
                    state__in=["open", "discarded"],
                )
                & ~models.Q(guest=""),
                name="forms_draft_whose",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["open", "sent", "discarded"]),
                name="forms_draft_state",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["saved_at"],
                condition=models.Q(resident__isnull=True),
                name="forms_draft_of_guests",
            ),
            models.Index(
                fields=["saved_at"],
                condition=models.Q(only__isnull=True, resident__isnull=False, state="open"),
                name="forms_draft_unsent",
            ),
            models.Index(
                fields=["subject"],
                condition=models.Q(only__isnull=False),
                name="forms_draft_of_one_page",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.id}"

    @property
    def form(self) -> FormDefinition:
        return self.version.form

    @property
    def prepared(self) -> Prepared:
        return self.version.prepared

    def evaluated(self, prepared: Prepared | None = None) -> FormState:
        """Its answers as they stand, in its own version or another `prepared` one."""
        return evaluate(prepared or self.prepared, self.answers, self.judged_on)

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN

    @property
    def is_guest(self) -> bool:
        """Has nobody signed in for it yet?"""
        return self.resident_id is None

    @property
    def about(self) -> str | None:
        """Whom the ledger's entries about it concern; of a guest nothing is known."""
        return None if self.resident_id is None else str(self.resident_id)

    @property
    def applicant(self) -> User:
        """The resident whose draft it is. Raises `LookupError` for a guest's."""
        if self.resident is None:
            raise LookupError("nobody has signed in for this draft")
        return self.resident


def attachment_path(attachment: Any, filename: str) -> str:
    """Where a file is kept: nothing of the resident's own file name, which is data only."""
    extension = {
        "application/pdf": "pdf",
        "image/jpeg": "jpg",
        "image/png": "png",
        "image/webp": "webp",
    }.get(attachment.content_type, "bin")
    name = attachment.id.hex
    return f"forms/{name[:2]}/{name}.{extension}"


class Attachment(models.Model):
    """A file a resident attached, examined and made safe before it was stored."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Files are the resident's own and go with the account. None: a guest's, of the draft.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="attachments"
    )
    # None: its application is deleted, and the resident keeps it for the next (`forms.profile`).
    draft = models.ForeignKey(
        Draft, models.SET_NULL, null=True, blank=True, related_name="attachments"
    )
    question_id = models.CharField(max_length=48)
    filename = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    # The entry that it came with is gone: no answer holds it (`forms.unplaced`).
    without_place = models.BooleanField(default=False, db_default=False)
    file = models.FileField(storage=PrivateStorage(), upload_to=attachment_path, max_length=200)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        constraints: ClassVar = [
            # A guest's file never outlives its draft.
            models.CheckConstraint(
                condition=models.Q(owner__isnull=False) | models.Q(draft__isnull=False),
                name="forms_attachment_whose",
            )
        ]

    def __str__(self) -> str:
        return str(self.id)


class Upload(models.Model):
    """A file that comes in pieces (`forms.resumable`): what was announced, how much has arrived.

    `name`, `size` and `sha256` are the sender's word, and are believed in nothing: what arrived is
    examined as any file.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Unfinished, it is nobody's but the sender's, and goes with the account and the draft.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="uploads"
    )
    draft = models.ForeignKey(Draft, models.CASCADE, related_name="uploads")
    question_id = models.CharField(max_length=48)
    # The keys of the entries that it is asked in (`forms.entries`), joined by "/".
    entry = models.CharField(max_length=50, blank=True, default="", db_default="")
    name = models.CharField(max_length=255)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64, blank=True)
    offset = models.PositiveIntegerField(default=0)
    # What became of it; finishing once more (the answer was lost) gives the same.
    attachment = models.ForeignKey(
        Attachment, models.CASCADE, null=True, blank=True, related_name="uploads"
    )
    created_at = models.DateTimeField(default=timezone.now)
    touched_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(offset__lte=models.F("size")), name="forms_upload_offset"
            )
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def path(self) -> list[str]:
        """The keys of the entries, the outermost first."""
        return self.entry.split("/") if self.entry else []

    @property
    def is_complete(self) -> bool:
        """Has every byte arrived?"""
        return self.offset == self.size


class ResumeLink(models.Model):
    """A link by mail with which a guest goes on in another browser. It works once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Without its draft it leads nowhere.
    draft = models.ForeignKey(Draft, models.CASCADE, related_name="resume_links")
    token_hash = models.CharField(max_length=64, unique=True)
    # Where the mail goes; forgotten as soon as it is on its way.
    address = models.EmailField(blank=True)
    language = models.CharField(max_length=12)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("link to go on")
        verbose_name_plural = _("links to go on")

    def __str__(self) -> str:
        return str(self.id)
