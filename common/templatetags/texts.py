"""Django's ``{% load i18n %}``, with constant texts translated once in a process.

A page has some dozens of them. To ask the catalogue, escape and mark each one anew takes as long as
several database statements. Registered under Django's own name in the settings.
"""

from __future__ import annotations

from typing import Any

from django import template
from django.template.base import Parser, Token
from django.template.context import Context
from django.templatetags import i18n
from django.utils.translation import get_language

register = template.Library()
register.tags.update(i18n.register.tags)
register.filters.update(i18n.register.filters)


class ConstantText(template.Node):
    """A text without variables, filters or context: the same for a language, wherever it stands."""

    def __init__(self, node: i18n.TranslateNode) -> None:
        self.node = node
        self._translated: dict[tuple[str | None, bool], Any] = {}

    def render(self, context: Context) -> Any:
        key = (get_language(), context.autoescape)
        found = self._translated.get(key)
        if found is None:
            found = self._translated[key] = self.node.render(context)
        return found


@register.tag("translate")
@register.tag("trans")
def translate(parser: Parser, token: Token) -> template.Node:
    """As Django's."""
    node: i18n.TranslateNode = i18n.do_translate(parser, token)
    text = node.filter_expression
    is_constant = getattr(text.var, "literal", None) is not None and not text.filters
    if is_constant and not node.asvar and not node.message_context:
        return ConstantText(node)
    return node
