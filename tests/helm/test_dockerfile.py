"""The image's recipe, read as data: no engine is needed, none of its rules is a matter of taste."""

from __future__ import annotations

import fnmatch
import json
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_BASE = "python:3.11-slim-bookworm"


@dataclass(frozen=True)
class Instruction:
    """One instruction with its continuation lines joined and its comments gone."""

    word: str
    rest: str


def _stages() -> list[list[Instruction]]:
    text = (ROOT / "Dockerfile").read_text()
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    stages: list[list[Instruction]] = []
    for line in filter(None, (line.strip() for line in joined.splitlines())):
        word, rest = line.split(None, 1)
        if word == "FROM":
            stages.append([])
        stages[-1].append(Instruction(word, " ".join(rest.split())))
    return stages


BUILD, FINAL = _stages()


def _all(stage: list[Instruction], word: str) -> list[str]:
    return [one.rest for one in stage if one.word == word]


def test_only_known_instructions() -> None:
    allowed = {"FROM", "WORKDIR", "RUN", "COPY", "ENV", "USER", "EXPOSE", "HEALTHCHECK", "CMD"}
    assert {one.word for one in BUILD + FINAL} <= allowed


def test_both_stages_name_a_fixed_tag_and_no_host() -> None:
    assert _all(BUILD, "FROM") == [f"{_BASE} AS build"]
    assert _all(FINAL, "FROM") == [_BASE]


@pytest.mark.parametrize("stage", [BUILD, FINAL], ids=["build", "final"])
def test_system_packages_leave_nothing_behind(stage: list[Instruction]) -> None:
    installs = [run for run in _all(stage, "RUN") if "apt-get" in run]
    assert len(installs) == 1
    assert installs[0].startswith("apt-get update && apt-get install --yes --no-install-recommends")
    assert "rm -rf /var/lib/apt/lists/*" in installs[0]
    assert "apt-get upgrade" not in installs[0]
    assert "sudo" not in installs[0]


def test_letters_can_be_drawn() -> None:
    packages = " ".join(_all(FINAL, "RUN")).split()
    assert {"libharfbuzz-subset0", "libpango-1.0-0", "libpangoft2-1.0-0"} <= set(packages)


def test_requirements_are_installed_by_hash() -> None:
    (install,) = [run for run in _all(BUILD, "RUN") if "pip install" in run]
    assert "--no-cache-dir --require-hashes --requirement requirements/base.txt" in install
    locked = (ROOT / "requirements/base.txt").read_text()
    pins = [line for line in locked.splitlines() if re.match(r"^[a-z0-9].*==", line)]
    assert pins
    assert all(line.rstrip().endswith("\\") for line in pins), "a pin without its hash"


def test_requirements_are_copied_before_the_code() -> None:
    """A change of code must not install everything again."""
    words = [one.rest for one in BUILD if one.word == "COPY" or "pip install" in one.rest]
    assert words[0] == "requirements/base.txt requirements/base.txt"
    assert "pip install" in words[1]
    assert words[2] == ". ."


def test_static_files_translations_and_bytecode_are_built() -> None:
    build = _all(BUILD, "RUN")[-1]
    assert "manage.py collectstatic --no-input" in build
    assert "msgfmt --check" in build
    assert "compileall" in build


def test_it_runs_as_nobody_in_particular() -> None:
    users = _all(FINAL, "USER")
    assert users == ["10001:10001"]
    position = [one.word for one in FINAL]
    assert position.index("USER") > max(i for i, word in enumerate(position) if word == "COPY")
    assert position.index("CMD") > position.index("USER")


def test_the_running_image_has_no_build_tools() -> None:
    final = " ".join(_all(FINAL, "RUN"))
    for tool in ("gcc", "build-essential", "gettext", "git ", "curl", "pip install"):
        assert tool not in final
    assert _all(FINAL, "COPY") == ["--from=build /opt/venv /opt/venv", "--from=build /app /app"]


def test_environment_is_plain() -> None:
    pairs = dict(pair.split("=", 1) for pair in shlex.split(" ".join(_all(FINAL, "ENV"))))
    assert pairs["PYTHONDONTWRITEBYTECODE"] == "1"
    assert pairs["PYTHONUNBUFFERED"] == "1"
    assert pairs["DJANGO_SETTINGS_MODULE"] == "config.settings.prod"
    text = (ROOT / "Dockerfile").read_text()
    for word in ("SECRET_KEY", "PASSWORD", "DATABASE_URL", "TOKEN", "VALKEY_URL", "://user"):
        assert word not in text


def test_no_registry_mirror_or_index_is_named() -> None:
    text = (ROOT / "Dockerfile").read_text()
    assert "--index-url" not in text
    assert "--trusted-host" not in text
    hosts = set(re.findall(r"https?://([^/'\"\s]+)", text))
    assert hosts == {"127.0.0.1:8000"}


def test_commands_are_lists_and_receive_signals() -> None:
    (command,) = _all(FINAL, "CMD")
    assert json.loads(command)[:2] == ["gunicorn", "config.wsgi:application"]
    (health,) = _all(FINAL, "HEALTHCHECK")
    check = json.loads(health.split(" CMD ", 1)[1])
    assert check[0] == "python"
    compile(check[2], "healthcheck", "exec")
    assert "/healthz" in check[2]


def test_folders_are_absolute() -> None:
    assert _all(BUILD, "WORKDIR") == ["/app"]
    assert _all(FINAL, "WORKDIR") == ["/app"]


def _in_context(path: str, rules: list[str]) -> bool:
    """Docker's reading of .dockerignore: the last rule that matches decides."""
    included = True
    parts = path.split("/")
    parents = ["/".join(parts[: end + 1]) for end in range(len(parts))]
    for rule in rules:
        pattern = rule.removeprefix("!")
        anywhere = pattern.startswith("**/")
        pattern = pattern.removeprefix("**/")
        names = parts if anywhere else parents
        if any(fnmatch.fnmatchcase(name, pattern) for name in names):
            included = rule.startswith("!")
    return included


def _rules() -> list[str]:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_the_context_holds_every_room_that_runs() -> None:
    from config.settings import base

    rooms = [app for app in base.INSTALLED_APPS if (ROOT / app.replace(".", "/")).is_dir()]
    assert "cases" in rooms
    for room in [*rooms, "config", "api"]:
        assert _in_context(f"{room.replace('.', '/')}/__init__.py", _rules()), room
    for path in ("manage.py", "requirements/base.txt", "locale/ja/LC_MESSAGES/django.po"):
        assert _in_context(path, _rules()), path


def test_the_context_holds_nothing_else() -> None:
    git = shutil.which("git")
    assert git is not None
    listed = subprocess.run(
        [git, "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    top = {path.split("/")[0] for path in listed if _in_context(path, _rules())}
    for outside in ("tests", "bench", "sandbox", "helm", "docs", "Dockerfile", ".gitignore"):
        assert outside not in top, outside
    for path in (".git/config", ".env", "var/media/shiomi/a.pdf", "common/__pycache__/a.pyc"):
        assert not _in_context(path, _rules()), path
