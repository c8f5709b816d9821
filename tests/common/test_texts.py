"""Constant texts are translated once; what is drawn is what Django's own tags draw."""

from unittest import mock

import pytest
from django.template import Context, Engine, engines
from django.utils import translation

from common.templatetags import texts

OURS = Engine.get_default()
DJANGOS = Engine(libraries={"i18n": "django.templatetags.i18n"})

SOURCES = [
    '{% translate "Continue" %}',
    '{% trans "Continue" %}',
    '{% translate "Continue" as word %}<b>{{ word }}</b>',
    '{% translate "Continue"|lower %}',
    '{% translate "Open" context "fee" %}',
    '{% translate "Continue" noop %}',
    "{% translate word %}",
    '{% translate "100 %" %}',
    '{% translate "<b> & so on" %}',
    '{% autoescape off %}{% translate "<b> & so on" %}{% endautoescape %}',
    "{% blocktranslate with name=word %}added by {{ name }}{% endblocktranslate %}",
    "{% get_current_language as code %}{{ code }}",
]


@pytest.mark.parametrize("source", SOURCES)
def test_draws_what_django_draws(source: str) -> None:
    mine, theirs = (engine.from_string("{% load i18n %}" + source) for engine in (OURS, DJANGOS))
    for language in ("ja", "en", "ja"):
        for word in ("Continue", "<i>"):
            with translation.override(language):
                context = {"word": word}
                assert mine.render(Context(context)) == theirs.render(Context(context))


def test_nothing_else_stands_for_a_library_of_another_one() -> None:
    """The check that is silenced for it."""
    (found,) = engines["django"].check()
    assert (found.id, found.msg.split()[0]) == ("templates.W003", "'i18n'")


def test_constant_text_is_translated_once_for_a_language() -> None:
    part = OURS.from_string('{% load i18n %}{% translate "Continue" %}')
    found = set()
    with mock.patch.object(texts.i18n.TranslateNode, "render", side_effect=["一", "two"]):
        for language in ("ja", "en", "ja", "en"):
            with translation.override(language):
                found.add((language, part.render(Context())))
    assert found == {("ja", "一"), ("en", "two")}
