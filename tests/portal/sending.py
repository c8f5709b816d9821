"""Sending a file in pieces, as the page's script does."""

from __future__ import annotations

import base64
import hashlib
import io
from typing import Any

from django.test import Client
from django.urls import reverse
from PIL import Image

from forms.models import Draft

PIECE = 512 * 1024


def photo(megabytes: int = 8) -> bytes:
    """A photograph of about that size: noise, so that it cannot be packed."""
    side = int((megabytes * 1024 * 1024 / 1.25) ** 0.5)
    out = io.BytesIO()
    Image.effect_noise((side, side), 90).convert("RGB").save(out, "JPEG", quality=97)
    return out.getvalue()


def announce(
    browser: Client,
    draft: Draft | str,
    data: bytes,
    *,
    question: str = "site_plan",
    name: str = "写真.jpg",
    sha256: str | None = None,
    size: int | None = None,
) -> Any:
    told = {
        "question": question,
        "filename": name,
        "sha256": hashlib.sha256(data).hexdigest() if sha256 is None else sha256,
    }
    return browser.post(
        draft if isinstance(draft, str) else reverse("portal:uploads", args=[draft.pk]),
        headers={
            "Upload-Length": str(len(data) if size is None else size),
            "Upload-Metadata": ",".join(
                f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in told.items()
            ),
        },
    )


def piece(browser: Client, url: str, data: bytes, offset: int) -> Any:
    return browser.patch(
        url,
        data[offset : offset + PIECE],
        content_type="application/offset+octet-stream",
        headers={"Upload-Offset": str(offset)},
    )


def all_of(browser: Client, url: str, data: bytes, offset: int = 0) -> None:
    while offset < len(data):
        answer = piece(browser, url, data, offset)
        assert answer.status_code == 204
        offset = int(answer.headers["Upload-Offset"])


def end(browser: Client, url: str) -> Any:
    return browser.post(f"{url}finish/")


def digest(data: bytes) -> str:
    """As the server's answer names it."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"
