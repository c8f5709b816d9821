"""The list of banks: codes, names as people write them, its shape."""

from __future__ import annotations

import sys

import pytest

from forms import banks


def codes(found: list[banks.Listed]) -> list[str]:
    return [one.code for one in found]


def test_bank_and_branch_by_code() -> None:
    mizuho, branch = banks.bank("0001"), banks.branch("0001", "001")
    assert mizuho is not None
    assert branch is not None
    assert (mizuho.name, mizuho.kana) == ("みずほ", "ミズホ")
    assert branch.name == "東京営業部"
    assert mizuho.named("ja") == "みずほ（0001）"
    assert mizuho.named("en") == "みずほ (Mizuho) – 0001"


def test_japan_post_bank_has_its_branches_for_transfers() -> None:
    branch = banks.branch("9900", "008")
    assert branch is not None
    assert branch.name == "〇〇八"
    assert codes(banks.find_banks("ゆうちょ銀行")) == ["9900"]


@pytest.mark.parametrize("code", ["9999", "", "１", "../9900", "0001/", "\x00"])
def test_what_is_no_code_of_a_bank_is_not_listed(code: str) -> None:
    assert banks.bank(code) is None
    assert banks.branch(code, "001") is None
    assert banks.find_branches(code, "東京") == []


@pytest.mark.parametrize(
    "typed",
    [
        "みずほ",
        "みずほ銀行",
        "株式会社みずほ銀行",
        "ミズホ",
        "ﾐｽﾞﾎ",
        "みず ほ",
        "mizuho",
        "ＭＩＺＵＨＯ",
    ],
)
def test_bank_is_found_however_its_name_is_written(typed: str) -> None:
    assert codes(banks.find_banks(typed))[0] == "0001"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("みつびしゆーえふじぇい", "0005"),
        ("UFJ", "0005"),
        ("大阪信用金庫", "1630"),
        ("おおさかしんようきんこ", "1630"),
        ("しょうこうちゅうきん", "2004"),
        ("Yucho", "9900"),
        ("八十二", "0143"),
    ],
)
def test_names_that_the_list_writes_otherwise(typed: str, code: str) -> None:
    assert code in codes(banks.find_banks(typed))


def test_the_very_name_comes_first_then_its_beginning_then_its_middle() -> None:
    found = [one.name for one in banks.find_banks("みずほ")]
    assert found == ["みずほ", "みずほ信託", "埼玉みずほ農協"]
    assert codes(banks.find_branches("0001", "しんじゅく支店"))[0] == "240"


def test_banks_that_merged_are_one() -> None:
    assert banks.unlisted({"bankCode": "0533", "branchCode": "001"}) == "bankCode"  # 長野銀行
    assert banks.unlisted({"bankCode": "0143", "branchCode": "999"}) == "branchCode"
    assert banks.unlisted({"bankCode": "0001", "branchCode": "001"}) == ""
    assert banks.unlisted({"bankCode": "99", "branchCode": ""}) == ""


@pytest.mark.parametrize("typed", ["0001", "００ー０１", "", " ", "−", "\x00みずほ", "\u202eみずほ",
                                   "あ" * 10_000, "9" * 400])  # fmt: skip
def test_what_is_no_name_is_not_searched(typed: str) -> None:
    assert not banks.is_name(typed)
    assert banks.find_banks(typed) == []


def test_the_package_has_the_shape_that_is_read() -> None:
    """A new release is read whole once, here: an entry without a name would be an error there."""
    assert banks.listed_on().year >= 2026
    listed = banks._banks()
    assert len(listed) > 1_000
    for code, bank in listed.items():
        assert (bank.code, len(code), bool(bank.name)) == (code, 4, True)
    assert all(len(code) == 3 for code in banks._branches("0005"))


def test_package_that_reads_everything_is_not_imported() -> None:
    assert banks.bank("0001") is not None
    assert "zengin_code" not in sys.modules
