"""The brand: refused colours, the stylesheet, the cache."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from cms import brand
from cms.models import Branding
from common.text import Text


def test_a_colour_nobody_can_read_is_refused_with_a_better_one(town: Any) -> None:
    branding = Branding.objects.get()
    branding.primary = "#8fc0f0"
    with pytest.raises(ValidationError) as refused:
        branding.full_clean()
    assert set(refused.value.message_dict) == {"primary"}
    assert "#8fc0f0" in refused.value.message_dict["primary"][0]


def test_a_dark_ground_is_refused(town: Any) -> None:
    branding = Branding.objects.get()
    branding.tint = "#555555"
    with pytest.raises(ValidationError) as refused:
        branding.full_clean()
    assert "tint" in refused.value.message_dict


def test_a_drawing_with_a_script_is_refused(town: Any) -> None:
    branding = Branding.objects.get()
    branding.mark = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><script/></svg>'
    with pytest.raises(ValidationError) as refused:
        branding.full_clean()
    assert set(refused.value.message_dict) == {"mark"}


def test_warm_brand_costs_no_query(town: Any) -> None:
    brand.get()
    with CaptureQueriesContext(connection) as captured:
        found = brand.get()
        assert all([found.menu, found.footer, found.home_url, found.css_url])
    assert captured.captured_queries == []


def test_saved_branding_is_seen_at_once(town: Any) -> None:
    before = brand.get()
    branding = Branding.objects.get()
    branding.slogan = Text({"ja": "新しいことば", "en": "New words"})
    branding.primary = "#123456"
    branding.save()
    after = brand.get()
    assert str(after.slogan.in_language("en")) == "New words"
    assert after.version != before.version


def test_each_town_has_its_own_brand(town: Any, other_town: Any, in_town: Any) -> None:
    mine = brand.get()
    with in_town("suginosawa"):
        theirs = brand.get()
    names = mine.name.in_language("ja"), theirs.name.in_language("ja")
    assert names == ("汐見市", "杉ノ沢町")
    assert mine.version != theirs.version
    assert brand.get() == mine


def test_menu_follows_the_language(town: Any) -> None:
    found = brand.get()
    with translation.override("en"):
        assert [link.url for link in found.menu] == ["/en/services/", "/en/news/"]
    with translation.override("ja"):
        assert [(link.title, link.url) for link in found.menu] == [
            ("手続き", "/services/"),
            ("お知らせ", "/news/"),
        ]


def test_letters_get_colour_seal_and_mayor(town: Any) -> None:
    given = brand.current()
    assert given["colour"] == "#0b4a8f"
    assert given["seal"].startswith("data:image/svg+xml;base64,")
    assert str(given["representative_title"].in_language("ja")) == "汐見市長"


def test_stylesheet_is_kept_for_a_year_under_its_version(shiomi: Any) -> None:
    response = shiomi.get(brand.get().css_url)
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response["Content-Type"] == "text/css; charset=utf-8"
    assert "--brand:#0b4a8f" in response.content.decode()


def test_stylesheet_without_its_version_is_asked_for_again(shiomi: Any) -> None:
    response = shiomi.get("/brand.css")
    assert response["Cache-Control"] == "no-cache"
    again = shiomi.get("/brand.css", HTTP_IF_NONE_MATCH=response["ETag"])
    assert again.status_code == 304


def test_mark_is_served_as_svg(shiomi: Any) -> None:
    response = shiomi.get(brand.get().mark_url)
    assert response["Content-Type"] == "image/svg+xml"
    assert response.content.startswith(b"<svg")


def test_town_without_branding_has_neutral_colours(
    town: Any, client_for: Callable[..., Any]
) -> None:
    Branding.objects.all().delete()
    brand.forget()
    response = client_for(town).get("/brand.css")
    assert response.status_code == 200
    assert client_for(town).get("/brand/mark.svg").status_code == 404
