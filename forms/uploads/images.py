"""Images: decoded within limits and written anew, so that nothing but the picture remains."""

from __future__ import annotations

import warnings
from io import BytesIO
from typing import IO

from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from forms.errors import FileRefused

#: By what decoding costs: a 40-megapixel photograph and a scanned A3 plan pass, and the peak stays
#: below 400 MB (libwebp keeps several canvases at once).
MOST_PIXELS = {"JPEG": 40_000_000, "PNG": 36_000_000, "WEBP": 16_000_000}
LONGEST_SIDE = 12_000
#: What is kept: enough to read a plan on paper.
KEPT_SIDE = 3_500
FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
JPEG_QUALITY = 88
THUMBNAIL = (192, 192)
#: More than any upload may have: a guard for files that came another way.
MOST_STORED_PIXELS = 60_000_000


def clean(data: bytes, content_type: str) -> bytes:
    """The picture alone, upright, without metadata, in its own format. Raises `FileRefused`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _again(data, FORMATS[content_type])
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many_pixels(FORMATS[content_type]) from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, TypeError, EOFError):
        raise FileRefused(
            _(
                "This picture is damaged or incomplete and cannot be opened. "
                "Save it anew and retry."
            ),
            code="damaged",
        ) from None


def as_jpeg(data: bytes) -> bytes:
    """A picture that `clean` made, smaller: as JPEG, what was transparent on white."""
    with Image.open(BytesIO(data)) as image:
        plain = image.convert("RGBA")
    page = Image.new("RGB", plain.size, "white")
    page.paste(plain, mask=plain.getchannel("A"))
    out = BytesIO()
    page.save(out, "JPEG", quality=JPEG_QUALITY)
    return out.getvalue()


def thumbnail(file: IO[bytes]) -> bytes:
    """A small JPEG of a stored picture. Raises `OSError` for what is none or cannot be opened."""
    with Image.open(file) as picture:
        if picture.width * picture.height > MOST_STORED_PIXELS:
            raise OSError("more pixels than any stored picture has")
        picture.draft("RGB", THUMBNAIL)
        upright = ImageOps.exif_transpose(picture).convert("RGB")
    upright.thumbnail(THUMBNAIL)
    small = BytesIO()
    upright.save(small, "JPEG", quality=78)
    return small.getvalue()


def _again(data: bytes, kind: str) -> bytes:
    with Image.open(BytesIO(data), formats=[kind]) as opened:
        width, height = opened.size
        if width * height > MOST_PIXELS[kind] or max(width, height) > LONGEST_SIDE:
            raise _too_many_pixels(kind)
        if kind == "JPEG":
            opened.draft("RGB", (KEPT_SIDE, KEPT_SIDE))  # decodes very large pictures reduced
        opened.load()
        if max(opened.size) > KEPT_SIDE:
            opened.thumbnail((KEPT_SIDE, KEPT_SIDE), reducing_gap=2.0)  # in place, before copies
        ImageOps.exif_transpose(opened, in_place=True)
        transparent = kind != "JPEG" and ("A" in opened.mode or "transparency" in opened.info)
        mode = "RGBA" if transparent else "L" if opened.mode in "1L" else "RGB"
        plain: Image.Image = opened if opened.mode == mode else opened.convert(mode)
    plain.info = {}
    out = BytesIO()
    if kind == "JPEG":
        plain.save(out, "JPEG", quality=JPEG_QUALITY)
    elif kind == "PNG":
        plain.save(out, "PNG", compress_level=4)
    else:
        plain.save(out, "WEBP", quality=JPEG_QUALITY, method=2)
    return out.getvalue()


def _too_many_pixels(kind: str) -> FileRefused:
    return FileRefused(
        _("This picture has too many pixels (at most %(most)s million). Save it smaller and retry.")
        % {"most": MOST_PIXELS[kind] // 1_000_000},
        code="too_many_pixels",
    )
