"""The look, checked in code: contrast of every pair, weight of the files, nothing inline."""

from __future__ import annotations

import gzip
import hashlib
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import get_template, render_to_string
from django.utils import translation

COMMON = Path(settings.BASE_DIR) / "common"
CSS = COMMON / "static" / "css"
JS = COMMON / "static" / "js"

TEXT, GRAPHIC, READING = 4.5, 3.0, 7.0
GROUNDS = ("paper", "ground")
PAIRS = [
    *[("ink", ground, READING) for ground in (*GROUNDS, "brand-soft")],
    *[("ink-soft", ground, TEXT) for ground in (*GROUNDS, "brand-soft")],
    *[("link", ground, TEXT) for ground in (*GROUNDS, "brand-soft")],
    *[("brand", ground, TEXT) for ground in GROUNDS],
    ("brand-strong", "paper", READING),
    ("brand-strong", "brand-soft", TEXT),
    ("on-brand", "brand", TEXT),
    ("on-brand", "brand-strong", TEXT),
    ("on-header", "header", TEXT),
    ("accent", "paper", GRAPHIC),
    ("accent", "brand-soft", GRAPHIC),
    ("paper", "accent", TEXT),  # the number in a count
    ("field-line", "paper", GRAPHIC),
    ("focus", "paper", GRAPHIC),
    ("focus", "brand-soft", GRAPHIC),
    *[
        pair
        for state in ("ok", "info", "warn", "bad")
        for pair in (
            (state, "paper", TEXT),
            (state, "ground", TEXT),
            (state, f"{state}-soft", TEXT),
            ("paper", state, TEXT),  # the sign in a notice's circle
            ("ink", f"{state}-soft", READING),
            ("ink-soft", f"{state}-soft", TEXT),
            ("link", f"{state}-soft", TEXT),
        )
    ],
]


def _without_comments(text: str) -> str:
    return re.sub(r"/\*.*?\*/", "", text, flags=re.S)


def _variables(scheme: str) -> dict[str, str]:
    text = _without_comments((CSS / "tokens.css").read_text())
    light, dark = text.split("@media (prefers-color-scheme: dark)")
    found = dict(re.findall(r"--([\w-]+):\s*([^;]+);", light))
    if scheme == "dark":
        found |= dict(re.findall(r"--([\w-]+):\s*([^;]+);", dark))
    return found


def _colour(name: str, variables: dict[str, str]) -> str:
    value = variables[name]
    while reference := re.fullmatch(r"var\(--([\w-]+)\)", value):
        value = variables[reference[1]]
    return value


