"""A few questions on a page of their own, asked as in a form, without a draft behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from forms import doubts, rendering, saving, validation
from forms.models import Attachment, Draft
from forms.pages import ErrorLink, error_links
from forms.prepared import Prepared
from forms.saving import Files, Reader, Uploads
from forms.state import evaluate


@dataclass
class Asked:
    """What ``forms/step.html`` shows, and the answers once they are right (`done`)."""

    prepared: Prepared
    answers: dict[str, Any]
    typed: dict[str, Any] = field(default_factory=dict)
    messages: dict[str, list[str]] = field(default_factory=dict)
    notice: str = ""
    focus: str = ""
    done: bool = False
    #: A button inside the page was pressed.
    stays: bool = False
    seen: str = ""
    #: Those that the answers hold: they can be taken off, none can be added.
    files: Mapping[str, Attachment] = field(default_factory=dict)

    @property
    def shown(self) -> str:
        return " ".join(node.id for node in self.prepared.order)

    @property
    def fields(self) -> SafeString:
        """The questions as HTML, with what was typed and what is wrong with it."""
        return rendering.Frame(
            state=evaluate(self.prepared, self.answers),
            provenance={},
            controlling=(),
            typed=self.typed,
            errors=self.messages,
            files=self.files,
            takes_uploads=False,
            language=get_language() or "ja",
            painters=rendering.PAINTERS,
        ).fields(self.prepared.order)

    @property
    def errors(self) -> list[ErrorLink]:
        return error_links(list(self.prepared.order), self.messages, get_language() or "ja")

    @property
    def value(self) -> Any:
        """The answer, on a page with one question."""
        (node,) = self.prepared.order
        return evaluate(self.prepared, self.answers).answers().get(node.id)

    def refuse(self, messages: Mapping[str, list[str]]) -> None:
        """Show the page again with these messages, by question."""
        for name, words in messages.items():
            self.messages.setdefault(name, []).extend(words)
        self.done = False


def ask(
    prepared: Prepared,
    answers: Mapping[str, Any],
    post: QueryDict | None,
    files: Mapping[str, Attachment] | None = None,
) -> Asked:
    """The page as it is opened (None), or after `post`. The form has no conditions.

    `files`: those in `answers`; of others the page takes none.
    """
    page = Asked(prepared, dict(answers), files=files or {})
    if post is None:
        return page
    # Nothing of this draft is ever stored: it is only what a reader reads into.
    reader = Reader(Draft(answers=page.answers), prepared, post, Uploads(Files(), {}))
    nodes = list(prepared.order)
    page.stays = reader.press_buttons()
    read = reader.read(nodes)
    page.typed = saving.typed_values(reader.post, nodes)
    page.notice, page.focus = reader.notice, reader.focus
    page.answers = {node.id: read.values.get(node.id) for node in nodes}
    if page.stays:
        page.messages = {
            name: words for name, words in read.errors.items() if name in reader.early_errors
        }
        return page
    page.messages = dict(read.errors)
    state = evaluate(prepared, page.answers)
    for problem in validation.problems(prepared, state, skip=page.messages.keys()):
        page.messages.setdefault(problem.field, []).append(problem.message)
    doubtful = doubts.open_ones([node.question for node in nodes], state.answers(), reader.post)
    if doubtful and not page.messages:
        page.notice, page.focus = doubts.notice(), doubtful[0] + doubts.SURE
    page.done = not page.messages and not doubtful
    return page
