"""Wagtail's administration as a town's editor meets it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import Group

from cms import brand
from cms.models import Branding, NewsIndexPage, NewsPage, ServicePage
from cms.search.queries import search
from cms.seeding import EDITORS
from identity.models import Role
from tests.factories import people


@pytest.fixture
def editor(town: Any) -> Any:
    user = people.staff(Role.EDITOR, at=None, name="編集 太郎")
    user.is_staff = True
    user.save()
    user.groups.add(Group.objects.get(name=EDITORS))
    return user


@pytest.fixture
def desk(town: Any, editor: Any, client_for: Callable[..., Any]) -> Any:
    """The editor's browser, after password and code."""
    return people.sign_in_staff(client_for(town), editor)


def _form(page: BeautifulSoup, selector: str) -> dict[str, Any]:
    """What a browser would send of a form."""
    values: dict[str, Any] = {}
    for field in page.select_one(selector).select("input[name], textarea[name], select[name]"):
        if field.name == "select":
            chosen = field.select_one("option[selected]")
            values[field["name"]] = chosen["value"] if chosen else ""
        elif field.name == "textarea":
            values[field["name"]] = field.get_text().removeprefix("\n")
        elif field.get("type") not in ("checkbox", "radio", "submit") or field.has_attr("checked"):
            values[field["name"]] = field.get("value", "")
    return values


def test_administration_is_closed_to_visitors(shiomi: Any) -> None:
    response = shiomi.get("/admin/")
    assert response.status_code == 302
    assert response["Location"].startswith("/staff/")


def test_administration_needs_the_second_factor(
    town: Any, editor: Any, client_for: Callable[..., Any]
) -> None:
    client = client_for(town, editor)
    assert client.get("/admin/").status_code == 302


def test_a_resident_does_not_get_in(town: Any, client_for: Callable[..., Any]) -> None:
    client = client_for(town, people.resident())
    assert client.get("/admin/").status_code == 403


def test_menu_has_only_what_an_editor_needs(desk: Any) -> None:
    response = desk.get("/admin/")
    assert response.status_code == 200
    sidebar = BeautifulSoup(response.content, "html.parser").select_one("#wagtail-sidebar-props")
    addresses = re.findall(r'"url": "([^"]+)"', sidebar.get_text())
    assert addresses == [
        "/admin/pages/",
        "/admin/forms/",
        "/admin/letters/",
        "/admin/snippets/",
        "/admin/settings/cms/branding/",
        "/admin/account/",
    ]


@pytest.mark.parametrize(("language", "word"), [("ja", "ダッシュボード"), ("en", "Dashboard")])
def test_administration_speaks_the_users_language(
    desk: Any, editor: Any, language: str, word: str
) -> None:
    editor.language = language
    editor.save()
    other = {"ja": "en", "en": "ja"}[language]
    html = desk.get("/admin/", HTTP_ACCEPT_LANGUAGE=other).content.decode()
    assert f'lang="{language}"' in html
    assert word in html


@pytest.mark.parametrize("model", [ServicePage, NewsPage, NewsIndexPage])
def test_pages_can_be_opened_for_editing(desk: Any, model: Any) -> None:
    page = model.objects.filter(locale__language_code="ja").first()
    assert desk.get(f"/admin/pages/{page.pk}/edit/").status_code == 200


def test_news_can_be_written_and_is_found(desk: Any) -> None:
    index = NewsIndexPage.objects.get(locale__language_code="ja")
    address = f"/admin/pages/add/cms/newspage/{index.pk}/"
    form = _form(BeautifulSoup(desk.get(address).content, "html.parser"), "#page-edit-form")
    # The script of Wagtail's editor adds this one.
    form |= {"body-count": "0"}
    form |= {"title": "ぺんぎん来園", "slug": "penguins", "action-publish": "action-publish"}
    response = desk.post(address, form)
    assert response.status_code == 302, response.content.decode()[:2000]
    page = NewsPage.objects.get(slug="penguins")
    assert page.live
    assert [hit.url for hit in search("ぺんぎん", "ja").hits] == ["/news/penguins/"]
    assert desk.get("/news/penguins/").status_code == 200


def test_page_can_be_previewed(desk: Any) -> None:
    page = ServicePage.objects.get(slug="park-use", locale__language_code="ja")
    page.save_revision()
    response = desk.get(f"/admin/pages/{page.pk}/view_draft/")
    assert response.status_code == 200
    assert "公園内行為許可" in response.content.decode()


def test_branding_refuses_a_colour_nobody_can_read(desk: Any) -> None:
    address = f"/admin/settings/cms/branding/{Branding.objects.get().pk}/"
    page = BeautifulSoup(desk.get(address).content, "html.parser")
    form = _form(page, "#main form[method=POST], main form[method=POST], form[method=POST]")
    response = desk.post(address, form | {"primary": "#9fd0ff"})
    assert response.status_code == 200
    assert "#9fd0ff" in response.content.decode()
    assert Branding.objects.get().primary == "#0b4a8f"


def test_branding_can_be_changed_and_is_seen(desk: Any) -> None:
    address = f"/admin/settings/cms/branding/{Branding.objects.get().pk}/"
    page = BeautifulSoup(desk.get(address).content, "html.parser")
    form = _form(page, "#main form[method=POST], main form[method=POST], form[method=POST]")
    form |= {"slogan_ja": "あたらしい海", "slogan_en": "A new sea", "primary": "#123456"}
    response = desk.post(address, form)
    assert response.status_code == 302, response.content.decode()[-3000:]
    assert str(brand.get().slogan.in_language("ja")) == "あたらしい海"
    assert "あたらしい海" in desk.get("/").content.decode()


def test_service_pages_only_below_the_list_of_services(town: Any) -> None:
    assert [model.__name__ for model in ServicePage.allowed_parent_page_models()] == [
        "ServiceIndexPage"
    ]
    assert ServicePage.allowed_subpage_models() == []


def test_editor_of_one_town_is_nobody_in_another(
    editor: Any, other_town: Any, in_town: Any
) -> None:
    from identity.models import User

    with in_town("suginosawa"):
        assert not User.objects.filter(pk=editor.pk).exists()
