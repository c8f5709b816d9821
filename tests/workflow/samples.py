"""A small workflow that works, to be broken one piece at a time."""

from __future__ import annotations

import copy
from typing import Any

from workflow.definition import WorkflowDefinition, load

_SAMPLE: dict[str, Any] = {
    "initial": "received",
    "clock": {"days": 6, "unit": "working_days"},
    "stages": [
        {"id": "received", "title": "Received", "resident": "We have it."},
        {"id": "review", "title": "Under review", "resident": "We check it."},
        {
            "id": "correction",
            "title": "Waiting for the correction",
            "resident": "Please correct it.",
            "ball": "resident",
            "clock": "paused",
        },
        {
            "id": "granted",
            "title": "Granted",
            "resident": "You have it.",
            "ball": "nobody",
            "clock": "stopped",
            "final": True,
            "outcome": "approved",
        },
        {
            "id": "refused",
            "title": "Refused",
            "resident": "It was refused.",
            "ball": "nobody",
            "clock": "stopped",
            "final": True,
            "outcome": "refused",
        },
    ],
    "moves": [
        {"verb": "claim", "from": ["received"], "to": "review", "roles": ["caseworker"]},
        {"verb": "claim", "from": ["review"], "roles": ["caseworker", "lead"]},
        {
            "verb": "request_correction",
            "from": ["review"],
            "to": "correction",
            "roles": ["caseworker"],
        },
        {
            "verb": "answer_correction",
            "from": ["correction"],
            "to": "review",
            "roles": ["resident"],
        },
        {
            "verb": "approve",
            "from": ["review"],
            "to": "granted",
            "roles": ["lead"],
            "guard": "open_consultations == 0",
            "otherwise": {"ja": "照会中です。", "en": "An opinion is missing."},
        },
        {"verb": "refuse", "from": ["review"], "to": "refused", "roles": ["lead"]},
    ],
}


def sample() -> dict[str, Any]:
    """The declaration as data, free to change."""
    return copy.deepcopy(_SAMPLE)


def definition() -> WorkflowDefinition:
    return load(sample())
