"""Reading what a municipality offers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet

from catalogue.fees import Fee
from catalogue.models import Offering
from common.lookup import Lookup


def published() -> QuerySet[Offering]:
    """Offerings that residents can apply for."""
    return Offering.objects.filter(is_published=True)


_published: Lookup[Offering] = Lookup(lambda slug: published().filter(slug=slug), slug=str)


def published_one(slug: str) -> Offering | None:
    """The offering that residents can apply for at this address."""
    return _published.one(slug=slug)


def fee_of(offering: Offering, form: Any, answers: Mapping[str, Any]) -> Fee:
    """The fee for `answers` by the town's own rates."""
    return offering.template.fees.fee(form, answers, offering.settings.get("rates"))
