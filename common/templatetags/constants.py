"""What templates draw alike each time is found once in a process: fixed addresses, a base's blocks.

A page has a dozen addresses without arguments, and Django walks the whole base template for its
blocks at every page. Answers are broken into lines dozens of times, and nearly all have one. These
stand for Django's own by name in the settings (``builtins``).
"""

from __future__ import annotations

from typing import Any

from django import template
from django.template import defaultfilters, defaulttags, loader_tags
from django.template.base import Node, NodeList, Parser, Template, Token
from django.template.context import Context
from django.urls import get_script_prefix, get_urlconf
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString
from django.utils.translation import get_language

register = template.Library()


class Address(template.Node):
    """An address without arguments: the same for a language and a set of routes."""

    def __init__(self, node: defaulttags.URLNode) -> None:
        self.node = node
        self._found: dict[tuple[Any, ...], Any] = {}

    def render(self, context: Context) -> Any:
        key = (get_language(), get_urlconf(), get_script_prefix(), context.autoescape)
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = self.node.render(context)
        return found


@register.tag("url")
def url(parser: Parser, token: Token) -> template.Node:
    """As Django's."""
    node: defaulttags.URLNode = defaulttags.url(parser, token)
    is_named = isinstance(node.view_name.var, str) and not node.view_name.filters
    if is_named and not node.args and not node.kwargs and node.asvar is None:
        return Address(node)
    return node


@register.filter(is_safe=True, needs_autoescape=True)
def linebreaksbr(value: object, autoescape: bool = True) -> SafeString:
    """As Django's."""
    text = value if isinstance(value, SafeString) else str(value)
    if "\n" in text or "\r" in text:
        return defaultfilters.linebreaksbr(text, autoescape=autoescape)
    return conditional_escape(text) if autoescape else SafeString(text)


class _Walked(NodeList):
    """The nodes of a base template, which remember what was looked for among them."""

    def __init__(self, nodes: NodeList) -> None:
        super().__init__(nodes)
        self._of_type: dict[type[Node], list[Node]] = {}

    def get_nodes_by_type(self, nodetype: type[Node]) -> list[Node]:
        found = self._of_type.get(nodetype)
        if found is None:
            found = self._of_type[nodetype] = super().get_nodes_by_type(nodetype)
        return found


class Extends(loader_tags.ExtendsNode):
    """As Django's; the parent's blocks are looked for once."""

    def get_parent(self, context: Context) -> Template:
        parent: Template = super().get_parent(context)
        if not isinstance(parent.nodelist, _Walked):
            parent.nodelist = _Walked(parent.nodelist)
        return parent


@register.tag("extends")
def extends(parser: Parser, token: Token) -> Extends:
    """As Django's."""
    node = loader_tags.do_extends(parser, token)
    return Extends(node.nodelist, node.parent_name)
