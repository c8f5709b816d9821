"""Fields of the desk's panels: errors beside the field, and what describes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from backoffice.panels import Panel
from forms.building import conditions, words
from forms.building.operands import Operand

register = template.Library()


@register.simple_tag
def desk_errors(panel: Panel, name: str) -> SafeString:
    """The field's messages."""
    messages = panel.errors.get(name)
    if not messages:
        return SafeString("")
    return format_html_join(
        "",
        '<p class="field__error" id="{}-{}-error"><span class="sr-only">{} </span>{}</p>',
        ((panel.id, name, _("Error:"), message) for message in messages),
    )


@register.simple_tag
def desk_described(panel: Panel, name: str) -> SafeString:
    """``aria-invalid`` and ``aria-describedby`` of a field with an error."""
    if not panel.errors.get(name):
        return SafeString("")
    return format_html(' aria-invalid="true" aria-describedby="{}-{}-error"', panel.id, name)


@register.filter
def of(mapping: Mapping[str, Any], key: str) -> Any:
    """``operands|of:name``"""
    return mapping.get(key)


@register.filter
def operations(operand: Operand) -> list[tuple[str, Any]]:
    """What can be said of the answer, with its words."""
    return [(name, words.OPERATIONS[name]) for name in conditions.OPERATIONS[operand.kind]]
