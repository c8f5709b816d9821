# ruff: noqa: INP001  a file of the chart, run by path
"""Is this pod's worker or beat still working? Exit code 0: yes, or not its fault.

Run by the kubelet every minute, so it loads no Django: kombu's broker round trip only.
"""

import os
import socket
import sys
import time
from pathlib import Path

# Beat saves its schedule every 180 s; three misses mean that it hangs.
BEAT_SILENCE_SECONDS = 600
ANSWER_SECONDS = 8.0


def say(line: str) -> None:
    """One line for the event that the kubelet writes."""
    sys.stdout.write(line + "\n")


def worker(broker_url: str, hostname: str) -> int:
    """Ask the worker of this pod for a ping through the broker."""
    from celery import Celery  # noqa: PLC0415  beat's check needs none of it
    from kombu.exceptions import OperationalError  # noqa: PLC0415

    app = Celery(broker=broker_url.replace("unix://", "redis+socket://"), set_as_current=False)
    app.conf.broker_transport_options = {"socket_connect_timeout": 3, "socket_timeout": 10}
    try:
        app.connection_for_read().ensure_connection(max_retries=1, timeout=4)
        answers = app.control.ping(destination=[hostname], timeout=ANSWER_SECONDS, limit=1)
    except (OperationalError, OSError) as error:
        # A restart mends no broker; the worker reconnects by itself.
        say(f"broker away ({type(error).__name__}), worker not judged")
        return 0
    if not answers:
        say(f"{hostname} did not answer within {ANSWER_SECONDS:.0f} s")
        return 1
    return 0


def beat(schedule: Path) -> int:
    """Look at the age of beat's schedule file (its name gets a suffix from some dbm kinds)."""
    times = [path.stat().st_mtime for path in schedule.parent.glob(f"{schedule.name}*")]
    if not times:
        say(f"{schedule} does not exist")
        return 1
    age = time.time() - max(times)
    if age > BEAT_SILENCE_SECONDS:
        say(f"schedule saved {age:.0f} s ago")
        return 1
    return 0


def main(arguments: list[str]) -> int:
    """`alive.py worker` or `alive.py beat`."""
    if arguments == ["worker"]:
        return worker(os.environ["VALKEY_URL"], f"worker@{socket.gethostname()}")
    if arguments == ["beat"]:
        return beat(Path(os.environ.get("BEAT_SCHEDULE", "/tmp/celerybeat-schedule")))  # noqa: S108  the pod's own volume
    say("usage: alive.py worker|beat")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
