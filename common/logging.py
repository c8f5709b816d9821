"""Structured logs: one line for each request and event, with the municipality, without persons.

A log line never carries a form value, a name, an address, a query string or an IP address.
"""

from __future__ import annotations

import logging
import logging.config
import re
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponseBase
from structlog.typing import EventDict, Processor

from common.database import connection

_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")


def _add_municipality(logger: Any, method: str, event: EventDict) -> EventDict:
    event.setdefault("municipality", connection.schema_name)
    return event


def configure(config: dict[str, str]) -> None:
    """``LOGGING_CONFIG``: structlog for ours, the same renderer for what libraries log."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        _add_municipality,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if config["format"] == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "structured": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": shared,
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        # Frames and messages of an exception may hold what was typed.
                        _exception_class_only,
                        renderer,
                    ],
                }
            },
            "filters": {"classes": {"()": _ExceptionsByClass}},
            "handlers": {
                "stderr": {
                    "class": "logging.StreamHandler",
                    "formatter": "structured",
                    "filters": ["classes"],
                }
            },
            "root": {"handlers": ["stderr"], "level": config["level"]},
            "loggers": {
                # Our own request line replaces these; Django's would carry paths with queries.
                "django.server": {"level": "ERROR"},
                "django.request": {"level": "ERROR"},
                "django.db.backends": {"level": "ERROR"},
                "django_tasks": {"level": "WARNING"},
                "fontTools": {"level": "ERROR"},
                "weasyprint": {"level": "ERROR"},
                "celery.app.trace": {"level": "WARNING"},
            },
        }
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


class _ExceptionsByClass(logging.Filter):
    """Libraries log what an exception says, which may be what was typed: its class has to do.

    Django's security log has it as the message, others among the arguments, Celery as a text of
    its own making (``exc``).
    """

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and record.msg == str(error):
            record.msg, record.args = type(error).__name__, ()
        elif isinstance(record.args, Mapping):
            record.args = {name: _class_of(value) for name, value in record.args.items()}
            if "exc" in record.args:
                record.args["exc"] = type(error).__name__ if error else "an exception"
        elif record.args:
            record.args = tuple(_class_of(value) for value in record.args)
        return True


def _class_of(value: object) -> object:
    return type(value).__name__ if isinstance(value, BaseException) else value


def _exception_class_only(logger: Any, method: str, event: EventDict) -> EventDict:
    exc_info = event.pop("exc_info", None)
    if exc_info is True:
        exc_info = None
    if isinstance(exc_info, BaseException):
        exc_info = (type(exc_info), exc_info, exc_info.__traceback__)
    if isinstance(exc_info, tuple) and exc_info[0] is not None:
        event["error"] = exc_info[0].__name__
        event["trace"] = _places(exc_info[2])
    return event


def _places(trace: Any, most: int = 12) -> list[str]:
    places = []
    while trace is not None:
        code = trace.tb_frame.f_code
        name = code.co_filename.rsplit("/", 2)
        places.append(f"{'/'.join(name[-2:])}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return places[-most:]


class RequestLogMiddleware:
    """One line for each request, and a request id that the answer carries too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.log = structlog.get_logger("request")

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        started = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
            tenant = getattr(request, "tenant", None)
            match = request.resolver_match
            self.log.info(
                "request",
                municipality=tenant.schema_name if tenant else "public",
                method=request.method,
                # The route, not the path: a path may hold a code or an id.
                route=match.route if match else "",
                status=response.status_code,
                ms=round((time.perf_counter() - started) * 1000, 1),
            )
        response["X-Request-ID"] = request_id
        return response
