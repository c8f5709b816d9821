"""The picture of a workflow, and the same in words."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

import pytest
from django.utils import translation

from catalogue.registry import catalogue
from tests.workflow.samples import definition, sample
from workflow import diagram
from workflow.definition import WorkflowError, load

NAMESPACE = {"svg": "http://www.w3.org/2000/svg"}


def _tree(current: str = "review") -> ElementTree.Element:
    return ElementTree.fromstring(diagram.svg(definition(), current))  # noqa: S314  our own


def test_svg_has_a_box_for_every_stage_and_marks_one() -> None:
    boxes = _tree().findall(".//svg:g", NAMESPACE)
    assert len(boxes) == 5
    now = [box for box in boxes if "diagram__stage--now" in box.attrib["class"]]
    assert ["".join(box.itertext()) for box in now] == ["Under review"]


def test_svg_has_a_line_for_every_way() -> None:
    assert len(_tree().findall(".//svg:path[@class='diagram__way']", NAMESPACE)) == 5


def test_svg_is_named_and_carries_no_inline_style_or_script() -> None:
    with translation.override("en"):
        drawn = diagram.svg(definition(), "review")
    assert '<title id="diagram-title">Stages of this service. Now: Under review</title>' in drawn
    assert not re.search(r"style=|<style|<script|\son\w+=|href=", drawn)


def test_boxes_do_not_overlap_and_stay_inside() -> None:
    tree = _tree()
    width, height = int(tree.attrib["width"]), int(tree.attrib["height"])
    places = {
        (int(box.attrib["x"]), int(box.attrib["y"]))
        for box in tree.findall(".//svg:rect", NAMESPACE)
    }
    assert len(places) == 5
    assert all(x > 0 and x + 148 < width and y > 0 and y + 50 < height for x, y in places)


def test_words_say_every_way_on() -> None:
    with translation.override("en"):
        stages = diagram.in_words(definition(), "review")
    review = stages[1]
    assert review.is_current
    assert [(way.verb, way.to) for way in review.ways] == [
        ("Ask for a correction", "Waiting for the correction"),
        ("Approve", "Granted"),
        ("Refuse", "Refused"),
    ]
    assert [stage.is_final for stage in stages] == [False, False, False, True, True]


def test_title_is_escaped_and_wrapped() -> None:
    data = sample()
    data["stages"][0]["title"] = "<b>Arrived</b> & a very long title that would need many lines"
    drawn = diagram.svg(load(data))
    assert "<b>" not in drawn
    assert "&lt;b&gt;Arrived&lt;/b&gt;" in drawn
    # Three lines at most here, two for the correction, one for each of the other three.
    assert drawn.count("diagram__title") == 3 + 2 + 3
    assert "…" in drawn


def test_japanese_title_breaks_between_characters() -> None:
    data = sample()
    data["stages"][0]["title"] = "担当課の担当者が内容を確認しています"
    lines = [
        text.text
        for text in ElementTree.fromstring(  # noqa: S314
            diagram.svg(load(data))
        ).findall(".//svg:text", NAMESPACE)
    ]
    assert lines[:2] == ["担当課の担当者が内容", "を確認しています"]


def test_unknown_current_stage_raises() -> None:
    with pytest.raises(WorkflowError):
        diagram.svg(definition(), "archive")


def _crossed(drawn: str) -> list[str]:
    """Lines that run through the inside of a box."""
    tree = ElementTree.fromstring(drawn)  # noqa: S314  ours
    boxes = [
        tuple(int(box.attrib[name]) for name in ("x", "y", "width", "height"))
        for box in tree.iterfind(".//svg:rect", NAMESPACE)
    ]
    found = []
    for way in tree.iterfind(".//svg:path[@class='diagram__way']", NAMESPACE):
        (x, y), *rest = _corners(way.attrib["d"])
        for to_x, to_y in rest:
            found += [
                way.attrib["d"]
                for left, top, width, height in boxes
                if max(x, to_x) > left
                and min(x, to_x) < left + width
                and max(y, to_y) > top
                and min(y, to_y) < top + height
            ]
            x, y = to_x, to_y
    return found


def _corners(path: str) -> list[tuple[int, int]]:
    start = re.match(r"M(\d+) (\d+)", path)
    assert start is not None
    x, y = int(start[1]), int(start[2])
    corners = [(x, y)]
    for axis, value in re.findall(r"([HV])(\d+)", path):
        x, y = (int(value), y) if axis == "H" else (x, int(value))
        corners.append((x, y))
    return corners


@pytest.mark.parametrize("key", sorted(catalogue()))
def test_no_line_crosses_a_box(key: str) -> None:
    workflow = catalogue().get(key).workflow
    drawn = diagram.svg(workflow)
    assert _crossed(drawn) == []
    width = int(ElementTree.fromstring(drawn).attrib["width"])  # noqa: S314  ours
    assert all(
        x < width for path in re.findall(r' d="(M[^"]+)"', drawn) for x, _y in _corners(path)
    )
