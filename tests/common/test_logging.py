"""Log lines carry the municipality and no person."""

import json
import logging
from typing import Any

import structlog

CANARY = "山田カナリア太郎"


def test_a_request_line_names_route_and_town_but_no_path_or_query(
    log_lines: Any, client_for: Any
) -> None:
    structlog.get_logger("request")
    response = client_for("shiomi").get(f"/search/?q={CANARY}", HTTP_X_REQUEST_ID="abcdef-123456")
    assert response.headers["X-Request-ID"] == "abcdef-123456"
    written = [line for line in log_lines() if line.get("event") == "request"]
    assert len(written) == 1
    assert written[0]["municipality"] == "shiomi"
    assert written[0]["status"] == 200
    assert written[0]["request_id"] == "abcdef-123456"
    assert written[0]["route"].endswith("search/")
    assert CANARY not in json.dumps(log_lines(), ensure_ascii=False)


def test_a_made_up_request_id_is_not_taken_over(client_for: Any) -> None:
    response = client_for("shiomi").get("/search/", HTTP_X_REQUEST_ID="<script>")
    assert "<" not in response.headers["X-Request-ID"]
    assert len(response.headers["X-Request-ID"]) == 32


def test_an_exception_is_logged_by_class_and_place_without_its_message(log_lines: Any) -> None:
    try:
        raise ValueError(CANARY)
    except ValueError:
        logging.getLogger("django.request").exception("Internal Server Error")
    (line,) = log_lines()
    assert line["error"] == "ValueError"
    assert any("test_logging.py" in place for place in line["trace"])
    assert CANARY not in json.dumps(line, ensure_ascii=False)
