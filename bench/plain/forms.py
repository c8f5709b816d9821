"""A step of `bench.big_form` by hand: the same fields, widgets, texts and rules, in one language.

It is what a good Django developer writes first: a `Form` with the fields, conditional ones taken
out when they do not apply, `clean()` for what hangs together, one template for every step. When you
change it, keep it neither crippled nor tuned.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django import forms as django_forms
from django.core.validators import RegexValidator

from bench.big_form import KINDS, PLACES

PHONE = RegexValidator(r"^\+?[0-9-]{9,22}$", "市外局番から書いてください。")
REQUIRED = "入力してください。"
WHY = "審査に必要なためです。"
INPUT, NARROW = {"class": "f-input"}, {"class": "f-input f-input--10"}


class DateWidget(django_forms.MultiWidget):
    """Year, month and day beside each other."""

    template_name = "plain/date.html"
    use_fieldset = True

    def __init__(self) -> None:
        parts = {
            "year": {"class": "f-input f-input--year"},
            "month": {"class": "f-input f-input--5", "inputmode": "numeric"},
            "day": {"class": "f-input f-input--5", "inputmode": "numeric"},
        }
        super().__init__(
            {
                name: django_forms.TextInput(attrs={**attrs, "autocomplete": "off"})
                for name, attrs in parts.items()
            }
        )
        self.widgets_names = [f"-{name}" for name in parts]

    def decompress(self, value: Any) -> list[Any]:
        if not value:
            return [None, None, None]
        day = dt.date.fromisoformat(value) if isinstance(value, str) else value
        return [day.year, day.month, day.day]


class DateField(django_forms.MultiValueField):
    widget = DateWidget

    def __init__(self, **options: Any) -> None:
        fields = [django_forms.IntegerField(min_value=1) for _ in range(3)]
        super().__init__(fields, require_all_fields=True, **options)

    def compress(self, data_list: list[Any]) -> dt.date | None:
        if not data_list:
            return None
        try:
            return dt.date(*data_list)
        except ValueError:
            raise django_forms.ValidationError("この日は暦にありません。") from None


def _radios(labels: Mapping[str, str], **options: Any) -> django_forms.ChoiceField:
    return django_forms.ChoiceField(
        choices=list(labels.items()),
        widget=django_forms.RadioSelect(attrs={"class": "f-choice__input"}),
        **options,
    )


class StepForm(django_forms.Form):
    """One step. `before` are the answers of the other steps."""

    prefix_id = ""

    def __init__(self, *, before: Mapping[str, Any], **options: Any) -> None:
        super().__init__(auto_id="f-%s", use_required_attribute=False, **options)
        self.before = before
        for name in self._not_asked():
            self.fields.pop(name, None)

    def _now(self, name: str) -> Any:
        return self.data.get(name) if self.is_bound else self.initial.get(name)

    def _not_asked(self) -> list[str]:
        s, gone = self.prefix_id, []
        if self._now(f"{s}_agent") not in {"yes", True}:
            gone.append(f"{s}_agent_name")
        if self._now(f"{s}_kind") not in {"show", "event"}:
            gone.append(f"{s}_goods")
        step = int(s[1:])
        if step:
            sales = self.before.get(f"s{step - 1:02}_money") or 0
        else:
            typed = str(self._now(f"{s}_money") or "0")
            sales = int(typed) if typed.isdigit() else 0
        if sales <= 1000:
            gone.append(f"{s}_reason")
        return gone

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        s = self.prefix_id
        start, end = cleaned.get(f"{s}_start"), cleaned.get(f"{s}_end")
        if start and end and end < start:
            self.add_error(f"{s}_end", "始める日より後にしてください。")
        if (cleaned.get(f"{s}_number") or 0) > 10 and not cleaned.get(f"{s}_leader"):
            self.add_error(f"{s}_leader", REQUIRED)
        return cleaned


def form_of(step: int) -> type[StepForm]:
    """The form of a step. Sixty classes written out would read the same."""
    s = f"s{step:02}"

    def texts(label: str, **more: Any) -> dict[str, Any]:
        return {
            "label": label,
            "help_text": f"{label}を書いてください。",
            "error_messages": {"required": REQUIRED},
        } | more

    fields: dict[str, django_forms.Field] = {
        "name": django_forms.CharField(
            max_length=100, widget=django_forms.TextInput(INPUT), **texts("届出する方のお名前")
        ),
        "number": django_forms.IntegerField(
            min_value=1, max_value=1000,
            widget=django_forms.TextInput({**NARROW, "inputmode": "numeric"}),
            **texts("従事する人数"),
        ),
        "agent": _radios({"yes": "はい", "no": "いいえ"}, **texts("代理の方が届け出ますか")),
        "agent_name": django_forms.CharField(
            max_length=100, widget=django_forms.TextInput(INPUT), **texts("代理の方のお名前")
        ),
        "kind": _radios({kind: f"行為{kind}" for kind in KINDS}, **texts("何を行いますか")),
        "goods": django_forms.MultipleChoiceField(
            choices=[(v, f"選択肢{v}") for v in ("tent", "vehicle", "speaker", "fire")],
            widget=django_forms.CheckboxSelectMultiple(attrs={"class": "f-choice__input"}),
            **texts("使うもの"),
        ),
        "money": django_forms.IntegerField(
            min_value=0, max_value=10**12,
            widget=django_forms.TextInput({**NARROW, "inputmode": "numeric"}),
            **texts("見込みの売上"),
        ),
        "start": DateField(**texts("始める日")),
        "end": DateField(**texts("終わる日")),
        "plan": django_forms.CharField(
            max_length=1000,
            widget=django_forms.Textarea({"class": "f-input f-input--area", "rows": 5}),
            **texts("計画の内容"),
        ),
        "place": django_forms.ChoiceField(
            choices=[("", "選んでください"), *((place, f"選択肢{place}") for place in PLACES)],
            widget=django_forms.Select({"class": "f-input f-input--select"}), **texts("場所"),
        ),
        "mail": django_forms.EmailField(
            widget=django_forms.TextInput({**INPUT, "inputmode": "email"}),
            **texts("メールアドレス"),
        ),
        "phone": django_forms.CharField(
            validators=[PHONE],
            widget=django_forms.TextInput({"class": "f-input f-input--20", "type": "tel"}),
            **texts("電話番号"),
        ),
        "reason": django_forms.CharField(
            max_length=200, widget=django_forms.TextInput(INPUT), **texts("売上が多い理由")
        ),
        "leader": django_forms.CharField(
            required=False, max_length=100, widget=django_forms.TextInput(INPUT),
            **texts("責任者のお名前"),
        ),
        "agreed": django_forms.BooleanField(
            widget=django_forms.CheckboxInput({"class": "f-choice__input", "value": "yes"}),
            **texts("同意します"),
        ),
    }  # fmt: skip
    if step < 40:
        fields["note"] = django_forms.CharField(
            required=False, max_length=200, widget=django_forms.TextInput(INPUT), **texts("備考")
        )
    more: dict[str, dict[str, str]] = {
        "note": {"optional": "yes"},
        "number": {"unit": "人"},
        "money": {"unit": "円"},
        "plan": {"legal_basis": "条例第5条", "most": "1,000文字まで"},
        "kind": {"option_hint": "規則第3条に定めるもの"},
        "agreed": {"text": "記入した内容は事実です。"},
    }
    for name, field in fields.items():
        field.why = WHY  # type: ignore[attr-defined]
        for key, value in more.get(name, {}).items():
            setattr(field, key, value)
    named = {f"{s}_{name}": field for name, field in fields.items()}
    return type(f"Step{step:02}Form", (StepForm,), {"prefix_id": s, **named})


def initial_of(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Stored answers as the fields take them: yes and no are choices."""
    return {
        name: ("yes" if value else "no") if name.endswith("_agent") else value
        for name, value in answers.items()
    }
