"""The registry of municipalities, in the ``public`` schema."""

from __future__ import annotations

from django.db import models
from django_tenants.models import DomainMixin, TenantMixin

from common.text import Text, TextField


class Municipality(TenantMixin):
    """A town: one PostgreSQL schema, one role, one or more addresses.

    Rows are made by `tenants.provisioning.provision`, which makes the schema with them.
    """

    auto_create_schema = False
    auto_drop_schema = False

    role = models.CharField(max_length=63, unique=True)
    # 全国地方公共団体コード: five digits and a check digit.
    code = models.CharField(max_length=6, unique=True)
    name: models.Field[Text, Text] = TextField()
    prefecture: models.Field[Text, Text] = TextField()
    timezone = models.CharField(max_length=64, default="Asia/Tokyo")
    languages = models.JSONField(default=list)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # md5 over the applied migrations; one query tells who is behind.
    migration_fingerprint = models.CharField(max_length=32, blank=True)

    class Meta:
        ordering = ["code"]
        verbose_name_plural = "municipalities"

    def __str__(self) -> str:
        return self.schema_name


class Domain(DomainMixin):
    """A host name that leads to a municipality."""
