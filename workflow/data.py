"""What every part of a workflow is: strict data that never changes, and its error."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class WorkflowError(ValueError):
    """A workflow that cannot work; the message names the place."""


class Strict(BaseModel):
    """Nothing unknown, nothing changed later."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)
