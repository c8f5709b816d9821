"""Public addresses that data about applications names."""

from __future__ import annotations

from django.urls import reverse

from forms.models import FormVersion
from tenants.links import absolute


def schema_address(version: FormVersion) -> str:
    """Where the JSON Schema of a form version's answers is published, without a language.

    Raises `tenants.errors.OutsideTenant`.
    """
    return absolute(reverse("form_schema", args=[version.key, version.number]))
