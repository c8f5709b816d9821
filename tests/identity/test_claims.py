"""What the eID says, in whatever way it says it, becomes the concepts that forms know."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from identity import claims
from identity.addresses import PARTS, normalise_address, one_line, postal_code, split_formatted

NOW = dt.datetime(2026, 4, 1, 3, 0, tzinfo=dt.UTC)


def concepts(said: dict[str, Any], **more: Any) -> dict[str, Any]:
    asserted = claims.normalise(
        said, issuer="https://eid.test", acr="aal3", asserted_at=NOW, **more
    )
    return {key: entry["value"] for key, entry in asserted.items()}


def test_every_value_carries_its_provenance() -> None:
    asserted = claims.normalise(
        {"name": "佐藤 恵"}, issuer="https://eid.test", acr="aal3 crl", asserted_at=NOW
    )
    assert asserted == {
        "person.fullName": {
            "value": "佐藤 恵",
            "source": "eid",
            "issuer": "https://eid.test",
            "acr": "aal3 crl",
            "asserted_at": "2026-04-01T03:00:00+00:00",
        }
    }


def test_only_wanted_concepts_are_kept() -> None:
    said = {"name": "佐藤 恵", "birthdate": "1986-05-14", "gender": "2"}
    assert concepts(said, wanted={"person.dateOfBirth"}) == {"person.dateOfBirth": "1986-05-14"}


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("19850412", "1985-04-12"),
        ("1985-04-12", "1985-04-12"),
        ("1985/4/12", "1985-04-12"),
        ("1985.04.12", "1985-04-12"),
        (19850412, "1985-04-12"),
        ("１９８５－０４－１２".replace("－", "-"), "1985-04-12"),
        ("2024-02-29", "2024-02-29"),
        ("2023-02-29", None),
        ("0000-04-12", None),
        ("1985", None),
        ("1985-04", None),
        ("12.04.1985", None),
        ("", None),
        (None, None),
        (True, None),
        (["1985-04-12"], None),
    ],
)
def test_dates(said: Any, read: str | None) -> None:
    assert claims.read_date(said) == read


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("1", "male"), (1, "male"), ("male", "male"), ("MALE", "male"), ("男", "male"),
        ("2", "female"), (2, "female"), ("female", "female"), ("女性", "female"),
        ("9", "other"), ("0", None), ("unknown", None), (None, None), (True, None), ({}, None),
    ],
)  # fmt: skip
def test_sexes(said: Any, read: str | None) -> None:
    assert claims.read_sex(said) == read


@pytest.mark.parametrize(
    ("said", "name", "kana"),
    [
        (
            {"name": "𠮷﨑 髙志", "name#ja-Kana-JP": "ヨシザキ タカシ"},
            "𠮷﨑 髙志", "ヨシザキ タカシ",
        ),
        ({"family_name": "佐藤", "given_name": "恵"}, "佐藤 恵", None),
        ({"name#ja-Hani-JP": "佐藤 恵"}, "佐藤 恵", None),
        (
            {"family_name#ja-Kana-JP": "サトウ", "given_name#ja-Kana-JP": "メグミ"},
            None, "サトウ メグミ",
        ),
        ({"name": "  佐藤\u3000恵 \n"}, "佐藤 恵", None),
        ({"name": "塚本 晴"}, "塚本 晴", None),
        ({"name": ""}, None, None),
        ({"name": 5}, None, None),
        ({"name": "x" * 201}, None, None),
        ({"name": "a\x00b\ud800c"}, "abc", None),
    ],
)  # fmt: skip
def test_names_are_kept_as_they_are(
    said: dict[str, Any], name: str | None, kana: str | None
) -> None:
    read = concepts(said)
    assert read.get("person.fullName") == name
    assert read.get("person.fullNameKana") == kana


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ({"nationality": "bra"}, "BRA"),
        ({"nationality": "JP"}, "JP"),
        ({"nationalities": ["BRA", "PRT"]}, "BRA"),
        ({"nationalities": []}, None),
        ({"nationality": "Japan"}, None),
    ],
)
def test_nationalities(said: dict[str, Any], read: str | None) -> None:
    assert concepts(said).get("person.nationality") == read


def test_contacts() -> None:
    said = {"email": "a@example.test", "phone_number": "+81-90-0000-0101"}
    assert concepts(said) == {
        "contact.email": "a@example.test",
        "contact.phone": "090-0000-0101",
    }
    assert concepts({"email": "no mail", "phone_number": "call me"}) == {}


@pytest.mark.parametrize(
    ("formatted", "parts"),
    [
        (
            "〒102-0094 東京都千代田区紀尾井町1-3 庁舎2階",
            ("1020094", "東京都", "千代田区", "紀尾井町1-3", "庁舎2階"),
        ),
        ("大阪府大阪市北区中之島1-3-20", ("", "大阪府", "大阪市北区", "中之島1-3-20", "")),
        ("三重県四日市市諏訪町1番5号", ("", "三重県", "四日市市", "諏訪町1番5号", "")),
        ("広島県廿日市市下平良1-11-1", ("", "広島県", "廿日市市", "下平良1-11-1", "")),
        ("東京都町田市森野2-2-22", ("", "東京都", "町田市", "森野2-2-22", "")),
        ("千葉県市川市八幡1丁目1番1号", ("", "千葉県", "市川市", "八幡1丁目1番1号", "")),
        ("岐阜県郡上市八幡町島谷228", ("", "岐阜県", "郡上市", "八幡町島谷228", "")),
        ("福島県郡山市朝日1-23-7", ("", "福島県", "郡山市", "朝日1-23-7", "")),
        ("東京都武蔵村山市本町1-1-1", ("", "東京都", "武蔵村山市", "本町1-1-1", "")),
        ("石川県野々市市三納1-1", ("", "石川県", "野々市市", "三納1-1", "")),
        (
            "北海道余市郡余市町朝日町26番地",
            ("", "北海道", "余市郡余市町", "朝日町26番地", ""),
        ),
        (
            "東京都西多摩郡日の出町大字平井2780",
            ("", "東京都", "西多摩郡日の出町", "大字平井2780", ""),
        ),
        (
            "〒2310005 神奈川県横浜市中区本町6丁目50番地の10",
            ("2310005", "神奈川県", "横浜市中区", "本町6丁目50番地の10", ""),
        ),
        ("青森県むつ市中央１丁目８−１", ("", "青森県", "むつ市", "中央１丁目８−１", "")),
        ("221B Baker Street London", ("", "", "", "221B Baker Street London", "")),
    ],
)
def test_formatted_addresses(formatted: str, parts: tuple[str, ...]) -> None:
    assert split_formatted(formatted) == dict(zip(PARTS, parts, strict=True))


def test_address_in_parts() -> None:
    said = {
        "formatted": "ignored where the parts are there",
        "postal_code": "390-0874",
        "region": "長野県",
        "locality": "松本市",
        "street_address": "大手3-8-13\n大手ハイツ 401",
        "country": "JP",
    }
    assert normalise_address(said) == {
        "postalCode": "3900874",
        "prefecture": "長野県",
        "city": "松本市",
        "streetAddress": "大手3-8-13",
        "building": "大手ハイツ 401",
    }


def test_address_with_parts_missing_is_read_from_the_text() -> None:
    said = {"formatted": "長野県松本市大手3-8-13", "postal_code": "390-0874"}
    read = normalise_address(said)
    assert read is not None
    assert (read["postalCode"], read["city"]) == ("3900874", "松本市")


@pytest.mark.parametrize("said", [None, 5, [], {}, "", {"formatted": 5}, {"region": "長野県"}])
def test_unreadable_address_is_none(said: Any) -> None:
    assert normalise_address(said) is None


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("102-0094", "1020094"), ("1020094", "1020094"), ("〒102-0094", "1020094"),
        ("10200", ""), (7, ""),
    ],
)  # fmt: skip
def test_postal_codes(said: Any, read: str) -> None:
    assert postal_code(said) == read


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.sampled_from(
            ["name", "name#ja-Kana-JP", "birthdate", "gender", "address", "nationality", "email",
             "phone_number", "nationalities", "family_name", "given_name"]
        ),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=40),
            lambda inner: st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["formatted", "region", "locality", "street_address", "postal_code"]
                ),
                inner,
                max_size=5,
            ),
            max_leaves=6,
        ),
    )
)  # fmt: skip
def test_nothing_a_provider_says_breaks_reading(said: dict[str, Any]) -> None:
    for value in concepts(said).values():
        texts = value.values() if isinstance(value, dict) else [value]
        for text in texts:
            assert isinstance(text, str)
            assert "\x00" not in text
            text.encode()


def test_labels_are_in_a_fixed_order() -> None:
    assert [str(label) for label in claims.labels({"person.sex", "person.fullName"})] == [
        str(claims.CONCEPTS["person.fullName"].label),
        str(claims.CONCEPTS["person.sex"].label),
    ]


def test_scopes_name_each_once() -> None:
    assert claims.scopes({"person.fullName", "person.fullNameKana", "person.address"}) == (
        "openid name address"
    )


def test_the_building_stands_apart_in_a_line() -> None:
    parts = {"prefecture": "神奈川県", "city": "鎌倉市", "streetAddress": "御成町12-40"}
    assert one_line(parts) == "神奈川県鎌倉市御成町12-40"
    assert one_line({**parts, "building": "コーポ潮風203"}).endswith("12-40　コーポ潮風203")
