"""How a run's tests are shared out among xdist's workers.

Whole files go to a worker, so that what a module sets up is set up once. The browser's stories all
go to the same one, and first: two browsers with their servers do not fight for the same two cores,
and the longest piece of work is not the last to begin. (`--dist loadgroup` does not see its marks
under pytest 9.2: pytest-xdist issue 1386.)
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

_STORIES = "tests/e2e/"


class ByFile(LoadScopeScheduling):  # type: ignore[misc]
    """Scopes are files; `_STORIES` is one scope."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        return _STORIES if path.startswith(_STORIES) else path

    def _assign_work_unit(self, node: WorkerController) -> None:
        if _STORIES in self.workqueue:
            self.workqueue.move_to_end(_STORIES, last=False)
        super()._assign_work_unit(node)
