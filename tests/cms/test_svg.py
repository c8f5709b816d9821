"""Drawings from editors stay harmless."""

import pytest
from django.core.exceptions import ValidationError

from cms import svg

OPEN = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">'


def test_clean_keeps_shapes() -> None:
    drawing = OPEN + '<path d="M0 0h9" fill="#fff"/></svg>'
    assert svg.clean(drawing) == OPEN + '<path d="M0 0h9" fill="#fff" /></svg>'


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        '<a href="https://evil.example/"><path d="M0 0"/></a>',
        '<path d="M0 0" onclick="alert(1)"/>',
        '<path d="M0 0" style="fill:url(https://evil.example/x)"/>',
        '<path d="M0 0" fill="url(https://evil.example/x.svg#a)"/>',
        '<image href="data:image/png;base64,AAAA"/>',
        "<foreignObject><p>hello</p></foreignObject>",
        '<use href="#x"/>',
        '<animate attributeName="href" values="javascript:alert(1)"/>',
        '<path xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="#x" d="M0 0"/>',
        "<style>*{fill:red}</style>",
    ],
)
def test_clean_refuses_what_could_act(inside: str) -> None:
    with pytest.raises(ValidationError):
        svg.clean(f"{OPEN}{inside}</svg>")


@pytest.mark.parametrize(
    "source",
    [
        "not xml",
        "<html></html>",
        '<svg xmlns="http://www.w3.org/2000/svg"></svg>',
        '<!DOCTYPE svg [<!ENTITY a "b">]>' + OPEN + "<title>&a;</title></svg>",
        OPEN + "<path d='" + "M0 0" * 5000 + "'/></svg>",
    ],
)
def test_clean_refuses_what_is_no_small_drawing(source: str) -> None:
    with pytest.raises(ValidationError):
        svg.clean(source)


def test_own_gradients_may_be_referred_to() -> None:
    drawing = OPEN + '<path d="M0 0" fill="url(#a)"/></svg>'
    assert "url(#a)" in svg.clean(drawing)
