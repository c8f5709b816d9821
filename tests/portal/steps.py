"""Filling in the park use permit as a browser does."""

from __future__ import annotations

import io
import re
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from forms.models import Draft
from identity.models import User


def marked(page: Any) -> dict[str, str]:
    """The fields in which a page gives back what it showed."""
    found = dict(
        re.findall(r'<input type="hidden" name="(_\w+)" value="([^"]*)"', page.content.decode())
    )
    assert found.get("_checked")
    return found


def begin(browser: Client, resident: User) -> Draft:
    """Open the draft through the portal."""
    browser.get(reverse("portal:begin", args=["park-use"]))
    return Draft.objects.get(resident=resident, state=Draft.State.OPEN)


def step_url(draft: Draft, step_id: str) -> str:
    return reverse("portal:step", args=[draft.pk, step_id])


def post_step(browser: Client, draft: Draft, step_id: str, fields: dict[str, Any]) -> Any:
    """What a browser sends: the page's hidden fields and what was typed."""
    page = browser.get(step_url(draft, step_id)).context["page"]
    hidden = {"_seen": page.seen, "_shown": page.shown}
    return browser.post(step_url(draft, step_id), {**hidden, **fields})


def picture() -> SimpleUploadedFile:
    content = io.BytesIO()
    Image.new("RGB", (640, 480), "#336699").save(content, "PNG")
    return SimpleUploadedFile("plan.png", content.getvalue(), "image/png")


def place_fields(draft: Draft) -> dict[str, str]:
    year = timezone.localdate().year + 1
    return {
        "park": draft.form.questions_by_id["park"].choices[0].value,
        "place_detail-description": "噴水の北側の芝生",
        "area_m2": "20",
        "use_from-year": str(year),
        "use_from-month": "4",
        "use_from-day": "1",
        "use_to-year": str(year),
        "use_to-month": "4",
        "use_to-day": "2",
        "hours": "9時から17時まで",
    }


ACTIVITY = {
    "act_type": "photography",
    "purpose": "地域の紹介番組の撮影",
    "crew": "6",
    "cameras": "2",
    "admission_fee": "0",
    "fee_waiver": "no",
}
APPLICANT = {
    "phone": "090-1234-5678",
    "email": "hanako@example.jp",
    "for_organisation": "no",
}
