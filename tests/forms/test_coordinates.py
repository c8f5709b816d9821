"""Where a place is, as people type and paste it."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.utils import translation
from hypothesis import example, given, settings
from hypothesis import strategies as st

from forms import coordinates
from forms.normalise import Unreadable

STATION = "35.6812, 139.7671"
KEPT = re.compile(r"[0-9]{2}(\.[0-9]{1,6})?, [0-9]{3}(\.[0-9]{1,6})?")


@pytest.mark.parametrize(
    "typed",
    [
        "35.6812, 139.7671",
        "35.6812,139.7671",
        " (35.6812 139.7671) ",
        "35.681200　139.767100",
        "３５．６８１２，１３９．７６７１",
        "３５.６８１２、１３９.７６７１",
        "139.7671, 35.6812",  # the other way round
        "35.6812N 139.7671E",
        "N35.6812 E139.7671",
        "E 139.7671, N 35.6812",
        "35.6812° N, 139.7671° E",
        "北緯35.6812度、東経139.7671度",
        "東経139.7671度 北緯35.6812度",
        "緯度：35.6812　経度：139.7671",
        "geo:35.6812,139.7671?z=15",
        "https://maps.gsi.go.jp/#15/35.6812/139.7671/",
        "https://maps.gsi.go.jp/#15/35.6812/139.7671/&base=std&ls=std&disp=1&vs=c1g1j0",
        "maps.gsi.go.jp/#15/35.681200/139.767100",
        "https://www.google.com/maps/@35.6812,139.7671,15z",
        "https://www.google.co.jp/maps?q=35.6812,139.7671",
        "https://www.google.com/maps/search/?api=1&query=35.6812%2C139.7671",
        "https://maps.google.com/?q=loc:35.6812,+139.7671",
        "https://www.google.com/maps/search/35.6812,+139.7671?entry=tts",
        # What was chosen, not the middle of the picture.
        "https://www.google.com/maps/place/%E6%9D%B1/@35.7,139.8,17z/data=!8m2!3d35.6812!4d139.7671",
        "https://maps.apple.com/?ll=35.6812,139.7671&z=16",
        "https://www.openstreetmap.org/#map=17/35.6812/139.7671",
        "https://map.yahoo.co.jp/?lat=35.6812&lon=139.7671&zoom=15",
    ],
)
def test_same_place_however_it_is_written(typed: str) -> None:
    assert coordinates.read(typed) == STATION


@pytest.mark.parametrize(
    "typed",
    [
        "北緯35度40分52秒 東経139度46分1秒",
        "北緯３５度４０分５２秒、東経１３９度４６分１秒",
        "北緯35度40分52秒東経139度46分1秒",
        "東経139度46分1秒　北緯35度40分52秒",
        "35°40'52\"N 139°46'1\"E",
        "35°40′52″N, 139°46′01″E",
        "35º40’52”N 139º46’1”E",
        "35° 40' 52\", 139° 46' 1\"",
        "35°40'52\"139°46'1\"",
        "https://www.google.com/maps/place/35%C2%B040'52%22N+139%C2%B046'1%22E/",
    ],
)
def test_degrees_minutes_and_seconds(typed: str) -> None:
    assert coordinates.read(typed) == "35.681111, 139.766944"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("", ""),
        ("　", ""),
        ("35, 139", "35, 139"),
        ("35.68123456789, 139.00000000", "35.681235, 139"),
        ("北緯35度40分 東経139度30分", "35.666667, 139.5"),
        ("20, 154", "20, 154"),
        ("46, 122", "46, 122"),
    ],
)
def test_kept_with_six_decimals_at_most(typed: str, kept: str) -> None:
    assert coordinates.read(typed) == kept


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("48.8584, 2.2945", "48.8584, 2.2945 is not in Japan"),
        ("-35.68, 139.76", "-35.68, 139.76 is not in Japan"),
        ("35.68S 139.76E", "-35.68, 139.76 is not in Japan"),
        ("0, 0", "0, 0 is not in Japan"),
        ("19.999999, 139", "is not in Japan"),
        ("35, 154.000001", "is not in Japan"),
        ("91, 200", "is not in Japan"),
        ("https://www.google.com/maps/@48.8584,2.2945,15z", "is not in Japan"),
        ("somewhere", "Write two numbers"),
        ("35.68", "Write two numbers"),
        ("35139", "Write two numbers"),
        ("35.68, 139.76, 12", "Write two numbers"),
        ("35.68N 36.1N", "Write two numbers"),
        ("北緯35度60分 東経139度", "Write two numbers"),
        ("35°40'60\"N 139°46'1\"E", "Write two numbers"),
        ("1" * 3000, "Write two numbers"),
        ("https://maps.app.goo.gl/abcDEF123", "No place can be read from this address"),
        ("https://[::1", "No place can be read from this address"),
        ("https://example.jp/?q=%", "No place can be read from this address"),
        ("35.68\x00, 139.76", "invisible control character"),
    ],
)
def test_anything_else_is_refused_with_a_word(typed: str, said: str) -> None:
    with translation.override("en"), pytest.raises(Unreadable, match=re.escape(said)):
        coordinates.read(typed)


_PIECES = st.sampled_from(
    [
        "35",
        "139",
        "35.6812",
        "139.7671",
        ".",
        ",",
        "、",
        "-",
        "°",
        "'",
        '"',
        "′",
        "″",
        "N",
        "e",
        "S",
        "北緯",
        "東経",
        "度",
        "分",
        "秒",
        "緯度",
        "(",
        ")",
        "/",
        "@",
        "#15/",
        "?q=",
        "https://",
        "www.",
        "geo:",
        "!3d",
        "!4d",
        "%2C",
        "%",
        "+",
        "&lat=",
        "&lon=",
        "\x00",
        "٣٥",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60) | st.lists(_PIECES | st.just(" "), max_size=14).map("".join))
@example(" " * 9_000 + "35")
@example("35 " * 600)
@example("1" * 1_999)
@example("https://a/" + "?q=1" * 480)
@example("\ud800, 139")
def test_a_place_in_japan_or_a_refusal(typed: str) -> None:
    try:
        kept = coordinates.read(typed)
    except Unreadable:
        return
    assert kept == "" or KEPT.fullmatch(kept)
    assert coordinates.read(kept) == kept


@given(
    st.decimals(min_value=20, max_value=46, places=6),
    st.decimals(min_value=122, max_value=154, places=6),
)
def test_what_a_map_gives_stays_what_it_is(north: Decimal, east: Decimal) -> None:
    kept = coordinates.read(f"{north:.6f}, {east:.6f}")
    assert [Decimal(part) for part in kept.split(", ")] == [north, east]
    assert coordinates.read(f"{east:.6f}, {north:.6f}") == kept
