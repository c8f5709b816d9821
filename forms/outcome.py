"""What came of saving a step, and of looking over a draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from forms.validation import Problem

if TYPE_CHECKING:
    from forms.display import StepRows
    from forms.models import Attachment
    from forms.pages import StepPage
    from forms.reasons import Because


@dataclass
class StepOutcome:
    """``ok``: saved and complete, go on to `next_step_id` (None: the check page).

    Not ok: everything that could be understood was saved all the same; show `page` again.
    """

    ok: bool
    next_step_id: str | None = None
    page: StepPage | None = None
    #: Messages by field name.
    errors: Mapping[str, list[str]] = field(default_factory=dict)
    #: Why a rule of the form gave such a message, by field name.
    reasons: Mapping[str, Because] = field(default_factory=dict)
    #: What was typed, by field name; wins over what is stored when the page is shown again.
    typed: Mapping[str, Any] = field(default_factory=dict)
    #: A friendly word above the fields: new questions, an address found, another window.
    notice: str = ""
    #: Somebody (another tab) had saved other answers in between.
    conflict: bool = False
    #: Save and leave was asked for.
    leave: bool = False
    #: The field to bring the reader back to, after a button inside the page.
    focus: str = ""
    #: The page was made from an older version of the form: what it said is carried over and saved,
    #: and the draft's report says what could not be. Show the form anew.
    form_changed: bool = False


@dataclass(frozen=True, slots=True)
class Review:
    """The whole draft: what the check page shows, and what is sent."""

    steps: list[StepRows]
    problems: list[Problem]
    #: Answers to the questions that are asked, nothing else; where they come from; their files.
    answers: dict[str, Any]
    provenance: dict[str, Any]
    files: list[Attachment]
    #: Names of files that belong to no entry, so that they are not sent, each with its step.
    unplaced: list[tuple[str, str]]

    @property
    def ok(self) -> bool:
        return not self.problems
