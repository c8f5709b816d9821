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

    @cached_property
    def _excluded(self) -> dict[str, tuple[str, ...]]:
        of = {
            HEADER: "CONTENT_SECURITY_POLICY",
            HEADER_REPORT_ONLY: "CONTENT_SECURITY_POLICY_REPORT_ONLY",
        }
        known = {header: getattr(settings, name, None) or {} for header, name in of.items()}
        return {
            header: tuple(policy.get("EXCLUDE_URL_PREFIXES") or ())
            for header, policy in known.items()
        }

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        changed = any(name.startswith("_csp_") for name in vars(response))
        if changed or settings.DEBUG or getattr(request, "_csp_nonce", None) is not None:
            return super().process_response(request, response)
        for name, policy in self._constant.items():
            if not request.path_info.startswith(self._excluded[name]):
                response.headers.setdefault(name, policy)
        request.csp_nonce = CheckableLazyObject(  # type: ignore[attr-defined]
            self._csp_nonce_post_response
        )
        return response
