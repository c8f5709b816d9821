"""What a first visit costs on a phone's line, as the browser counts it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandbox import parts
from sandbox.visitor import Visitor
from tests.e2e.conftest import PHONE
from tests.e2e.looking import Weight

MOST_BYTES = 30_000


@pytest.mark.parametrize("language", ["ja", "en"])
def test_first_view_of_a_page_is_light(open_browser: Callable[..., Visitor], language: str) -> None:
    """Service page and form steps, nothing in the cache: HTML, styles, scripts, drawings."""
    visitor = open_browser("shiomi", language, size=PHONE)
    pages = ["/", "/services/park-use/", "/apply/park-use/"]
    parts.begin(visitor, "park-use", "foreign_resident")
    draft = parts.draft_id(visitor)
    pages += [f"/drafts/{draft}/{step}/" for step in parts.STEPS]
    session = visitor.context.new_cdp_session(visitor.page)
    heavy = []
    for page in pages:
        session.send("Network.clearBrowserCache")
        weight = Weight(visitor.context.new_cdp_session(visitor.page))
        visitor.go(page)
        visitor.page.wait_for_load_state("networkidle")
        weight.session.detach()
        assert len(weight.parts) >= 4, weight.parts
        if weight.total > MOST_BYTES:
            heavy.append((page, weight.total, weight.parts))
    assert heavy == [], "\n".join(map(str, heavy))
