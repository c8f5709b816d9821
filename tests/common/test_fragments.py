"""Parts of a page that are drawn once."""

from types import SimpleNamespace

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.utils import translation

from cms import brand

PART = Template(
    "{% load fragments %}{% fragment brand part %}{{ brand.name }} {{ n }}{% endfragment %}"
)


def _drawn(owner: object, number: int) -> str:
    return PART.render(Context({"brand": owner, "n": number}))


def test_is_drawn_once_for_an_owner_and_a_language() -> None:
    shiomi = SimpleNamespace(name="Shiomi", fragments={})
    other = SimpleNamespace(name="Other", fragments={})
    assert [_drawn(shiomi, 1), _drawn(shiomi, 2)] == ["Shiomi 1", "Shiomi 1"]
    assert _drawn(other, 3) == "Other 3"
    with translation.override("en"):
        assert _drawn(shiomi, 4) == "Shiomi 4"


def test_without_an_owner_it_is_drawn_each_time() -> None:
    assert [_drawn(None, 1), _drawn(None, 2)] == [" 1", " 2"]


def test_needs_an_owner_and_a_name() -> None:
    with pytest.raises(TemplateSyntaxError, match="an owner and a name"):
        Template("{% load fragments %}{% fragment brand %}{% endfragment %}")


def test_goes_with_the_brand_it_was_drawn_from(town: object) -> None:
    before = brand.get()
    before.fragments["part", "ja"] = "drawn"
    assert brand.get() is before
    brand.forget()
    assert brand.get().fragments == {}