def _luminance(colour: str) -> float:
    """WCAG 2.2 relative luminance of ``#rrggbb``."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("front", "back", "least"), PAIRS)
def test_pair_is_readable(scheme: str, front: str, back: str, least: float) -> None:
    variables = _variables(scheme)
    ratio = _contrast(_colour(front, variables), _colour(back, variables))
    assert ratio >= least, f"--{front} on --{back} in {scheme}: {ratio:.2f} < {least}"


def test_every_colour_has_a_dark_value() -> None:
    text = _without_comments((CSS / "tokens.css").read_text())
    light, dark = text.split("@media (prefers-color-scheme: dark)")
    semantic = light.split("color-scheme: light dark;")[1]
    colours = {
        name
        for name, value in re.findall(r"--([\w-]+):\s*([^;]+);", semantic)
        if value.startswith("#") or "--color-" in value
    }
    assert colours == set(re.findall(r"--([\w-]+):", dark))


def test_stylesheets_use_only_variables_that_exist() -> None:
    variables = set(_variables("light")) | {"tone", "tone-soft"}
    for name in ("site.css", "desk.css", "map.css"):
        used = set(re.findall(r"var\(--([\w-]+)", (CSS / name).read_text()))
        assert used <= variables, name


def test_vendored_tokens_are_all_used() -> None:
    text = "".join((CSS / name).read_text() for name in ("tokens.css", "site.css", "desk.css"))
    vendored = re.findall(r"^  --((?:color|font-size|border-radius)-[\w-]+):", text, re.M)
    assert vendored
    assert [name for name in vendored if f"var(--{name})" not in text] == []


def test_stylesheets_write_no_colour_of_their_own() -> None:
    for name in ("site.css", "desk.css"):
        text = _without_comments((CSS / name).read_text()).split("@media print")[0]
        assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?![^{]*\{)", text) == [], name


def _compressed(*paths: Path) -> int:
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in paths)


def test_residents_stylesheets_stay_small() -> None:
    assert _compressed(CSS / "tokens.css", CSS / "site.css") <= 9_000


def test_desk_stylesheet_stays_small() -> None:
    assert _compressed(CSS / "desk.css") <= 6_000


def test_scripts_stay_small() -> None:
    assert _compressed(JS / "site.js") <= 2_500
    assert _compressed(JS / "live.js") <= 2_500
    assert _compressed(JS / "desk.js") <= 2_500
    assert _compressed(JS / "map.js") <= 3_000


def test_library_of_the_map_is_what_its_note_says() -> None:
    folder = COMMON / "static" / "leaflet"
    note = (folder / "README.md").read_text()
    for name in ("leaflet.js", "leaflet.css"):
        digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        assert f"{digest}  {name}" in note
    assert "BSD 2-Clause" in (folder / "LICENSE.txt").read_text()


def test_htmx_is_found() -> None:
    assert finders.find("django_htmx/htmx-2.min.js")


ROOMS = ["common", "portal", "forms", "backoffice", "cms", "identity", "tenants", "sandbox"]
TEMPLATES = sorted(
    path
    for room in ROOMS
    for path in (Path(settings.BASE_DIR) / room / "templates").rglob("*.html")
    if "mail" not in path.parts  # letters by mail carry their styles with them
)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: "/".join(path.parts[-2:]))
def test_template_has_nothing_inline(path: Path) -> None:
    """The content security policy would silently drop it."""
    text = path.read_text()
    assert re.findall(r"<[^>]+\sstyle\s*=", text) == []
    assert re.findall(r"<[^>]+\son[a-z]+\s*=\s*[\"']", text) == []
    assert re.findall(r"<style\b", text) == []
    assert re.findall(r"<script(?![^>]*\bsrc=)", text) == []
    assert "javascript:" not in text


@pytest.mark.parametrize("name", ["400.html", "403.html", "404.html", "403_csrf.html"])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_error_page_needs_no_database(name: str, language: str) -> None:
    with translation.override(language):
        page = render_to_string(name, {"LANGUAGE_CODE": language})
    assert f'<html lang="{language}">' in page
    assert "<h1>" in page


def test_page_for_our_own_fault_needs_nothing() -> None:
    source = (COMMON / "templates" / "500.html").read_text()
    assert "{%" not in source
    assert "{{" not in source
    assert "二重に受け付けることはありません" in get_template("500.html").render()


def _render(name: str, /, **context: object) -> str:
    with translation.override("en"):
        return render_to_string(f"components/{name}.html", context)


def test_error_summary_links_to_the_fields() -> None:
    page = _render("errors", errors=[{"message": "Enter a date", "anchor": "q-from"}])
    assert '<a href="#q-from">Enter a date</a>' in page
    assert "One answer needs another look" in page
    assert "data-autofocus" in page


def test_steps_say_their_state_in_words() -> None:
    page = _render(
        "steps",
        number=2,
        total=3,
        steps=[
            {"number": 1, "title": "You", "state": "done", "url": "/1/"},
            {"number": 2, "title": "Act", "state": "now", "url": "/2/"},
            {"number": 3, "title": "Check", "state": "todo", "url": ""},
        ],
    )
    assert "Step 2 of 3" in page
    assert '<a href="/1/">' in page
    assert 'href="/2/"' not in page
    assert page.count("aria-current") == 1
    assert ">done<" in page
    assert ">to do<" in page


def test_components_escape_what_people_wrote() -> None:
    evil = "<script>alert(1)</script>"
    pages = [
        _render("errors", errors=[{"message": evil, "anchor": '"><script>'}]),
        _render("file", name=evil, url="/f/", size=1),
        _render("empty", title=evil, text=evil),
    ]
    assert [page for page in pages if "<script" in page] == []
