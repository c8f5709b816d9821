"""Log lines carry the municipality and no person."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from common import logging as our_logging

CANARY = "山田カナリア太郎"


@pytest.fixture
def lines() -> Iterator[Any]:
    """What JSON logging writes, as parsed lines."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    our_logging.configure({"level": "INFO", "format": "json"})
    stream = io.StringIO()
    handler = root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:] = before[0]
    root.setLevel(before[1])


def test_a_request_line_names_route_and_town_but_no_path_or_query(
    lines: Any, client_for: Any
) -> None:
    structlog.get_logger("request")
    response = client_for("shiomi").get(f"/search/?q={CANARY}", HTTP_X_REQUEST_ID="abcdef-123456")
    assert response.headers["X-Request-ID"] == "abcdef-123456"
    written = [line for line in lines() if line.get("event") == "request"]
    assert len(written) == 1
    assert written[0]["municipality"] == "shiomi"
    assert written[0]["status"] == 200
    assert written[0]["request_id"] == "abcdef-123456"
    assert written[0]["route"].endswith("search/")
    assert CANARY not in json.dumps(lines(), ensure_ascii=False)


def test_a_made_up_request_id_is_not_taken_over(client_for: Any) -> None:
    response = client_for("shiomi").get("/search/", HTTP_X_REQUEST_ID="<script>")
    assert "<" not in response.headers["X-Request-ID"]
    assert len(response.headers["X-Request-ID"]) == 32


def test_an_exception_is_logged_by_class_and_place_without_its_message(lines: Any) -> None:
    try:
        raise ValueError(CANARY)
    except ValueError:
        logging.getLogger("django.request").exception("Internal Server Error")
    (line,) = lines()
    assert line["error"] == "ValueError"
    assert any("test_logging.py" in place for place in line["trace"])
    assert CANARY not in json.dumps(line, ensure_ascii=False)
