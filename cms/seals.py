"""Pictures of official seals: a PNG with a transparent ground, so that the name shows through."""

from __future__ import annotations

import base64
import io
import warnings

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from PIL import Image, UnidentifiedImageError

LARGEST = 300_000
#: Pixels of a side: at 21 mm on paper 250 are 300 dpi.
SMALLEST_SIDE, LARGEST_SIDE = 200, 1500
#: How much of the picture must let the paper through, and how much must be there at all.
_CLEAR, _PRINTED = 0.15, 0.01


def read(upload: UploadedFile) -> str:
    """The picture as a data URL, drawn anew: nothing but its pixels is kept.

    Raises `ValidationError` that says what to do.
    """
    if (upload.size or 0) > LARGEST:
        raise ValidationError(_("The picture is too large: at most 300 kB."), code="large")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(upload.read(LARGEST + 1)), formats=["PNG"]) as picture:
                _check_size(picture.size)
                drawn = picture.convert("RGBA")
    except ValidationError:
        raise
    except (
        UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ) as error:  # fmt: skip
        raise ValidationError(_("This is not a picture in PNG format."), code="broken") from error
    shares = drawn.getchannel("A").histogram()
    total = drawn.width * drawn.height
    if sum(shares[:32]) < _CLEAR * total:
        raise ValidationError(
            _("The ground has to be transparent, so that the name under the seal can be read."),
            code="opaque",
        )
    if sum(shares[128:]) < _PRINTED * total:
        raise ValidationError(_("The picture is empty."), code="empty")
    file = io.BytesIO()
    drawn.save(file, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode("ascii")


def _check_size(size: tuple[int, int]) -> None:
    width, height = size
    if not (
        min(size) >= SMALLEST_SIDE
        and max(size) <= LARGEST_SIDE
        and abs(width - height) < 0.1 * width
    ):
        raise ValidationError(
            _("The picture has to be square, with sides of 200 to 1500 pixels."), code="size"
        )
