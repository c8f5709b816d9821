"""The bench's reader of forms sends what a browser would send."""

from __future__ import annotations

from bench.browser import forms
from bench.plan import site_plan

PAGE = """
<form method="get" action="/search/"><input name="q"></form>
<form method="post" action="/step/?a=1&amp;b=2" enctype="multipart/form-data">
  <input type="hidden" name="csrfmiddlewaretoken" value="t0k&amp;en">
  <input name="name" value="花子 &quot;H&quot;" readonly>
  <input type='radio' name='kind' value='a'><input type="radio" name="kind" value="b" checked>
  <input type="checkbox" name="agree" checked><input type="checkbox" name="more" value="x">
  <input name="off" value="1" disabled>
  <select name="park"><option value="">-</option><option value="c" selected>C</option></select>
  <select name="day"><option value="1">1</option><option value="2">2</option></select>
  <textarea name="text">
two
lines</textarea>
  <input type="file" name="plan">
  <button name="go" value="1">Go</button>
</form>
"""


def test_form_keeps_what_the_page_holds() -> None:
    (form,) = forms(PAGE)
    assert form.action == "/step/?a=1&b=2"
    assert form.multipart
    assert form.fields == [
        ("csrfmiddlewaretoken", "t0k&en"),
        ("name", '花子 "H"'),
        ("kind", "b"),
        ("agree", "on"),
        ("park", "c"),
        ("day", "1"),
        ("text", "two\nlines"),
    ]
    assert {"plan", "more"} <= form.names
    assert "off" not in form.names


def test_filled_form_replaces_and_adds() -> None:
    (form,) = forms(PAGE)
    sent = form.filled({"kind": "a", "more": ["x", "y"]})
    assert [pair for pair in sent if pair[0] in {"kind", "more"}] == [
        ("kind", "a"),
        ("more", "x"),
        ("more", "y"),
    ]


def test_site_plan_is_a_picture() -> None:
    from io import BytesIO

    from PIL import Image

    plan = site_plan(64, 48)
    with Image.open(BytesIO(plan.content)) as picture:
        picture.load()
        assert (picture.size, picture.mode) == ((64, 48), "RGB")
