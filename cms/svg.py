"""Drawings that editors may upload as text: a small, harmless part of SVG.

A mark is shown inside the page, so only shapes, gradients and their plain attributes pass: no
script, no style, no link, no foreign content, no reference to another file.
"""

from __future__ import annotations

import base64
import re
from xml.etree.ElementTree import Element, register_namespace, tostring

from defusedxml import ElementTree as SafeElementTree
from defusedxml.common import DefusedXmlException
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

NAMESPACE = "http://www.w3.org/2000/svg"
MAX_BYTES = 16_000

_ELEMENTS = {
    "svg", "g", "path", "circle", "ellipse", "rect", "line", "polyline", "polygon", "defs",
    "linearGradient", "radialGradient", "stop", "clipPath", "mask", "pattern", "title", "text",
    "tspan",
}  # fmt: skip
_ATTRIBUTES = {
    "viewBox", "width", "height", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "rx", "ry",
    "d", "points", "fill", "fill-rule", "fill-opacity", "clip-rule", "stroke", "stroke-width",
    "stroke-linecap", "stroke-linejoin", "stroke-dasharray", "stroke-opacity", "opacity",
    "transform", "id", "offset", "stop-color", "stop-opacity", "gradientUnits",
    "gradientTransform", "patternUnits", "patternTransform", "clip-path", "mask",
    "preserveAspectRatio", "font-size", "font-family", "font-weight", "text-anchor",
    "dominant-baseline", "writing-mode", "letter-spacing", "role", "aria-hidden", "version",
}  # fmt: skip
_OWN_REFERENCE = re.compile(r"url\(\s*#[\w-]+\s*\)")


def clean(source: str) -> str:
    """`source` as plain SVG. Raises `ValidationError` that names what cannot stay."""
    if len(source.encode()) > MAX_BYTES:
        raise ValidationError(
            _("The drawing is too large: at most %(limit)s kB."),
            params={"limit": MAX_BYTES // 1000},
            code="svg_too_large",
        )
    try:
        root = SafeElementTree.fromstring(source.strip())
    except (SafeElementTree.ParseError, DefusedXmlException) as error:
        raise ValidationError(
            _("This is not a drawing in SVG format: %(error)s"),
            params={"error": error},
            code="svg_broken",
        ) from error
    if root.tag != f"{{{NAMESPACE}}}svg":
        raise ValidationError(
            _("A drawing begins with <svg xmlns=“%(namespace)s”>."),
            params={"namespace": NAMESPACE},
            code="svg_broken",
        )
    for element in root.iter():
        _check(element)
    if not root.get("viewBox"):
        raise ValidationError(_("The drawing needs a viewBox."), code="svg_viewbox")
    # The table of prefixes is one for the whole process, and other libraries write into it too.
    register_namespace("", NAMESPACE)
    text: str = tostring(root, encoding="unicode")
    return text


def _check(element: Element) -> None:
    name = str(element.tag).removeprefix(f"{{{NAMESPACE}}}")
    if name not in _ELEMENTS:
        raise ValidationError(
            _("A drawing cannot contain <%(name)s>."), params={"name": name}, code="svg_element"
        )
    for attribute, value in element.attrib.items():
        foreign = "url(" in _OWN_REFERENCE.sub("", value) or ":" in value
        if attribute not in _ATTRIBUTES or foreign:
            raise ValidationError(
                _("A drawing cannot contain the attribute %(name)s with this value."),
                params={"name": attribute},
                code="svg_attribute",
            )


def validate(source: str) -> None:
    """A field's validator: `clean` without its result."""
    if source:
        clean(source)


def inline(source: str) -> str:
    """For inside a page, hidden from screen readers: the name stands beside it."""
    return source.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)


def data_url(source: str) -> str:
    """For CSS and letters."""
    encoded = base64.b64encode(source.encode()).decode()
    return f"data:image/svg+xml;base64,{encoded}"
