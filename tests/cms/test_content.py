"""The five towns of the demo are complete, in both languages, and readable."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from cms import colours, palette, svg
from cms.models import Branding
from cms.town_spec import TownSpec, check_digit
from common.text import Text
from sandbox import content

PAPER, GROUND, INK, INK_SOFT = "#ffffff", "#f7f7f5", "#1a1a1c", "#4d4d52"
NIGHT, NIGHT_GROUND, NIGHT_INK = "#16181d", "#101216", "#e9eaee"


def _texts(value: Any, place: str = "") -> Iterator[tuple[str, Text]]:
    if isinstance(value, Text):
        yield place, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, f"{place}.{key}")
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from _texts(item, f"{place}[{number}]")
    elif hasattr(type(value), "model_fields"):
        for name in type(value).model_fields:
            yield from _texts(getattr(value, name), f"{place}.{name}")


@pytest.mark.parametrize("key", content.TOWNS)
def test_every_text_is_in_both_languages(key: str) -> None:
    missing = [
        place for place, text in _texts(content.load(key)) if text and set(text) != {"ja", "en"}
    ]
    assert missing == []


@pytest.mark.parametrize("key", content.TOWNS)
def test_town_has_all_that_the_demo_needs(key: str) -> None:
    spec = content.load(key)
    assert len(spec.news) == 3
    assert len(spec.parks) in (3, 4)
    keys = {department.key for department in spec.departments}
    assert keys == {"permits", "parks", "child_welfare", "roads", "general_affairs"}
    for drawing in (spec.mark, spec.pattern, spec.seal):
        assert svg.clean(drawing)


@pytest.mark.parametrize("key", content.TOWNS)
def test_phones_and_mails_are_fictional(key: str) -> None:
    spec = content.load(key)
    phones = [spec.contact.phone, *(department.phone for department in spec.departments)]
    assert [phone for phone in phones if not phone.startswith("000-")] == []
    mails = [spec.contact.email, *(department.email for department in spec.departments)]
    assert [mail for mail in mails if mail and not mail.endswith(".example")] == []


def test_codes_have_valid_check_digits_and_differ() -> None:
    codes = {content.load(key).code for key in content.TOWNS}
    assert len(codes) == 5
    assert {code[:2] for code in codes} == {"99"}


def test_check_digit_is_the_published_example() -> None:
    assert check_digit("13201") == "2"


def test_a_wrong_check_digit_is_refused() -> None:
    data = content.load("shiomi").model_dump() | {"code": "990018"}
    with pytest.raises(ValueError, match="check digit"):
        TownSpec.model_validate(data)


def test_towns_look_different() -> None:
    palettes = {content.load(key).palette.primary for key in content.TOWNS}
    slogans = {str(content.load(key).slogan) for key in content.TOWNS}
    rates = {str(content.load(key).services["park_use"].rates) for key in content.TOWNS}
    assert (len(palettes), len(slogans), len(rates)) == (5, 5, 5)


@pytest.mark.parametrize("key", content.TOWNS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_palette_holds_every_contrast_the_look_asks_for(key: str, scheme: str) -> None:
    branding = Branding(**content.load(key).palette.model_dump())
    variables = getattr(palette, scheme)(branding)
    light = scheme == "light"
    paper, ground = (PAPER, GROUND) if light else (NIGHT, NIGHT_GROUND)
    ink, ink_soft = (INK, INK_SOFT) if light else (NIGHT_INK, "#b6b9c2")
    soft = variables["--brand-soft"]
    wanted = [
        (variables["--brand"], paper, 4.5),
        (variables["--brand"], ground, 4.5),
        (variables["--on-brand"], variables["--brand"], 4.5),
        (variables["--on-brand"], variables["--brand-strong"], 4.5),
        (variables["--brand-strong"], paper, 7),
        (variables["--brand-strong"], soft, 4.5),
        (ink, soft, 7),
        (ink_soft, soft, 4.5),
        (variables["--link"], paper, 4.5),
        (variables["--link"], ground, 4.5),
        (variables["--link"], soft, 4.5),
        (variables["--accent"], paper, 3),
        (variables["--accent"], soft, 3),
        (variables["--on-header"], variables["--header"], 4.5),
    ]
    short = [
        (one, other, ratio, round(colours.contrast(one, other), 2))
        for one, other, ratio in wanted
        if colours.contrast(one, other) < ratio
    ]
    assert short == []


@pytest.mark.parametrize("key", content.TOWNS)
def test_stylesheet_sets_root_only(key: str) -> None:
    spec = content.load(key)
    css = palette.stylesheet(Branding(**spec.palette.model_dump(), pattern=spec.pattern))
    assert re.findall(r"([^{}]+)\{", css) == [
        ":root",
        "@media (prefers-color-scheme:dark)",
        ":root",
    ]
