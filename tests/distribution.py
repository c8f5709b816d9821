"""How a run's tests are shared out among xdist's workers.

Whole files go to a worker, so that what a module sets up is set up once. Those that run the whole
platform with its processes all go to the same one, and first: two demos do not fight for the same
two cores, and the longest piece of work is not the last to begin. (`--dist loadgroup` does not see
its marks under pytest 9.2: pytest-xdist issue 1386.)
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

_PLATFORMS = ("tests/e2e/", "tests/bench/test_faults.py")
_TOGETHER = "platforms"


class ByFile(LoadScopeScheduling):  # type: ignore[misc]
    """Scopes are files; those of `_PLATFORMS` are one."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        return _TOGETHER if path.startswith(_PLATFORMS) else path

    def _assign_work_unit(self, node: WorkerController) -> None:
        if _TOGETHER in self.workqueue:
            self.workqueue.move_to_end(_TOGETHER, last=False)
        super()._assign_work_unit(node)
