"""A form of a thousand questions in sixty steps with three hundred rules, and answers to it."""

from __future__ import annotations

from typing import Any

STEPS, QUESTIONS, RULES = 60, 1_000, 300
KINDS = ("sale", "film", "show", "event")
PLACES = tuple(f"place{number}" for number in range(1, 13))


def definition() -> dict[str, Any]:
    """As it is stored: plain data for `forms.definitions.load`."""
    return {
        "key": "thousand",
        "title": {"ja": "千の質問", "en": "A thousand questions"},
        "steps": [
            {
                "id": f"step{step:02}",
                "title": {"ja": f"{step + 1}番目の手続", "en": f"Procedure {step + 1}"},
                "lead": {"ja": "分かる範囲でお答えください。", "en": "Answer what you can."},
                "questions": _questions(step),
            }
            for step in range(STEPS)
        ],
    }


def _questions(step: int) -> list[dict[str, Any]]:
    """Seventeen questions, sixteen in the last twenty steps; five of their rules in each step."""
    s = f"s{step:02}"
    before = f"s{step - 1:02}_money > 1000" if step else f"{s}_money > 1000"
    questions: list[dict[str, Any]] = [
        _one(s, "name", "text", "届出する方のお名前", "Name of who reports", max_length=100),
        _one(s, "number", "number", "従事する人数", "Number of staff", min=1, max=1000,
             unit={"ja": "人", "en": "people"}),
        _one(s, "agent", "yes_no", "代理の方が届け出ますか", "Does somebody act for you?"),
        _one(s, "agent_name", "text", "代理の方のお名前", "Name of the agent",
             show_when=f"{s}_agent", max_length=100),
        _one(s, "kind", "choice", "何を行いますか", "What will you do?", choices=[
            {"value": kind, "label": {"ja": f"行為{kind}", "en": f"Act {kind}"},
             "hint": {"ja": "規則第3条に定めるもの", "en": "As in Article 3 of the rules"}}
            for kind in KINDS
        ]),
        _one(s, "goods", "multiple", "使うもの", "What you use",
             show_when=f'{s}_kind in ["show", "event"]',
             choices=[_option(value) for value in ("tent", "vehicle", "speaker", "fire")]),
        _one(s, "money", "money", "見込みの売上", "Expected sales"),
        _one(s, "start", "date", "始める日", "First day"),
        _one(s, "end", "date", "終わる日", "Last day", validate=[{
            "rule": f"{s}_end >= {s}_start",
            "message": {"ja": "始める日より後にしてください。", "en": "Not before the first day."},
        }]),
        _one(s, "plan", "long_text", "計画の内容", "Your plan", max_length=1000,
             legal_basis={"ja": "条例第5条", "en": "Ordinance, Article 5"}),
        _one(s, "place", "choice", "場所", "Place", choices=[_option(place) for place in PLACES]),
        _one(s, "mail", "email", "メールアドレス", "E-mail address"),
        _one(s, "phone", "phone", "電話番号", "Telephone number"),
        _one(s, "reason", "text", "売上が多い理由", "Why sales are high", show_when=before,
             max_length=200),
        _one(s, "leader", "text", "責任者のお名前", "Person in charge",
             required_when=f"{s}_number > 10", required=False, max_length=100),
        _one(s, "agreed", "declaration", "同意します", "I agree",
             text={"ja": "記入した内容は事実です。", "en": "What I have stated is true."}),
    ]  # fmt: skip
    if step < QUESTIONS - STEPS * 16:
        questions.append(_one(s, "note", "text", "備考", "Remarks", required=False))
    return questions


def _one(s: str, name: str, kind: str, ja: str, en: str, **more: Any) -> dict[str, Any]:
    return {
        "id": f"{s}_{name}",
        "type": kind,
        "label": {"ja": ja, "en": en},
        "hint": {"ja": f"{ja}を書いてください。", "en": f"Please give: {en}"},
        "why": {"ja": "審査に必要なためです。", "en": "We need it to check the report."},
    } | more


def _option(value: str) -> dict[str, Any]:
    return {"value": value, "label": {"ja": f"選択肢{value}", "en": f"Option {value}"}}


def answers(step: int) -> dict[str, Any]:
    """Stored answers to everything that a step asks."""
    s = f"s{step:02}"
    return {
        f"{s}_name": "山田 花子",
        f"{s}_number": 12,
        f"{s}_agent": step % 2 == 0,
        f"{s}_agent_name": "鈴木 一郎",
        f"{s}_kind": KINDS[step % 4],
        f"{s}_goods": ["tent", "fire"],
        f"{s}_money": 500 + step * 100,
        f"{s}_start": "2026-04-01",
        f"{s}_end": "2026-04-03",
        f"{s}_plan": "噴水の北側の芝生で、地域の紹介番組を撮影します。\n観客はいません。",
        f"{s}_place": PLACES[step % 12],
        f"{s}_mail": "hanako@example.jp",
        f"{s}_phone": "03-1234-5678",
        f"{s}_reason": "前の年より多くの方が来るため",
        f"{s}_leader": "佐藤 次郎",
        f"{s}_agreed": True,
        f"{s}_note": "とくにありません",
    }


def posted(step: int, *, wrong: bool = False) -> dict[str, list[str]]:
    """What a browser sends for a step; `wrong`: an empty name, an end before the start."""
    given = answers(step)
    sent: dict[str, list[str]] = {}
    for name, value in given.items():
        if name.endswith(("_start", "_end")):
            for part, text in zip(("year", "month", "day"), value.split("-"), strict=True):
                sent[f"{name}-{part}"] = [text.lstrip("0")]
        elif isinstance(value, bool):
            sent[name] = ["yes" if value else "no"]
        elif isinstance(value, list):
            sent[name] = value
        else:
            sent[name] = [str(value)]
    if wrong:
        sent[f"s{step:02}_name"] = [""]
        sent[f"s{step:02}_end-day"] = ["1"]
        sent[f"s{step:02}_end-month"] = ["3"]
    return sent
