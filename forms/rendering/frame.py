"""HTML of the fields. Built in Python: a form step is the page most often made.

Every value goes through `escape`; only markup written here is trusted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from html import escape as escape_html
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from forms import display
from forms.models import Attachment
from forms.prepared import Node
from forms.questions import (
    ComputedQuestion,
    GroupQuestion,
    QuestionBase,
)
from forms.reasons import Because
from forms.seals import is_verified
from forms.state import State

#: Typed text is shown again up to this length; more would only make the page heavy.
LONGEST_ECHO = 20_000
REFRESH = ' hx-post="" hx-trigger="change consume" hx-vals=\'{"_do":"refresh"}\''


def escape(value: Any) -> str:
    """As Django's, without its support for lazy texts: it runs a hundred times a page."""
    return escape_html(str(value))


def attributes(pairs: Mapping[str, Any]) -> str:
    """`` name="value"``; None and False are left out, True is a bare name."""
    return "".join(
        f" {name}" if value is True else f' {name}="{escape(value)}"'
        for name, value in pairs.items()
        if value is not None and value is not False and value != ""
    )


#: Paints one question: (frame, node, field name, value).
Painter = Callable[["Frame", Node, str, Any], str]


@dataclass
class Frame:
    """A page being painted: what every type of field shares."""

    state: State
    provenance: Mapping[str, Any]
    controlling: Collection[str]
    typed: Mapping[str, Any]
    errors: Mapping[str, list[str]]
    files: Mapping[str, Attachment]
    language: str
    painters: Mapping[str, Painter]
    #: Why a rule gave the error of a field.
    reasons: Mapping[str, Because] = field(default_factory=dict)
    #: The key of each entry painted so far, by its name (`forms.entries`).
    keys: dict[str, str] = field(default_factory=dict)
    #: Whether files can be attached here.
    takes_uploads: bool = True
    #: The files that each field for files painted so far shows, by its name.
    listed: dict[str, list[str]] = field(default_factory=dict)
    #: The route of small pictures of attached ones.
    thumbnails: str = "portal:thumbnail"
    #: What the office says at a question, by its field's name.
    remarks: Mapping[str, str] = field(default_factory=dict)

    def question(self, node: Node, name: str, value: Any) -> str:
        question = node.question
        if is_verified(self.provenance.get(name)):
            return self.verified(question, name, value)
        return self.painters[question.type](self, node, name, value)

    def say(self, text: Any) -> str:
        return escape(text.in_language(self.language)) if text else ""

    def label(self, question: QuestionBase) -> str:
        optional = not question.required and question.required_when is None
        if optional and not isinstance(question, ComputedQuestion | GroupQuestion):
            return f'{self.say(question.label)} <span class="f-optional">{self.optional()}</span>'
        return self.say(question.label)

    @staticmethod
    def optional() -> str:
        return _("optional")

    @staticmethod
    def nothing_chosen() -> str:
        """The first line of a list to choose from."""
        words = _("Please choose")
        return f'<option value="">{words}</option>'

    def about(self, question: QuestionBase, name: str) -> tuple[str, list[str]]:
        """Remark, hint, why we ask, errors, badge; and the ids that describe the field."""
        parts, ids = [], []
        remark = self.remark(name)
        if remark:
            parts.append(remark)
            ids.append(f"f-{name}-remark")
        if question.hint:
            parts.append(f'<p class="f-hint" id="f-{name}-hint">{self.say(question.hint)}</p>')
            ids.append(f"f-{name}-hint")
        parts.append(self.why(question))
        error = self.error(name)
        if error:
            parts.append(error)
            ids.append(f"f-{name}-error")
        origin = self.provenance.get(name)
        if origin:
            words = display.origin_label(origin)
            parts.append(f'<p class="f-badge f-badge--prefilled" id="f-{name}-from">{words}</p>')
            ids.append(f"f-{name}-from")
        return "".join(parts), ids

    def remark(self, name: str) -> str:
        """What the office wrote about this answer, as it wrote it."""
        said = self.remarks.get(name)
        if not said:
            return ""
        title, words = _("Remark from the office"), escape(said).replace("\n", "<br>")
        return (
            f'<div class="f-remark" id="f-{name}-remark"><p class="f-remark__from">{title}</p>'
            f"<p>{words}</p></div>"
        )

    def why(self, question: QuestionBase) -> str:
        if not (question.why or question.legal_basis):
            return ""
        why = f"<p>{self.say(question.why)}</p>" if question.why else ""
        if question.legal_basis:
            title, basis = _("Legal basis"), self.say(question.legal_basis)
            why += f'<p class="f-why__basis">{title}: {basis}</p>'
        title = _("Why we ask")
        return (
            f'<details class="f-why"><summary class="f-why__summary">{title}</summary>'
            f"{why}</details>"
        )

    def error(self, name: str) -> str:
        messages = self.errors.get(name)
        if not messages:
            return ""
        mark, words = _("Error"), "<br>".join(escape(message) for message in messages)
        return (
            f'<p class="f-error" id="f-{name}-error"><span class="f-error__mark">'
            f"{mark}:</span> {words}</p>{self.because(name)}"
        )

    def because(self, name: str) -> str:
        """The answers that made a rule refuse this one, folded."""
        reason = self.reasons.get(name)
        if not reason:
            return ""
        title, intro = _("Why?"), _("Because of these answers:")
        lines = "".join(f"<li>{escape(line)}</li>" for line in reason.lines)
        return (
            f'<details class="f-why"><summary class="f-why__summary">{title}</summary>'
            f"<p>{intro}</p><ul>{lines}</ul></details>"
        )

    def wrap(self, question: QuestionBase, name: str, inside: str) -> str:
        wrong = " f-field--error" if self.is_wrong(name) else ""
        refresh = REFRESH if question.id in self.controlling else ""
        return f'<div class="f-field f-field--{question.type}{wrong}"{refresh}>{inside}</div>'  # type: ignore[attr-defined]

    def fieldset(self, question: QuestionBase, name: str, inside: str) -> str:
        """A fieldset: the legend is the label, hint and error describe the whole."""
        about, ids = self.about(question, name)
        wrong = " f-field--error" if self.is_wrong(name) else ""
        refresh = REFRESH if question.id in self.controlling else ""
        described = attributes({"aria-describedby": " ".join(ids)})
        return (
            f'<fieldset class="f-field f-field--{question.type}{wrong}"{described}{refresh}>'  # type: ignore[attr-defined]
            f'<legend class="f-label">{self.label(question)}</legend>{about}{inside}</fieldset>'
        )

    def is_wrong(self, name: str) -> bool:
        return name in self.errors or any(key.startswith(f"{name}-") for key in self.errors)

    def text(self, name: str, stored: Any) -> str:
        """What an input holds: what was typed just now, else what is stored."""
        if name in self.typed:
            found = self.typed[name]
            stored = found[-1] if isinstance(found, list) and found else found or ""
        return str("" if stored is None else stored)[:LONGEST_ECHO]

    def box(self, name: str, stored: Any, ids: Iterable[str] = (), **more: Any) -> str:
        kind = more.pop("css", "f-input")
        wrong = more.pop("wrong", False) or name in self.errors
        pairs = {
            "class": kind,
            "type": more.pop("type", "text"),
            "id": f"f-{name}",
            "name": name,
            "value": self.text(name, stored),
            "aria-describedby": " ".join(ids),
            "aria-invalid": "true" if wrong else None,
        }
        return f"<input{attributes(pairs | more)}>"

    def labelled(
        self, question: QuestionBase, name: str, control: Callable[[list[str]], str]
    ) -> str:
        about, ids = self.about(question, name)
        label = f'<label class="f-label" for="f-{name}">{self.label(question)}</label>'
        return self.wrap(question, name, f"{label}{about}{control(ids)}")

    @staticmethod
    def required(question: QuestionBase) -> str | None:
        # Told to assistive technology; the browser's own refusal would stop "save and leave".
        return "true" if question.required and question.required_when is None else None

    # --- types --------------------------------------------------------------------------------
    def chosen(self, name: str, stored: Iterable[Any]) -> set[str]:
        if name in self.typed:
            found = self.typed[name]
            return {str(item) for item in (found if isinstance(found, list) else [found])}
        # Nothing ticked leaves no trace in a post: then what is stored counts as before.
        return {str(item) for item in stored if item is not None}

    def verified(self, question: QuestionBase, name: str, value: Any) -> str:
        words = escape(display.text_of(question, value, self.language)).replace("\n", "<br>")
        error, badge = self.error(name), display.origin_label(self.provenance.get(name))
        return (
            f'<div class="f-field f-field--verified" id="f-{name}" tabindex="-1">'
            f'<p class="f-label">{self.say(question.label)}</p>{self.remark(name)}{error}'
            f'<p class="f-value">{words}</p>'
            f'<p class="f-badge f-badge--verified">{badge}</p>{self.why(question)}'
            "</div>"
        )

    @staticmethod
    def button(
        action: str,
        about_what: str,
        words: str,
        *,
        about: str = "",
        trusted: bool = False,
        key: str = "",
    ) -> str:
        """A submit button that stays on the page; htmx makes it smooth.

        It says what it does itself: in a group that refreshes the page, htmx would inherit that.
        With its id (`key`) it keeps the focus when the page around it is refreshed.
        """
        text = words if trusted else escape(words)
        hidden = f'<span class="f-hidden"> {about}</span>' if about else ""
        named = f' id="{escape(key)}"' if key else ""
        return (
            f'<button class="f-button f-button--{action}"{named} type="submit" name="_do" '
            f'value="{escape(f"{action}:{about_what}")}" formnovalidate hx-post="" hx-vals="unset">'
            f"{text}{hidden}</button>"
        )

    def fields(self, nodes: Iterable[Node]) -> SafeString:
        """The HTML of all questions that are asked."""
        parts = [self.question(node, node.id, self.state.values.get(node.id)) for node in nodes]
        return self._trusted("".join(parts))

    def one(self, node: Node, name: str, value: Any) -> SafeString:
        """The HTML of one question."""
        return self._trusted(self.question(node, name, value))

    @staticmethod
    def _trusted(html: str) -> SafeString:
        # Everything that is not markup of this module was escaped where it was put in.
        return mark_safe(html)  # noqa: S308

    # --- the frame around a field -------------------------------------------------------------
