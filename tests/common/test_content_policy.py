"""The Content-Security-Policy is one header, and changes where a view asks for something else."""

from __future__ import annotations

from typing import Any

import pytest
from csp.constants import HEADER, HEADER_REPORT_ONLY, NONCE
from csp.exceptions import CSPNonceError
from csp.middleware import CSPMiddleware
from django.http import HttpRequest, HttpResponse

from common.content_policy import ContentPolicyMiddleware


def policy(
    middleware: Any, *, path: str = "/", nonce: bool = False, **asked: Any
) -> tuple[HttpRequest, HttpResponse]:
    def view(request: HttpRequest) -> HttpResponse:
        response = HttpResponse(str(request.csp_nonce) if nonce else "")  # type: ignore[attr-defined]
        for name, value in asked.items():
            setattr(response, name, value)
        return response

    request = HttpRequest()
    request.path_info = path
    return request, middleware(view)(request)


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"_csp_update": {"form-action": ["https://pay.example"]}},
        {"_csp_replace": {"img-src": ["'none'"]}},
        {"_csp_exempt": True},
    ],
)
def test_the_header_is_what_django_csp_writes(asked: dict[str, Any]) -> None:
    _request, ours = policy(ContentPolicyMiddleware, **asked)
    _request, plain = policy(CSPMiddleware, **asked)
    for header in (HEADER, HEADER_REPORT_ONLY):
        assert ours.headers.get(header) == plain.headers.get(header)
    assert (HEADER in ours.headers) is ("_csp_exempt" not in asked)


@pytest.mark.parametrize("path", ["/", "/administration/", "/admin/", "/admin/forms/"])
def test_addresses_that_are_left_out_are(path: str) -> None:
    _request, ours = policy(ContentPolicyMiddleware, path=path)
    _request, plain = policy(CSPMiddleware, path=path)
    assert ours.headers.get(HEADER) == plain.headers.get(HEADER)
    assert (HEADER in ours.headers) is not path.startswith("/admin/")


def test_one_view_changes_nothing_for_the_next() -> None:
    answers = iter([{"_csp_update": {"form-action": ["https://pay.example"]}}, {}])

    def view(_request: HttpRequest) -> HttpResponse:
        response = HttpResponse()
        vars(response).update(next(answers))
        return response

    middleware = ContentPolicyMiddleware(view)
    request = HttpRequest()
    request.path_info = "/"
    assert "https://pay.example" in middleware(request)[HEADER]  # type: ignore[index]
    assert "https://pay.example" not in middleware(request)[HEADER]  # type: ignore[index]


def test_a_nonce_is_put_in_where_the_policy_takes_one(settings: Any) -> None:
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": {"script-src": [NONCE]}}
    _request, response = policy(ContentPolicyMiddleware, nonce=True)
    assert f"'nonce-{response.content.decode()}'" in response[HEADER]


def test_a_nonce_that_comes_too_late_is_an_error() -> None:
    request, _response = policy(ContentPolicyMiddleware)
    with pytest.raises(CSPNonceError):
        str(request.csp_nonce)  # type: ignore[attr-defined]
