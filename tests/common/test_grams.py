"""Words, bigrams and highlighting."""

import pytest

from common import grams


def test_index_grams_of_japanese_are_single_characters_and_pairs() -> None:
    assert grams.index_grams(["公園内"]) == ["公", "園", "内", "公園", "園内"]


def test_index_grams_of_latin_are_words_and_beginnings() -> None:
    assert set(grams.index_grams(["Parks"])) == {"parks", "park", "pa", "par"}


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("ﾊﾟｰｸ", "ぱーく"),
        ("ＰＡＲＫ", "park"),
        ("パーク", "ぱーく"),
        ("①", "1"),
        ("Straße", "strasse"),
    ],
)
def test_normalise_makes_one_spelling(typed: str, found: str) -> None:
    assert grams.normalise(typed) == found


def test_query_grams_need_every_pair() -> None:
    assert grams.query_grams("公園内") == ["公園", "園内"]


def test_query_of_one_character() -> None:
    assert grams.query_grams("川") == ["川"]


def test_query_leaves_particles_out() -> None:
    assert grams.words("公園を使う") == ["公園", "使う"]


@pytest.mark.parametrize(("typed", "wanted"), [("parks", ["park"]), ("Parties", ["party"])])
def test_query_forgives_the_plural(typed: str, wanted: list[str]) -> None:
    assert grams.query_grams(typed) == wanted


@pytest.mark.parametrize("typed", ["", "  ", "!?", "、。", "<>&'\"", "\x00"])
def test_query_of_nothing_is_empty(typed: str) -> None:
    assert grams.query_grams(typed) == []


def test_highlight_marks_across_spellings() -> None:
    assert grams.highlight("中央パークへ", grams.words("ﾊﾟｰｸ")) == [
        ("中央", False),
        ("パーク", True),
        ("へ", False),
    ]


def test_highlight_marks_beginnings_of_words_only() -> None:
    assert grams.highlight("A spark in Parks", ["park"]) == [
        ("A spark in ", False),
        ("Park", True),
        ("s", False),
    ]


def test_excerpt_shows_the_place_of_the_word() -> None:
    long = "あ" * 200 + "公園" + "い" * 200
    shown = grams.excerpt(long, ["公園"])
    assert "公園" in shown
    assert len(shown) <= 82
