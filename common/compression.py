"""Pages are sent compressed. Files are not: they are compressed already, or streamed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.middleware.gzip import GZipMiddleware

_TEXT = ("text/", "application/json", "application/javascript", "image/svg+xml")


class CompressionMiddleware(GZipMiddleware):
    """Django's, which pads the answer by a random length (BREACH), for texts alone."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """`response`, compressed where the browser takes it and it is worth it."""
        if response.streaming or not response.headers.get("Content-Type", "").startswith(_TEXT):
            return response
        compressed: HttpResponseBase = super().process_response(request, response)
        return compressed
