"""Parts of a page that hang on the town's brand and the language alone are drawn once."""

from __future__ import annotations

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token
from django.template.context import Context
from django.utils.translation import get_language

register = template.Library()


class Fragment(template.Node):
    """Keeps what it draws in ``<owner>.fragments``, and draws anew when there is no owner."""

    def __init__(self, owner: FilterExpression, name: str, nodelist: NodeList) -> None:
        self.owner, self.name, self.nodelist = owner, name, nodelist

    def render(self, context: Context) -> str:
        owner = self.owner.resolve(context)
        if not owner:
            return self.nodelist.render(context)
        key = (self.name, get_language())
        drawn: str | None = owner.fragments.get(key)
        if drawn is None:
            drawn = owner.fragments[key] = self.nodelist.render(context)
        return drawn


@register.tag
def fragment(parser: Parser, token: Token) -> Fragment:
    """``{% fragment brand footer %} … {% endfragment %}``: nothing in it may hang on the page, the
    visitor or the request."""
    try:
        _tag, owner, name = token.split_contents()
    except ValueError:
        raise template.TemplateSyntaxError("fragment takes an owner and a name") from None
    nodelist = parser.parse(("endfragment",))
    parser.delete_first_token()
    return Fragment(parser.compile_filter(owner), name, nodelist)
