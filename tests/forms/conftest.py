"""Files to attach."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image


@pytest.fixture
def png() -> bytes:
    out = BytesIO()
    Image.new("RGB", (40, 30), "navy").save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def upload() -> Callable[..., Any]:
    def make(data: bytes, name: str = "位置図.png", content_type: str = "image/png") -> Any:
        return SimpleUploadedFile(name, data, content_type)

    return make
