"""What goes over the line."""

import gzip
from typing import Any

from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.test import RequestFactory

from common.compression import CompressionMiddleware

LONG = "<p>公園内行為許可</p>" * 200


def _sent(response: HttpResponseBase, accepts: str = "gzip, br") -> HttpResponseBase:
    request = RequestFactory().get("/", HTTP_ACCEPT_ENCODING=accepts)
    return CompressionMiddleware(lambda _request: response)(request)


def test_page_is_compressed_and_padded() -> None:
    lengths = set()
    for _ in range(40):
        sent = _sent(HttpResponse(LONG))
        assert isinstance(sent, HttpResponse)
        assert sent.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in sent.headers["Vary"]
        assert gzip.decompress(sent.content).decode() == LONG
        assert len(sent.content) < len(LONG.encode()) / 5
        lengths.add(len(sent.content))
    assert len(lengths) > 1


def test_page_goes_as_it_is_to_who_takes_no_gzip() -> None:
    sent = _sent(HttpResponse(LONG), accepts="identity")
    assert isinstance(sent, HttpResponse)
    assert sent.content.decode() == LONG


def test_files_are_not_compressed(tmp_path: Any) -> None:
    for response in (
        HttpResponse(b"%PDF-" * 200, content_type="application/pdf"),
        HttpResponse(b"\x89PNG" * 200, content_type="image/png"),
    ):
        assert "Content-Encoding" not in _sent(response).headers
    path = tmp_path / "list.csv"
    path.write_text("a,b\n" * 200)
    with path.open("rb") as file:
        streamed = FileResponse(file, content_type="text/csv")
        assert "Content-Encoding" not in _sent(streamed).headers
