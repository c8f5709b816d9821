"""A form with groups within groups: members of a household and the incomes of each."""

from __future__ import annotations

from typing import Any

FAMILY = """
key: family
title: {ja: 世帯, en: Household}
steps:
  - id: members
    title: {ja: 世帯の方, en: Members}
    questions:
      - {id: detailed, type: yes_no, label: {ja: くわしく, en: In detail}}
      - id: members
        type: group
        label: {ja: 世帯の方, en: Members}
        item_label: {ja: 方, en: Member}
        min: 1
        max: 5
        ordered: true
        questions:
          - {id: called, type: text, label: {ja: 名前, en: Name}}
          - {id: works, type: yes_no, label: {ja: 働いている, en: Works}, required: false}
          - id: incomes
            type: group
            label: {ja: 収入, en: Incomes}
            item_label: {ja: 収入, en: Income}
            show_when: works
            min: 1
            max: 4
            ordered: true
            validate:
              - rule: "!detailed || size(incomes) > 1"
                message: {ja: 2つ以上, en: At least two}
            questions:
              - id: source
                type: choice
                label: {ja: 種類, en: Kind}
                choices:
                  - {value: wages, label: {ja: 給与, en: Wages}}
                  - {value: other, label: {ja: その他, en: Other}}
              - id: which
                type: text
                label: {ja: 内容, en: Which}
                show_when: source == "other" && called != "空"
                required_when: detailed
              - id: amount
                type: money
                label: {ja: 金額, en: Amount}
                validate:
                  - rule: amount < 1000000 || works && detailed
                    message: {ja: 大きすぎます, en: Too large}
              - {id: slip, type: file, label: {ja: 明細, en: Slip}, required: false, max_files: 2}
              - id: yearly
                type: computed
                label: {ja: 年額, en: A year}
                rule: amount * 12
                result: money
          - id: own_total
            type: computed
            label: {ja: 小計, en: Subtotal}
            rule: sum(incomes.map(i, i.amount))
            result: money
      - id: total
        type: computed
        label: {ja: 合計, en: Total}
        rule: sum(members.map(m, sum(m.incomes.map(i, i.amount))))
        result: money
      - id: why_nothing
        type: text
        label: {ja: 収入がないわけ, en: Why there is no income}
        show_when: "!members.exists(m, m.incomes.exists(i, i.amount > 0))"
        required: false
"""

#: Two members, the second without an income; the first with two.
ANSWERS: dict[str, Any] = {
    "detailed": False,
    "members": [
        {
            "called": "空",
            "works": True,
            "incomes": [
                {"source": "wages", "amount": 200_000},
                {"source": "other", "amount": 30_000},
            ],
        },
        {"called": "海", "works": False},
    ],
}
POSTED = {
    "_shown": "detailed members",
    "detailed": "no",
    "members-n": "2",
    "members-0-called": "空",
    "members-0-works": "yes",
    "members-0-incomes-n": "2",
    "members-0-incomes-0-source": "wages",
    "members-0-incomes-0-amount": "200,000",
    "members-0-incomes-1-source": "other",
    "members-0-incomes-1-amount": "30,000",
    "members-1-called": "海",
    "members-1-works": "no",
}
