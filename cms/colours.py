"""Colours of a brand: contrast as WCAG 2.2 defines it, and shades that keep it.

Contrast: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio. Lightness is changed in OKLab
(https://bottosson.github.io/posts/oklab/), where equal steps look equal and the hue stays.
"""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

WHITE = "#ffffff"
INK = "#1a1a1c"
#: The page in the dark theme.
NIGHT = "#16181d"

#: WCAG 1.4.3 (AA) for text, 1.4.11 for graphics, 1.4.6 (AAA) for long reading.
TEXT_CONTRAST = 4.5
GRAPHIC_CONTRAST = 3.0
READING_CONTRAST = 7.0

_HEX = re.compile(r"#[0-9a-f]{6}")


def validate_hex(value: str) -> None:
    """Raises `ValidationError` unless `value` is written ``#1a2b3c``."""
    if not _HEX.fullmatch(value.lower()):
        raise ValidationError(
            _("“%(value)s” is not a colour. Write it as # and six digits, for example #0b4f8a."),
            params={"value": value},
            code="not_a_colour",
        )


def rgb(colour: str) -> tuple[float, float, float]:
    """Channels of ``#rrggbb`` from 0 to 1."""
    value = colour.lstrip("#")
    return (
        int(value[0:2], 16) / 255,
        int(value[2:4], 16) / 255,
        int(value[4:6], 16) / 255,
    )


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _gamma(channel: float) -> float:
    channel = min(max(channel, 0.0), 1.0)
    return channel * 12.92 if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055


def luminance(colour: str) -> float:
    """Relative luminance, 0 black to 1 white."""
    red, green, blue = (_linear(channel) for channel in rgb(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def mix(colour: str, other: str, share: float) -> str:
    """`share` (0 to 1) of `colour` on `other`, as a painter's glaze would look."""
    channels = (a * share + b * (1 - share) for a, b in zip(rgb(colour), rgb(other), strict=True))
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in channels)


def lighter(colour: str, by: float) -> str:
    """The same hue with its OKLab lightness (0 to 1) changed; below zero darkens."""
    red, green, blue = (_linear(channel) for channel in rgb(colour))
    l_ = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    m_ = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    s_ = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    lightness = 0.2104542553 * l_ + 0.7936177850 * m_ - 0.0040720468 * s_
    a = 1.9779984951 * l_ - 2.4285922050 * m_ + 0.4505937099 * s_
    b = 0.0259040371 * l_ + 0.7827717662 * m_ - 0.8086757660 * s_
    lightness = min(max(lightness + by, 0.0), 1.0)
    l_ = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    m_ = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    s_ = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    channels = (
        4.0767416621 * l_ - 3.3077115913 * m_ + 0.2309699292 * s_,
        -1.2684380046 * l_ + 2.6097574011 * m_ - 0.3413193965 * s_,
        -0.0041960863 * l_ - 0.7034186147 * m_ + 1.7076147010 * s_,
    )
    return "#" + "".join(f"{round(_gamma(channel) * 255):02x}" for channel in channels)


def readable(colour: str, on: str, ratio: float = TEXT_CONTRAST) -> str:
    """`colour`, darkened or lightened by the smallest step that reaches `ratio` on `on`."""
    step = -0.01 if luminance(on) > 0.18 else 0.01
    found = colour
    for count in range(1, 100):
        if contrast(found, on) >= ratio:
            return found
        found = lighter(colour, step * count)
    return "#000000" if step < 0 else WHITE


def check(colour: str, on: str, ratio: float, *, what: object) -> None:
    """Raises `ValidationError` that names the ratio and a shade that works."""
    found = contrast(colour, on)
    if found >= ratio:
        return
    raise ValidationError(
        _(
            "%(what)s: the contrast of %(colour)s on %(on)s is %(found)s, and people need at "
            "least %(ratio)s to read it. %(better)s would do."
        ),
        params={
            "what": what,
            "colour": colour,
            "on": on,
            "found": f"{int(found * 100) / 100:.2f}",
            "ratio": f"{ratio:g}",
            "better": readable(colour, on, ratio),
        },
        code="contrast",
    )
