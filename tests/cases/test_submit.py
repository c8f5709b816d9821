"""Sending an application."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import cases as make


def test_submission_makes_a_case(town: Any) -> None:
    case = make.submitted_case()
    assert case.stage == "received"
