"""`requirements/install` on machines that are not this one: apt, Python and npm are played."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sandbox.state import PROJECT

#: What the script may use of a real machine.
_TOOLS = (
    "sh", "env", "cat", "cut", "cksum", "dirname", "grep", "head", "sed", "mkdir", "touch", "rm",
    "readlink",
)  # fmt: skip
_PYTHON = """#!/bin/sh
case "$*" in
    *print*) echo "$PYTHON_IS" ;;
    *"version_info < (3, 11)"*) [ "${PYTHON_IS#3.}" -ge 11 ] ;;
    *"import ensurepip"*) [ -n "$HAS_VENV" ] ;;
    *"-m venv"*) mkdir -p .venv/bin; cp "$0" .venv/bin/python; cp "$0" .venv/bin/uv ;;
    *"import pip"*) ;;
    *) echo "python $*" >> "$SAID" ;;
esac
"""
_FAKES = {
    "python3": _PYTHON,
    "npm": '#!/bin/sh\necho "npm $*" >> "$SAID"\nmkdir -p "$2/node_modules"\n',
    "id": '#!/bin/sh\necho "$USER_ID"\n',
    "uname": '#!/bin/sh\necho "$MACHINE"\n',
    "dpkg-query": '#!/bin/sh\ncase " $INSTALLED " in *" $3 "*) echo install ok installed ;; esac\n',
    "apt-get": '#!/bin/sh\necho "apt-get $*" >> "$SAID"\ncase "$*" in *download*) exit 1 ;; esac\n',
    "apt-cache": """#!/bin/sh
case "$1 $2" in
    "depends clamav-daemon") printf '  Depends: libc6\\n  Depends: %s\\n' libclamav11t64; exit ;;
esac
case " $IN_APT " in
    *" $2 "*) printf '%s:\\n  Installed: (none)\\n  Candidate: 1.2\\n' "$2" ;;
    *) printf '%s:\\n  Installed: (none)\\n  Candidate: %s\\n' "$2" "${OTHERWISE:-(none)}" ;;
esac
""",
}
_LETTERS = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 gettext"
_TESTS = f"{_LETTERS} fonts-noto-cjk poppler-utils libclamav11t64"


@dataclass
class Machine:
    """A checkout on a machine that is described by variables."""

    project: Path
    tools: Path
    variables: dict[str, str] = field(
        default_factory=lambda: {
            "PYTHON_IS": "3.12", "HAS_VENV": "yes", "USER_ID": "0", "MACHINE": "x86_64",
            "INSTALLED": _TESTS, "IN_APT": "clamav-daemon python3.12-venv",
        }
    )  # fmt: skip

    def install(self, what: str, **variables: str) -> subprocess.CompletedProcess[str]:
        said = self.project / "said"
        said.write_text("")
        return subprocess.run(
            [self.project / "requirements" / "install", what],
            env=self.variables | variables | {"PATH": str(self.tools), "SAID": str(said)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    def said(self, word: str) -> list[str]:
        """What was asked of apt, npm or Python, a line for each time."""
        lines = (self.project / "said").read_text().splitlines()
        return [line for line in lines if word in line]

    def has(self, name: str, text: str = "#!/bin/sh\n") -> None:
        """One more program."""
        (self.tools / name).write_text(text)
        (self.tools / name).chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    project, tools = tmp_path / "a checkout", tmp_path / "bin"
    for folder in ("requirements", "sandbox/eid", "sandbox/browser", "var/clamav/usr/sbin"):
        (project / folder).mkdir(parents=True)
    for name in ("install", "system.sh"):
        shutil.copy(PROJECT / "requirements" / name, project / "requirements" / name)
    for name in ("demo.txt", "dev.txt", "bootstrap.txt", "helm.txt"):
        (project / "requirements" / name).write_text(name)
    for name in ("eid", "browser"):
        (project / "sandbox" / name / "package-lock.json").write_text(name)
    (project / "var/clamav/usr/sbin/clamd").touch(mode=0o755)
    made = Machine(project, tools)
    tools.mkdir()
    for name in (*_TOOLS, "cp"):
        found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/bin:/bin")
        assert found, name
        (tools / name).symlink_to(found)
    for name, text in _FAKES.items():
        made.has(name, text)
    return made


def test_install_complete_machine_asks_apt_nothing(machine: Machine) -> None:
    done = machine.install("demo")
    assert (done.returncode, done.stderr) == (0, "")
    assert machine.said("apt-get") == []
    assert machine.said("npm --prefix sandbox/eid ci")


def test_install_second_time_does_nothing(machine: Machine) -> None:
    machine.install("demo")
    done = machine.install("demo")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert machine.said("") == []


def test_install_as_root_asks_apt_for_what_is_missing_only(machine: Machine) -> None:
    done = machine.install("demo", INSTALLED="gettext libpango-1.0-0", HAS_VENV="")
    assert done.returncode == 0, done.stderr
    assert "libpangoft2-1.0-0 libharfbuzz-subset0 python3.12-venv" in done.stdout
    (asked,) = machine.said("apt-get")
    assert asked.endswith("libpangoft2-1.0-0 libharfbuzz-subset0 python3.12-venv")


def test_install_without_root_names_what_is_missing_in_one_line(machine: Machine) -> None:
    done = machine.install("demo", INSTALLED="libpango-1.0-0 gettext", USER_ID="1000")
    assert done.returncode == 1
    assert done.stderr.strip() == (
        "These system packages are missing. Install them and run this again: "
        "sudo apt-get install libpangoft2-1.0-0 libharfbuzz-subset0"
    )
    assert machine.said("") == []


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"PYTHON": "python9"}, "python9 is missing. Install Python 3.11 or newer"),
        ({"PYTHON_IS": "3.9"}, "Python 3.11 or newer is needed, but python3 is 3.9."),
    ],
)
def test_install_without_a_python_says_which(
    machine: Machine, variables: dict[str, str], says: str
) -> None:
    done = machine.install("demo", **variables)
    assert done.returncode == 1
    assert done.stderr.strip().startswith(says)
    assert machine.said("") == []


# --- the browser of the tests -------------------------------------------------------------------


def _has_no_browser(_machine: Machine) -> None:
    """Ubuntu on a server."""


def _has_a_snap(machine: Machine) -> None:
    """Ubuntu's chromium-browser: a script that starts the snap, or asks for it."""
    machine.has("chromium-browser", "#!/bin/sh\nexec /snap/bin/chromium\n")


