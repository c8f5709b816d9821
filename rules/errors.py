"""What can be wrong with a rule, as text for its author, and as a bare fact at run time."""

from __future__ import annotations

from typing import NamedTuple


class Position(NamedTuple):
    """A place in a rule's source; both count from 1."""

    line: int
    column: int

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}"


class RuleError(Exception):
    """A rule that cannot be published. `message` is for its author; `position` may be unknown."""

    def __init__(self, message: str, position: Position | None = None) -> None:
        super().__init__(f"{message} ({position})" if position else message)
        self.message = message
        self.position = position


class RuleFailed(Exception):
    """A rule could not be worked out although every value it uses was there.

    Holds the kind of failure only: the engine's own text would repeat the applicant's values.
    """

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind
