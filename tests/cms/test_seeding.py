"""Filling a town's site, once and again."""

from __future__ import annotations

from typing import Any

from django.contrib.contenttypes.models import ContentType
from wagtail.models import Page, Site

from catalogue import queries
from cms import seeding
from cms.models import Branding, ContentPage, NewsPage, Office, ServicePage
from sandbox import content


def _state() -> tuple[Any, ...]:
    return (
        list(Page.objects.order_by("pk").values_list("pk", "url_path", "locale_id", "live")),
        list(Branding.objects.values()),
        list(Office.objects.order_by("pk").values()),
        list(Site.objects.values()),
    )


def test_seeding_twice_changes_nothing(town: Any) -> None:
    before = _state()
    seeding.seed_site(town_spec=content.load("shiomi"), offerings=queries.published())
    assert _state() == before


def test_seeding_keeps_what_an_editor_changed(town: Any) -> None:
    page = NewsPage.objects.filter(locale__language_code="ja").first()
    assert page is not None
    page.title = "編集した見出し"
    page.save()
    seeding.seed_site(town_spec=content.load("shiomi"), offerings=queries.published())
    page.refresh_from_db()
    assert page.title == "編集した見出し"


def test_seeding_adds_the_page_of_a_new_service(town: Any) -> None:
    for page in ServicePage.objects.filter(slug="park-use"):
        page.delete()
    seeding.seed_site(town_spec=content.load("shiomi"), offerings=queries.published())
    assert ServicePage.objects.filter(slug="park-use").count() == 2


def test_every_page_has_its_translation(town: Any) -> None:
    japanese = Page.objects.filter(locale__language_code="ja", depth__gte=2)
    english = Page.objects.filter(locale__language_code="en", depth__gte=2)
    keys = set(japanese.values_list("translation_key", flat=True))
    assert keys == set(english.values_list("translation_key", flat=True))
    assert len(keys) == japanese.count()


def test_wagtails_welcome_page_is_gone(town: Any) -> None:
    assert not Page.objects.filter(url_path="/home/").exists()
    assert Site.objects.get().root_page.specific.title == "汐見市"


def test_content_types_are_equal_in_every_town(town: Any, in_town: Any) -> None:
    mine = dict(ContentType.objects.values_list("pk", "model"))
    with in_town("suginosawa"):
        assert dict(ContentType.objects.values_list("pk", "model")) == mine


def test_placeholders_are_filled(town: Any) -> None:
    for page in ContentPage.objects.all():
        words = f"{page.title} {page.summary} {page.body}"
        assert "{" not in words
        assert "}" not in words


def test_editors_may_write_pages_and_branding_only(town: Any) -> None:
    from identity.models import User

    editor = User.objects.create_staff("a.editor", name="編集 者", is_staff=True)
    editor.groups.add(seeding.Group.objects.get(name=seeding.EDITORS))
    assert editor.has_perm("wagtailadmin.access_admin")
    assert editor.has_perm("cms.change_branding")
    assert not editor.has_perm("identity.change_user")
    page = ServicePage.objects.filter(locale__language_code="ja").first()
    assert page is not None
    assert page.permissions_for_user(editor).can_edit()
    assert page.permissions_for_user(editor).can_publish()
    assert not Page.objects.get(depth=1).permissions_for_user(editor).can_add_subpage()
