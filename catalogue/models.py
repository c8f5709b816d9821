"""What a municipality offers, and the workflow versions its cases are pinned to."""

from __future__ import annotations

import uuid
from functools import lru_cache
from typing import Any

from django.db import models
from django.utils import timezone

from catalogue import overlay
from catalogue.fees import FeeSchedule
from catalogue.registry import catalogue
from catalogue.sign_in import SignInRules, in_force
from catalogue.template import (
    Assurance,
    Cosign,
    Kind,
    ServiceTemplate,
    SignIn,
    may_be_sent_by_guests,
)
from common.kept import A_MOMENT, KeptForeignKey
from common.text import Text, TextField
from workflow import definition as workflow_definition
from workflow.definition import WorkflowDefinition


class WorkflowVersion(models.Model):
    """A published workflow; immutable. A case keeps the version it started with."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    definition = models.JSONField()
    published_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "digest"], name="workflow_once")]

    def __str__(self) -> str:
        return f"{self.key} {self.digest[:8]}"


@lru_cache(maxsize=1024)
def _parsed(version_id: uuid.UUID) -> WorkflowDefinition:
    return workflow_definition.load(WorkflowVersion.objects.get(pk=version_id).definition)


def workflow_of(version_id: uuid.UUID) -> WorkflowDefinition:
    """The definition of a version. Versions never change, so the process keeps them."""
    return _parsed(version_id)


class Offering(models.Model):
    """A service template that this municipality adopted."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    template_key = models.CharField(max_length=64, unique=True)
    template_version = models.CharField(max_length=20)
    slug = models.SlugField(max_length=60, unique=True)
    kind = models.CharField(max_length=16, choices=[(kind.value, kind.value) for kind in Kind])
    title: models.Field[Text, Text] = TextField()
    summary: models.Field[Text, Text] = TextField()
    form_version = KeptForeignKey("forms.FormVersion", on_delete=models.PROTECT)
    workflow_version = models.ForeignKey(WorkflowVersion, on_delete=models.PROTECT)
    department = KeptForeignKey("identity.Department", on_delete=models.PROTECT, seconds=A_MOMENT)
    # The municipality's own values: {"choices": {question: [...]}, "numbers": {question: number},
    # "prepared": {"conditions": [...], "grounds": [...]}}, and those of `catalogue.overlay`
    settings: models.Field[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    is_published = models.BooleanField(default=False)
    adopted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.slug

    @property
    def is_notification(self) -> bool:
        """Something that is told to the office: acknowledged, not decided."""
        return self.kind == Kind.NOTIFICATION

    @property
    def template(self) -> ServiceTemplate:
        return catalogue().get(self.template_key)

    @property
    def fees(self) -> FeeSchedule:
        """The template's, with the town's own amounts and words."""
        return overlay.fees_of(self.template, overlay.of(self).fees)

    @property
    def sign_in_rules(self) -> SignInRules:
        """The stricter of the template's word and the town's."""
        return in_force(self.template.service, self.settings)

    @property
    def sign_in(self) -> SignIn:
        """When the eID has to be shown."""
        return self.sign_in_rules.sign_in

    @property
    def is_sure(self) -> bool:
        """Whether the eID is asked for anew, at its strongest."""
        return self.sign_in_rules.assurance is Assurance.HIGH

    @property
    def cosign(self) -> Cosign | None:
        """Who signs with the applicant."""
        return self.sign_in_rules.cosign

    @property
    def begins_without_sign_in(self) -> bool:
        return self.sign_in is not SignIn.REQUIRED

    @property
    def sends_without_sign_in(self) -> bool:
        """Also with a form of the town's own, if that says who applies and asks for no secret."""
        return self.sign_in is SignIn.OPTIONAL and may_be_sent_by_guests(self.form_version.form)

    @property
    def workflow(self) -> WorkflowDefinition:
        return workflow_of(self.workflow_version_id)
