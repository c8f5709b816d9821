"""Pages as residents see them: content, languages, SQL and weight."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brotli
import pytest
from bs4 import BeautifulSoup
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.cache import cache
from django.utils import timezone
from wagtail.models import Locale

from catalogue.models import Offering
from cms.models import HomePage, NewsIndexPage, NewsPage, ServiceIndexPage, ServicePage

MAX_SQL = 8


def _copy_of(offering: Offering, number: int) -> Offering:
    offering.pk = uuid.uuid4()
    offering.template_key = f"{offering.template_key[:50]}_{number}"
    offering.slug = f"{offering.slug[:50]}-{number}"
    offering._state.adding = True
    offering.save()
    return offering


def _only_services(count: int) -> None:
    """Exactly `count` Japanese service pages, each with an offering of its own."""
    first = ServicePage.objects.filter(locale__language_code="ja").first()
    assert first is not None
    template = first.offering
    ServicePage.objects.exclude(pk=first.pk).delete()
    index = ServiceIndexPage.objects.get(locale__language_code="ja")
    for number in range(count - 1):
        offering = Offering.objects.get(pk=template.pk)
        copy = _copy_of(offering, number)
        copy.template_key = offering.template_key
        index.add_child(
            instance=ServicePage(title=f"手続き{number}", slug=f"s-{number}", offering=copy)
        )


def _only_news(count: int) -> None:
    index = NewsIndexPage.objects.get(locale__language_code="ja")
    for page in NewsPage.objects.child_of(index):
        page.delete()
    index = NewsIndexPage.objects.get(locale__language_code="ja")
    for number in range(count):
        index.add_child(instance=NewsPage(title=f"お知らせ{number}", slug=f"n-{number}"))


def test_service_page_says_all_that_a_resident_asks(shiomi: Any) -> None:
    page = BeautifulSoup(shiomi.get("/en/services/park-use/").content, "html.parser")
    words = page.main.get_text(" ", strip=True)
    for expected in (
        "Park use permit",
        "6 working days",
        "about 10 minutes",
        "Who it is for",
        "How it goes",
        "What you need",
        "¥7,200",
        "Permits Division",
        "Main building, 2nd floor, counter 5",
    ):
        assert expected in words
    [button] = page.main.select("a.button")
    assert button["href"] == "/en/apply/park-use/"


def test_service_page_has_one_heading_and_no_inline_code(shiomi: Any) -> None:
    page = BeautifulSoup(shiomi.get("/services/park-use/").content, "html.parser")
    assert len(page.select("h1")) == 1
    assert page.select("[style], style, [onclick]") == []
    assert [tag for tag in page.select("script") if not tag.get("src")] == []


def test_service_not_published_cannot_be_applied_for(shiomi: Any) -> None:
    Offering.objects.filter(slug="park-use").update(is_published=False)
    page = BeautifulSoup(shiomi.get("/services/park-use/").content, "html.parser")
    assert page.select("a.button--start") == []
    assert page.select(".notice--warn")


def test_editors_words_replace_the_templates(shiomi: Any) -> None:
    page = ServicePage.objects.get(slug="park-use", locale__language_code="ja")
    page.body = [("steps", {"steps": ["窓口で相談する"]}), ("bring", {"things": []})]
    page.save()
    html = shiomi.get("/services/park-use/").content.decode()
    assert "窓口で相談する" in html
    assert "すぐに受付番号が出ます" not in html
    assert "位置図" in html


def test_fee_row_of_an_unknown_rate_is_left_out(shiomi: Any) -> None:
    page = ServicePage.objects.get(slug="park-use", locale__language_code="ja")
    rows = [
        {"label": "販売", "rate": "peddling", "unit": "1日"},
        {"label": "まちがい", "rate": "no_such_rate", "unit": ""},
    ]
    page.body = [("fees", {"rows": rows, "note": ""})]
    page.save()
    html = shiomi.get("/services/park-use/").content.decode()
    assert "180" in html
    assert "まちがい" not in html


@pytest.mark.parametrize("services", [1, 3])
def test_service_page_sql(
    shiomi: Any, services: int, count_sql: Callable[[Any, str], list[str]]
) -> None:
    _only_services(services)
    statements = count_sql(shiomi, "/services/park-use/")
    assert len(statements) <= MAX_SQL, "\n".join(statements)


def test_lists_cost_the_same_with_one_and_with_three(
    shiomi: Any, count_sql: Callable[[Any, str], list[str]]
) -> None:
    counts = {}
    for count in (1, 3):
        _only_services(count)
        _only_news(count)
        counts[count] = [len(count_sql(shiomi, path)) for path in ("/", "/services/", "/news/")]
    assert counts[1] == counts[3]
    assert max(counts[3]) <= MAX_SQL


@pytest.mark.parametrize("path", ["/", "/en/", "/services/park-use/", "/en/services/park-use/"])
def test_first_view_weighs_at_most_30_kb(shiomi: Any, path: str) -> None:
    """HTML, stylesheets, scripts and pictures, compressed as they are sent."""
    html = shiomi.get(path).content
    page = BeautifulSoup(html, "html.parser")
    weight = len(brotli.compress(html, quality=5))
    links = [tag["href"] for tag in page.select("link[rel=stylesheet], link[rel=icon]")]
    links += [tag["src"] for tag in page.select("script[src], img[src]")]
    for link in links:
        if link.startswith(settings.STATIC_URL):
            found = finders.find(link.removeprefix(settings.STATIC_URL))
            weight += len(brotli.compress(Path(found).read_bytes()))
        else:
            weight += len(brotli.compress(shiomi.get(link).content, quality=5))
    assert weight <= 30_000


def test_language_switch_leads_to_the_translation(shiomi: Any) -> None:
    page = BeautifulSoup(shiomi.get("/services/park-use/").content, "html.parser")
    assert page.select_one("a[hreflang=en]")["href"] == "/en/services/park-use/"
    page = BeautifulSoup(shiomi.get("/en/services/park-use/").content, "html.parser")
    assert page.select_one("a[hreflang=ja]")["href"] == "/services/park-use/"


def test_language_switch_of_an_untranslated_page_leads_to_the_nearest(shiomi: Any) -> None:
    index = NewsIndexPage.objects.get(locale__language_code="ja")
    index.add_child(instance=NewsPage(title="日本語だけ", slug="only-ja"))
    page = BeautifulSoup(shiomi.get("/news/only-ja/").content, "html.parser")
    assert page.select_one("a[hreflang=en]")["href"] == "/en/news/"
    assert shiomi.get("/en/news/only-ja/").status_code == 404


def test_page_language_is_declared(shiomi: Any) -> None:
    for path, language in (("/", "ja"), ("/en/", "en")):
        page = BeautifulSoup(shiomi.get(path).content, "html.parser")
        assert page.html["lang"] == language


def test_news_are_newest_first_and_paged(shiomi: Any) -> None:
    index = NewsIndexPage.objects.get(locale__language_code="ja")
    for number in range(NewsIndexPage.PER_PAGE):
        index.add_child(
            instance=NewsPage(
                title=f"むかし{number}",
                slug=f"old-{number}",
                date=timezone.localdate().replace(year=2020),
            )
        )
        index.refresh_from_db()
    first = BeautifulSoup(shiomi.get("/news/").content, "html.parser")
    titles = [tag.get_text() for tag in first.select(".news-list a")]
    assert len(titles) == NewsIndexPage.PER_PAGE
    assert titles[0].startswith("冬の花火大会")
    second = BeautifulSoup(shiomi.get("/news/?page=2").content, "html.parser")
    assert len(second.select(".news-list a")) == 3


@pytest.mark.parametrize("number", ["0", "-1", "x", "٣", "99999999999999999999"])
def test_news_with_an_odd_page_number(shiomi: Any, number: str) -> None:
    assert shiomi.get("/news/", {"page": number}).status_code == 200


def test_a_draft_is_not_found(shiomi: Any) -> None:
    page = NewsPage.objects.filter(locale__language_code="ja").first()
    assert page is not None
    page.unpublish()
    assert shiomi.get(page.url).status_code == 404


@pytest.mark.parametrize(
    "path", ["/no-such-page/", "/en/no-such-page/", "/services/no-such/", "/root/", "/ja/"]
)
def test_unknown_paths_are_not_found(shiomi: Any, path: str) -> None:
    assert shiomi.get(path).status_code == 404


def test_posting_to_a_page_is_not_allowed(shiomi: Any) -> None:
    assert shiomi.post("/services/").status_code == 405


def test_a_town_without_a_site_answers_not_found(shiomi: Any) -> None:
    for page in HomePage.objects.all():
        page.delete()
    cache.clear()
    assert shiomi.get("/").status_code == 404
    assert shiomi.get("/search/", {"q": "公園"}).status_code == 200


def test_pages_of_another_town_stay_there(
    town: Any, other_town: Any, client_for: Callable[..., Any]
) -> None:
    assert client_for(town).get("/news/fireworks-parking/").status_code == 200
    assert client_for(other_town).get("/news/fireworks-parking/").status_code == 404


def test_homes_are_one_for_each_language(town: Any) -> None:
    codes = HomePage.objects.values_list("locale__language_code", flat=True)
    assert sorted(codes) == ["en", "ja"]
    assert Locale.objects.count() == 2
