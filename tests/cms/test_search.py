"""The search, in both languages and across towns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup

from cms.models import NewsIndexPage, NewsPage, SearchEntry, ServicePage
from cms.search import index
from cms.search.queries import search


def _urls(query: str, language: str) -> list[str]:
    return [hit.url for hit in search(query, language).hits]


@pytest.mark.parametrize("query", ["公園", "park", "PARK", "parks", "こうえん", "コウエン", "撮影"])
def test_park_permit_is_found_first_in_both_languages(town: Any, query: str) -> None:
    assert _urls(query, "ja")[0] == "/services/park-use/"
    assert _urls(query, "en")[0] == "/en/services/park-use/"


@pytest.mark.parametrize(
    ("query", "url"),
    [
        ("児童手当", "/services/child-allowance/"),
        ("児童 手当", "/services/child-allowance/"),
        ("花火", "/news/fireworks-parking/"),
        ("渡船", "/news/ferry-timetable/"),
        ("個人情報", "/privacy/"),
    ],
)
def test_services_news_and_pages_are_found(town: Any, query: str, url: str) -> None:
    assert url in _urls(query, "ja")


def test_title_ranks_before_text(town: Any) -> None:
    kinds = [hit.kind for hit in search("公園", "ja").hits]
    assert kinds[0] == "service"


def test_some_words_are_better_than_nothing(town: Any) -> None:
    results = search("公園 ぺんぎん", "ja")
    assert results.partly
    assert results.hits


def test_nothing_is_found_for_nonsense(town: Any) -> None:
    assert search("ぺんぎん", "ja").hits == ()


def test_search_finds_only_the_own_town(town: Any, in_town: Any) -> None:
    assert _urls("花火", "ja")
    with in_town("suginosawa"):
        assert "/news/fireworks-parking/" not in _urls("花火", "ja")
        assert _urls("除雪", "ja") == ["/news/snow-clearing/"]


def test_publishing_and_unpublishing_is_followed(town: Any) -> None:
    parent = NewsIndexPage.objects.get(locale__language_code="ja")
    page = NewsPage(title="ぺんぎん公園", slug="penguin", live=False)
    parent.add_child(instance=page)
    assert _urls("ぺんぎん", "ja") == []
    page.save_revision().publish()
    assert _urls("ぺんぎん", "ja") == ["/news/penguin/"]
    page.refresh_from_db()
    page.unpublish()
    assert _urls("ぺんぎん", "ja") == []


def test_a_deleted_page_is_forgotten(town: Any) -> None:
    page = ServicePage.objects.get(slug="park-use", locale__language_code="ja")
    key = page.pk
    page.delete()
    assert not SearchEntry.objects.filter(pk=key).exists()


def test_rebuild_finds_the_same(town: Any) -> None:
    before = set(SearchEntry.objects.values_list("pk", flat=True))
    assert index.rebuild() == len(before)
    assert set(SearchEntry.objects.values_list("pk", flat=True)) == before


def test_search_page_marks_the_word(shiomi: Any) -> None:
    page = BeautifulSoup(shiomi.get("/search/", {"q": "公園"}).content, "html.parser")
    assert page.select_one("#results .list__title mark").get_text() == "公園"
    assert page.select_one("input[name=q]")["value"] == "公園"


def test_search_page_without_a_result_suggests_services(shiomi: Any) -> None:
    page = BeautifulSoup(shiomi.get("/search/", {"q": "ぺんぎん"}).content, "html.parser")
    links = [link["href"] for link in page.select("#results .list-links a")]
    assert "/services/park-use/" in links


def test_search_page_without_a_query(shiomi: Any) -> None:
    page = BeautifulSoup(shiomi.get("/en/search/").content, "html.parser")
    assert "/en/services/park-use/" in [a["href"] for a in page.select("#results a")]


def test_htmx_gets_the_results_alone(shiomi: Any) -> None:
    response = shiomi.get("/search/", {"q": "公園"}, HTTP_HX_REQUEST="true")
    assert b"<html" not in response.content
    assert "HX-Request" in response["Vary"]


@pytest.mark.parametrize(
    "query",
    ["<script>alert(1)</script>", "' OR 1=1 --", "%", "\\", "\x00", "𠮷", "あ" * 5000, "{}", "🎆"],
)
def test_odd_queries_are_answered(shiomi: Any, query: str) -> None:
    response = shiomi.get("/search/", {"q": query})
    assert response.status_code == 200
    assert b"<script>alert" not in response.content


@pytest.mark.parametrize("items", [1, 3])
@pytest.mark.parametrize("query", ["ぺんぎん", "ふくろう"])
def test_search_sql(
    shiomi: Any, items: int, query: str, count_sql: Callable[[Any, str], list[str]]
) -> None:
    parent = NewsIndexPage.objects.get(locale__language_code="ja")
    for number in range(items):
        page = NewsPage(title=f"ぺんぎん{number}", slug=f"penguin-{number}")
        parent.add_child(instance=page)
        page.save_revision().publish()
        parent.refresh_from_db()
    statements = count_sql(shiomi, f"/search/?q={query}")
    assert len(statements) <= 5, "\n".join(statements)


def test_search_uses_its_index(town: Any) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN SELECT 1 FROM cms_searchentry WHERE grams @> ARRAY['公園']")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "cms_search_grams" in plan
