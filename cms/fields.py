"""Multilingual texts in forms: one input for each language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms as django_forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from common.text import Text, TextField


class TextWidget(django_forms.MultiWidget):
    """Inputs one below the other, each labelled with its language."""

    template_name = "cms/widgets/text.html"

    def __init__(self, *, long: bool = False, attrs: dict[str, Any] | None = None) -> None:
        self.languages = list(settings.LANGUAGES)
        one = django_forms.Textarea(attrs={"rows": 3}) if long else django_forms.TextInput()
        super().__init__({code: one for code, _name in self.languages}, attrs)

    def decompress(self, value: Any) -> list[str]:
        text = value if isinstance(value, Text) else Text(value or {})
        return [text.get(code, "") for code, _name in self.languages]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        for subwidget, (code, language) in zip(
            context["widget"]["subwidgets"], self.languages, strict=True
        ):
            subwidget["attrs"] |= {"lang": code, "aria-label": language}
            subwidget["language"] = language
        return context


class TextFormField(django_forms.MultiValueField):
    """A `Text` in every language of the platform. A required one needs Japanese at least."""

    def __init__(self, *, long: bool = False, **options: Any) -> None:
        options.setdefault("widget", TextWidget(long=long))
        fields = [django_forms.CharField(required=False) for _language in settings.LANGUAGES]
        super().__init__(fields, require_all_fields=False, **options)

    def compress(self, data_list: Sequence[str]) -> Text:
        return Text(
            {
                code: text.strip()
                for (code, _name), text in zip(settings.LANGUAGES, data_list, strict=False)
                if text and text.strip()
            }
        )

    def clean(self, value: Any) -> Text:
        text: Text = super().clean(value) or Text({})
        if self.required and not text.get(settings.LANGUAGE_CODE):
            raise ValidationError(_("Write this in Japanese at least."), code="required")
        return text

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.widget.decompress(initial) != [part or "" for part in data or []]


class TownTextField(TextField):
    """A multilingual text that editors can fill in."""

    def __init__(self, *args: Any, long: bool = False, **options: Any) -> None:
        self.long = long
        options.setdefault("default", dict)
        super().__init__(*args, **options)

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        if self.long:
            options["long"] = True
        return name, path, args, options

    def validate(self, value: Any, model_instance: Any) -> None:
        # Django's JSON field would try to serialise the Text itself.
        super().validate(value.as_dict() if isinstance(value, Text) else value, model_instance)

    def formfield(self, **options: Any) -> Any:
        options.pop("encoder", None)
        options.pop("decoder", None)
        return TextFormField(
            long=self.long,
            required=not self.blank,
            label=self.verbose_name,
            help_text=self.help_text,
        )
