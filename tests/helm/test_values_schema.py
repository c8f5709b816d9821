"""The chart refuses wrong values, and its message names the place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.helm.conftest import CHART, Helm

_DOMAIN = {"domain": "example.jp"}
_REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no domain": ({}, "at '/platform': missing property 'domain'"),
    "an unknown key": (
        {"platform": _DOMAIN, "webb": {}},
        "additional properties 'webb' not allowed",
    ),
    "an unknown key below": (
        {"platform": _DOMAIN, "web": {"replica": 3}},
        "at '/web': additional properties 'replica' not allowed",
    ),
    "a URL as domain": (
        {"platform": {"domain": "https://example.jp"}},
        "at '/platform/domain'",
    ),
    "a moving tag": ({"platform": _DOMAIN, "image": {"tag": "latest"}}, "at '/image/tag'"),
    "a tag in the repository's digest": (
        {"platform": _DOMAIN, "image": {"digest": "sha256:12"}},
        "at '/image/digest'",
    ),
    "a secret's value": (
        {"platform": _DOMAIN, "secrets": {"secretKey": {"value": "hunter2"}}},
        "additional properties 'value' not allowed",
    ),
    "a secret as a string": (
        {"platform": _DOMAIN, "secrets": {"databaseUrl": "postgres://u:p@h/d"}},
        "at '/secrets/databaseUrl'",
    ),
    "a secret among plain settings": (
        {"platform": _DOMAIN, "settings": {"extra": {"DATABASE_URL": "postgres://u:p@h/d"}}},
        "at '/settings/extra/DATABASE_URL': false schema",
    ),
    "a password among plain settings": (
        {"platform": _DOMAIN, "settings": {"extra": {"BANK_PASSWORD": "x"}}},
        "at '/settings/extra/BANK_PASSWORD': false schema",
    ),
    "a setting that the chart sets itself": (
        {"platform": _DOMAIN, "settings": {"extra": {"ALLOWED_HOSTS": "*"}}},
        "at '/settings/extra/ALLOWED_HOSTS': false schema",
    ),
    "a number as a setting": (
        {"platform": _DOMAIN, "settings": {"extra": {"EID_TIMEOUT": 5}}},
        "at '/settings/extra/EID_TIMEOUT': got number, want string",
    ),
    "a log level nobody knows": (
        {"platform": _DOMAIN, "settings": {"logLevel": "LOUD"}},
        "at '/settings/logLevel'",
    ),
    "no replica": (
        {"platform": _DOMAIN, "web": {"replicas": 0}},
        "at '/web/replicas': minimum: got 0, want 1",
    ),
    "text for a number": (
        {"platform": _DOMAIN, "web": {"replicas": "2"}},
        "at '/web/replicas': got string, want integer",
    ),
    "a worker that is ended in its task": (
        {"platform": _DOMAIN, "worker": {"terminationGracePeriodSeconds": 30}},
        "at '/worker/terminationGracePeriodSeconds': minimum: got 30, want 250",
    ),
    "more than one beat": (
        {"platform": _DOMAIN, "beat": {"replicas": 2}},
        "at '/beat': additional properties 'replicas' not allowed",
    ),
    "unlimited memory": (
        {"platform": _DOMAIN, "web": {"resources": {"limits": {"memory": None}}}},
        "at '/web/resources/limits': missing property 'memory'",
    ),
    "a claim without a unit": (
        {"platform": _DOMAIN, "media": {"size": "50"}},
        "at '/media/size'",
    ),
    "a policy that names no namespace": (
        {
            "platform": _DOMAIN,
            "networkPolicy": {"ingressNamespaceLabels": {"kubernetes.io/metadata.name": None}},
        },
        "at '/networkPolicy/ingressNamespaceLabels'",
    ),
    "no time to finish requests": (
        {"platform": _DOMAIN, "web": {"drainSeconds": 60, "terminationGracePeriodSeconds": 60}},
        "web.terminationGracePeriodSeconds must be at least web.drainSeconds + 15",
    ),
    "a host without a certificate": (
        {"platform": _DOMAIN | {"extraHosts": ["shinsei.shiomi.example"]}},
        "platform.extraHosts: shinsei.shiomi.example has no certificate in ingress.extraTls",
    ),
}


@pytest.mark.parametrize("case", _REFUSED)
def test_chart_refuses(helm: Helm, case: str) -> None:
    values, message = _REFUSED[case]
    result = helm.refuse_or_render(values)
    assert result.returncode != 0
    assert message in result.stderr
    assert not result.stdout


def _schema() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text())
    return loaded


def _properties(schema: dict[str, Any], place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for name, part in schema.get("properties", {}).items():
        if part is False:  # named to be refused
            continue
        yield f"{place}.{name}", part
        yield from _properties(part, f"{place}.{name}")
        yield from _properties(part.get("items", {}), f"{place}.{name}[]")


def test_every_property_of_the_schema_is_described_and_closed() -> None:
    free = {
        ".global",
        ".web.tolerations[]",
        ".worker.tolerations[]",
        ".beat.tolerations[]",
        ".toolbox.tolerations[]",
    }
    properties = dict(_properties(_schema()))
    assert len(properties) > 80
    for place, part in properties.items():
        described = "description" in part or "$ref" in part or "allOf" in part
        assert described, place
        if part.get("type") == "object" and place not in free:
            assert part.get("additionalProperties") is not None, place


def _paths(values: dict[str, Any], place: str = "") -> Iterator[str]:
    for name, value in values.items():
        yield f"{place}.{name}"
        if isinstance(value, dict):
            yield from _paths(value, f"{place}.{name}")


def test_every_default_is_in_the_schema_and_the_reverse() -> None:
    known = {place for place, _ in _properties(_schema()) if "[]" not in place} - {".global"}
    defaults = set(_paths(yaml.safe_load((CHART / "values.yaml").read_text())))
    assert known - defaults == set(), "described but without a default"
    # Maps that the schema describes by a shared definition.
    shared = re.compile(r"\.resources\.|\.secrets\.|Labels\.|^\.networkPolicy\.\w+\.")
    unknown = {path for path in defaults - known if not shared.search(path)}
    assert unknown == set()
