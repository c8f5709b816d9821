"""Verification codes: unguessable, and forgiving to those who type them."""

from __future__ import annotations

import math

import pytest

from documents import codes


def test_new_code_has_at_least_96_bits_in_groups() -> None:
    code = codes.new_code()
    assert [len(group) for group in code.split("-")] == [5, 5, 5, 5]
    assert set(code) - {"-"} <= set(codes.ALPHABET)
    assert codes.LENGTH * math.log2(len(codes.ALPHABET)) == 100


def test_new_code_is_never_the_same() -> None:
    assert len({codes.new_code() for _ in range(1000)}) == 1000


@pytest.mark.parametrize(
    "typed",
    [
        "7K3QX-9M2PD-WT4GB-0ZHRE",
        "7k3qx9m2pdwt4gb0zhre",
        " 7K3QX 9M2PD WT4GB OZHRE ",
        "７Ｋ３ＱＸー９Ｍ２ＰＤー ＷＴ４ＧＢ－０ＺＨＲＥ",
        "7K3QX—9M2PD–WT4GB‐oZHRE",
    ],
)
def test_normalise_reads_what_was_meant(typed: str) -> None:
    assert codes.normalise(typed) == "7K3QX-9M2PD-WT4GB-0ZHRE"


@pytest.mark.parametrize("typed", ["", "7K3QX", "7K3QX-9M2PD-WT4GB-0ZHRU", "x" * 10_000, "'; --"])
def test_normalise_refuses_what_is_no_code(typed: str) -> None:
    assert codes.normalise(typed) is None
