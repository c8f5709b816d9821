"""Filters of the form builder's templates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django import template

from forms.building import conditions, sentences, words

register = template.Library()


@register.filter
def moment(text: str) -> dt.datetime | None:
    """A stored time, for the filter `date`."""
    try:
        return dt.datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None


@register.filter
def of(mapping: Mapping[str, Any], key: str) -> Any:
    """``operands|of:name``"""
    return mapping.get(key)


@register.filter
def operations(operand: Any) -> list[tuple[str, Any]]:
    """What can be said of the answer, with its words."""
    known = conditions.OPERATIONS[operand.kind] if operand else ()
    return [(name, words.OPERATIONS[name]) for name in known]


@register.filter
def said(source: str, operands: Mapping[str, Any]) -> str:
    """A rule as a sentence."""
    return sentences.sentence(source, operands) if source else ""
