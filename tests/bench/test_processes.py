from __future__ import annotations

import os
import subprocess
import sys

import pytest

from bench.processes import BenchError, children, kill_group, stop, tree_cpu

_BUSY = (
    "import time\nend = time.process_time() + {seconds}\nwhile time.process_time() < end: pass\n"
)


def test_cpu_of_a_tree_counts_children_that_run_and_that_have_ended() -> None:
    script = (
        "import subprocess, sys\n"
        f"subprocess.run([sys.executable, '-c', {_BUSY.format(seconds=0.2)!r}])\n"
        f"child = subprocess.Popen([sys.executable, '-c', {_BUSY.format(seconds=0.2)!r}"
        " + 'input()'], stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        "import time; time.sleep(0.5)\n"
        "print('ready', flush=True); input()\n"
        "child.stdin.close(); child.wait()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        assert len(children(process.pid)) == 1
        assert tree_cpu(process.pid) >= 0.2 + 0.1
    finally:
        process.communicate(b"\n", timeout=20)


def test_process_that_is_gone_has_no_cpu_time() -> None:
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    process.wait(10)
    with pytest.raises(BenchError, match="is gone"):
        tree_cpu(process.pid)


def test_stop_and_kill_end_only_their_own() -> None:
    sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
    polite = subprocess.Popen(sleep, start_new_session=True)
    hard = subprocess.Popen(sleep, start_new_session=True)
    stop(polite)
    assert polite.returncode == -15
    kill_group(hard)
    assert hard.returncode == -9
    assert os.getpid()