def _has_a_link_to_snap(machine: Machine) -> None:
    machine.has("snap")
    (machine.tools / "chromium").symlink_to(machine.tools / "snap")


@pytest.mark.parametrize("as_it_is", [_has_no_browser, _has_a_snap, _has_a_link_to_snap])
def test_install_takes_a_packed_browser_where_apt_has_a_snap_only(
    machine: Machine, as_it_is: Callable[[Machine], None]
) -> None:
    as_it_is(machine)
    done = machine.install("dev", OTHERWISE="2:1snap1-0ubuntu2")
    assert done.returncode == 0, done.stderr
    asked = machine.said("apt-get")[-1]
    assert "libnss3" in asked
    assert "chromium" not in asked
    assert machine.said("npm --prefix sandbox/browser ci")
    assert machine.said("python -m sandbox.browser")


def test_install_takes_the_chromium_of_apt_where_there_is_one(machine: Machine) -> None:
    done = machine.install("dev", IN_APT="chromium clamav-daemon")
    assert done.returncode == 0, done.stderr
    assert machine.said("apt-get")[-1].endswith(" chromium")
    assert machine.said("sandbox/browser") == []


@pytest.mark.parametrize("named", [True, False])
def test_install_leaves_a_browser_that_is_there(machine: Machine, named: bool) -> None:
    machine.has("my-browser" if named else "chromium")
    done = machine.install("dev", **({"CHROMIUM": "my-browser"} if named else {}))
    assert done.returncode == 0, done.stderr
    assert machine.said("apt-get") == []
    assert machine.said("sandbox/browser") == []


def test_install_says_when_the_named_browser_is_not_there(machine: Machine) -> None:
    done = machine.install("dev", CHROMIUM="/no/such/browser")
    assert done.returncode == 1
    assert done.stderr.strip() == "There is no program /no/such/browser (named by CHROMIUM)."


def test_install_on_other_processors_asks_for_a_browser(machine: Machine) -> None:
    done = machine.install("dev", MACHINE="aarch64")
    assert done.returncode == 1
    assert "CHROMIUM=/path/to/chromium make test" in done.stderr


def test_install_says_when_the_scanner_cannot_be_had(machine: Machine) -> None:
    machine.has("chromium")
    shutil.rmtree(machine.project / "var")
    done = machine.install("dev", IN_APT="")
    assert done.returncode == 1
    assert done.stderr.strip().startswith("clamav-daemon is not known to apt.")
    assert machine.said("update")
