"""A form with every type of question, and a resident to fill it in."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from common.actor import Actor
from forms import drafts, versions
from forms.definitions import FormDefinition, load
from forms.models import Draft
from identity.models import User

EVERYTHING = """
key: everything
title: {ja: なんでも, en: Everything}
steps:
  - id: person
    title: {ja: あなた, en: You}
    lead: {ja: はじめに, en: First}
    questions:
      - {id: name, type: text, label: {ja: 名前, en: Name}, concept: person.fullName}
      - id: kana
        type: text
        format: katakana
        label: {ja: フリガナ, en: Kana}
        required: false
      - {id: born, type: date, label: {ja: 生年月日, en: Born}, concept: person.dateOfBirth}
      - {id: home, type: address, label: {ja: 住所, en: Address}, concept: person.address}
      - {id: mail, type: email, label: {ja: メール, en: Mail}, concept: contact.email}
      - {id: phone, type: phone, label: {ja: 電話, en: Phone}, required: false}
  - id: act
    title: {ja: 内容, en: Content}
    questions:
      - id: kind
        type: choice
        label: {ja: 種類, en: Kind}
        why: {ja: 料金が変わります, en: It changes the fee}
        legal_basis: {ja: 条例, en: Ordinance}
        choices:
          - {value: sale, label: {ja: 販売, en: Sale}}
          - {value: film, label: {ja: 撮影, en: Filming}, hint: {ja: 映画, en: Films}}
      - id: cameras
        type: number
        label: {ja: 台数, en: Cameras}
        show_when: kind == "film"
        min: 1
        max: 9
      - id: goods
        type: multiple
        label: {ja: 品物, en: Goods}
        show_when: kind == "sale"
        choices:
          - {value: tea, label: {ja: お茶, en: Tea}}
          - {value: fire, label: {ja: 花火, en: Fireworks}}
      - id: safety
        type: long_text
        label: {ja: 安全対策, en: Safety}
        show_when: '"fire" in goods'
        max_length: 100
      - {id: start, type: date, label: {ja: 開始, en: Start}}
      - id: end
        type: date
        input: text
        label: {ja: 終了, en: End}
        validate:
          - rule: end >= start
            message: {ja: 開始日より後にしてください, en: The end is before the start}
      - id: days
        type: computed
        label: {ja: 日数, en: Days}
        rule: "end >= start ? days_between(start, end) + 1 : null"
        result: number
        unit: {ja: 日, en: days}
      - {id: area, type: number, decimals: 1, label: {ja: 面積, en: Area}, min: 1}
      - {id: price, type: money, label: {ja: 金額, en: Price}, required: false}
      - {id: waiver, type: yes_no, label: {ja: 減免, en: Waiver}}
      - id: reason
        type: text
        label: {ja: 理由, en: Reason}
        show_when: waiver
        required_when: area > 100.0
  - id: extra
    title: {ja: 追加, en: Extra}
    show_when: waiver
    questions:
      - {id: note, type: text, label: {ja: 備考, en: Note}}
  - id: family
    title: {ja: 家族, en: Family}
    questions:
      - id: children
        type: group
        label: {ja: 子ども, en: Children}
        item_label: {ja: お子さん, en: Child}
        min: 0
        max: 3
        required: false
        questions:
          - {id: child_name, type: text, label: {ja: 名前, en: Name}}
          - {id: together, type: yes_no, label: {ja: 同居, en: Lives with you}}
          - id: apart
            type: text
            label: {ja: 別居先, en: Where}
            show_when: "!together"
          - id: child_file
            type: file
            label: {ja: 証明, en: Proof}
            required: false
      - {id: account, type: bank_account, label: {ja: 口座, en: Account}, required: false}
  - id: papers
    title: {ja: 書類, en: Papers}
    questions:
      - {id: plan, type: file, label: {ja: 位置図, en: Plan}, max_files: 2, max_size_mb: 1}
      - {id: agreed, type: declaration, label: {ja: 同意します, en: I agree}}
"""

PERSON = {
    "mail": "hanako@example.jp",
    "born": "1990-04-01",
    "name": "山田　花子",
    "home-postalCode": "165-0026",
    "home-prefecture": "東京都",
    "home-city": "中野区",
    "home-streetAddress": "新井1-1",
}
ACT = {
    "kind": "film",
    "cameras": "2",
    "start": "2026-04-01",
    "end": "2026-04-03",
    "area": "10.5",
    "waiver": "no",
}


def claims() -> dict[str, Any]:
    """What the sandbox eID would assert."""
    origin = {
        "source": "eid",
        "issuer": "https://eid.example",
        "acr": "aal3",
        "asserted_at": "2026-04-01T00:00:00+00:00",
    }
    return {
        "person.fullName": origin | {"value": "髙橋 𠮷子"},
        "person.dateOfBirth": origin | {"value": "19850412"},
        "person.address": origin
        | {
            "value": {
                "postalCode": "1650026",
                "prefecture": "東京都",
                "city": "中野区",
                "streetAddress": "新井1-1",
                "building": "",
            }
        },
        "contact.email": origin | {"value": "yoshiko@example.jp"},
        "person.sex": origin | {"value": "female"},
    }


def everything() -> FormDefinition:
    return load(EVERYTHING)


def posted(**values: Any) -> QueryDict:
    """A QueryDict; lists give several values. Double underscores stand for dashes."""
    data = QueryDict(mutable=True)
    for key, value in values.items():
        if isinstance(value, list):
            data.setlist(key.replace("__", "-"), value)
        else:
            data[key.replace("__", "-")] = value
    return data


def files(**uploads: Any) -> MultiValueDict[str, Any]:
    return MultiValueDict(
        {
            key.replace("__", "-"): value if isinstance(value, list) else [value]
            for key, value in uploads.items()
        }
    )


def a_resident(name: str = "山田　花子") -> User:
    return User.objects.create_resident(name=name)


def a_draft(
    definition: FormDefinition | None = None, resident: User | None = None, **options: Any
) -> Draft:
    """An open draft of the form with everything; needs an active town."""
    version = versions.publish(definition or everything())
    return drafts.open_draft(
        resident=resident or a_resident(), version=version, subject="everything", **options
    )


def save(draft: Draft, step: str, data: dict[str, Any], **uploads: Any) -> drafts.StepOutcome:
    """Post a step as its resident."""
    post = QueryDict(mutable=True)
    for key, value in data.items():
        if isinstance(value, list):
            post.setlist(key, value)
        else:
            post[key] = value
    actor = Actor("resident", str(draft.resident_id), "")
    return drafts.save_step(draft=draft, step_id=step, post=post, files=files(**uploads), by=actor)
