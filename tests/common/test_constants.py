"""What templates draw alike each time is what Django draws, found once."""

from __future__ import annotations

from typing import Any

import pytest
from django.template import Context, Engine
from django.template.base import NodeList
from django.template.defaulttags import URLNode
from django.urls import get_script_prefix, set_script_prefix
from django.utils import translation
from django.utils.safestring import mark_safe

BUILTINS = ["common.templatetags.constants"]
BASE = "<h1>{% block title %}-{% endblock %}</h1>{% block main %}{% endblock %}"
PAGES = {
    "base.html": BASE,
    "middle.html": (
        "{% extends 'base.html' %}{% block main %}[{% block inner %}{% endblock %}]{% endblock %}"
    ),
    "page.html": (
        "{% extends 'middle.html' %}{% block title %}{{ word }}{% endblock %}"
        "{% block inner %}{{ block.super }}!{% endblock %}"
    ),
    "other.html": "{% extends base %}{% block title %}other{% endblock %}",
}


def engine(builtins: list[str]) -> Engine:
    loaders = [
        (
            "django.template.loaders.cached.Loader",
            [("django.template.loaders.locmem.Loader", PAGES)],
        )
    ]
    return Engine(loaders=loaders, builtins=builtins)


@pytest.mark.parametrize("name", ["page.html", "other.html"])
def test_pages_extend_as_djangos_do(name: str) -> None:
    ours, plain = engine(BUILTINS), engine([])
    for word in ("a", "b"):
        values = {"word": word, "base": "base.html"}
        assert ours.render_to_string(name, values) == plain.render_to_string(name, values)
    assert ours.render_to_string("page.html", {"word": "a"}) == "<h1>a</h1>[!]"


def test_the_base_is_walked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    walks: list[int] = []
    plain = NodeList.get_nodes_by_type

    def counted(self: NodeList, nodetype: Any) -> Any:
        walks.append(1)
        return plain(self, nodetype)

    ours = engine(BUILTINS)
    ours.render_to_string("page.html", {"word": "a"})
    monkeypatch.setattr(NodeList, "get_nodes_by_type", counted)
    ours.render_to_string("page.html", {"word": "b"})
    assert walks == []


def test_a_fixed_address_is_found_once_for_a_language_and_a_prefix(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[str] = []
    plain = URLNode.render

    def counted(self: URLNode, context: Context) -> Any:
        drawn.append(str(self.view_name))
        return plain(self, context)

    monkeypatch.setattr(URLNode, "render", counted)
    page = engine(BUILTINS).from_string("{% url 'portal:applications' %}")
    found = []
    for language in ("ja", "en", "ja", "en"):
        with translation.override(language):
            found.append(page.render(Context()))
    assert found[0] == found[2] != found[1] == found[3]
    assert len(drawn) == 2
    before = get_script_prefix()
    set_script_prefix("/town/")
    try:
        with translation.override("ja"):
            assert page.render(Context()) == f"/town{found[0]}"
    finally:
        set_script_prefix(before)


def test_an_address_with_an_argument_or_a_name_is_found_each_time() -> None:
    case = "{% url 'portal:receipt' id %}{% url 'portal:applications' as here %}{{ here }}"
    page = engine(BUILTINS).from_string(case)
    first, second = "0" * 8 + "-0000-4000-8000-" + "0" * 12, "1" * 8 + "-0000-4000-8000-" + "0" * 12
    with translation.override("ja"):
        texts = [page.render(Context({"id": each})) for each in (first, second)]
    assert first in texts[0]
    assert second in texts[1]
    assert texts[0].replace(first, second) == texts[1]


@pytest.mark.parametrize(
    "text", ["", "<b>", "a\nb <i>", "a\r\nb", "a\rb", mark_safe("<b>x</b>"), 5]
)
@pytest.mark.parametrize("autoescape", ["on", "off"])
def test_lines_are_broken_as_djangos_are(text: object, autoescape: str) -> None:
    page = f"{{% autoescape {autoescape} %}}{{{{ text|linebreaksbr }}}}{{% endautoescape %}}"
    values = Context({"text": text})
    ours, plain = (engine(builtins).from_string(page) for builtins in (BUILTINS, []))
    assert ours.render(values) == plain.render(values)
