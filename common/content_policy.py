"""Content-Security-Policy: one constant header, but where a view asks for something else."""

from __future__ import annotations

from functools import cached_property

from csp.constants import HEADER, HEADER_REPORT_ONLY
from csp.middleware import CheckableLazyObject, CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase


class ContentPolicyMiddleware(CSPMiddleware):
    """django-csp puts the policy together anew for each response, which takes as long as a database
    statement. Here that is done only for a response or a nonce that changes it.
    """

    @cached_property
    def _constant(self) -> dict[str, str]:
        policies = {
            HEADER: build_policy(),
            HEADER_REPORT_ONLY: build_policy(report_only=True),
        }
        return {name: policy for name, policy in policies.items() if policy}

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        changed = any(name.startswith("_csp_") for name in vars(response))
        if changed or settings.DEBUG or getattr(request, "_csp_nonce", None) is not None:
            return super().process_response(request, response)
        for name, policy in self._constant.items():
            response.headers.setdefault(name, policy)
        request.csp_nonce = CheckableLazyObject(  # type: ignore[attr-defined]
            self._csp_nonce_post_response
        )
        return response
