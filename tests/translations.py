"""Are all texts there in Japanese and English? ``python -m tests.translations``, by `make check`.

With ``--collect``, the texts of the sources are written into ``locale/`` (`make messages`).
"""

from __future__ import annotations

import ast
import os
import string
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command
from django.core.management.commands import makemessages
from pydantic import BaseModel

from tests import sources

PROJECT = Path(__file__).resolve().parent.parent
LANGUAGES = ("ja", "en")
CATALOGUE = PROJECT / "locale" / "ja" / "LC_MESSAGES" / "django.po"
_MARKS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext"}
IGNORED = ["node_modules", ".venv", "var"]


def collect() -> None:
    """Bring the texts of the sources into the catalogue, to be translated there."""
    call_command(
        "makemessages",
        locale=["ja"],
        no_obsolete=True,
        add_location="file",
        no_wrap=True,
        ignore_patterns=IGNORED,
    )


def problems() -> list[str]:
    """A line for each text that lacks a language."""
    with tempfile.TemporaryDirectory() as folder:
        found = differences(CATALOGUE, texts_of_sources(Path(folder)))
    return [
        *found,
        *format_errors(CATALOGUE),
        *hidden_texts(sources.modules()),
        *_declared(),
        *unpaired_templates(PROJECT),
    ]


# --- gettext ------------------------------------------------------------------------------------


def texts_of_sources(folder: Path, root: Path = PROJECT) -> Path:
    """What `makemessages` finds below `root`, as a file in `folder`; the sources are untouched."""

    class Beside(makemessages.BuildFile):
        @property
        def work_path(self) -> str:
            if not self.is_templatized:
                return str(self.path)
            return str(folder / (self.path.replace(os.sep, "__") + ".py"))

    command = makemessages.Command()
    command.build_file_class = Beside
    command.domain, command.verbosity, command.symlinks = "django", 0, False
    command.extensions = {".html", ".txt", ".py"}
    command.ignore_patterns = [*IGNORED, "CVS", ".*", "*~", "*.pyc"]
    command.locale_paths, command.default_locale_path = [], None
    before = Path.cwd()
    os.chdir(root)  # ignored names are those below the current folder
    try:
        command.process_locale_dir(str(folder), command.find_files("."))
    finally:
        os.chdir(before)
    made = folder / "django.pot"
    _run("msguniq", "--to-code=utf-8", f"--output-file={made}", str(made))
    return made


def differences(catalogue: Path, texts: Path) -> list[str]:
    """Not in the catalogue, not translated, doubtful, or not in the sources any more."""
    return _run("msgcmp", str(catalogue), str(texts))


def format_errors(catalogue: Path) -> list[str]:
    """Translations whose placeholders are not those of the text."""
    return _run("msgfmt", "--check-format", "--output-file=/dev/null", str(catalogue))


def hidden_texts(modules: Iterable[sources.Module]) -> Iterator[str]:
    """Texts within an f-string, where xgettext does not see them."""
    for module in modules:
        for outer in ast.walk(module.tree):
            if isinstance(outer, ast.JoinedStr):
                for call in ast.walk(outer):
                    if isinstance(call, ast.Call) and sources.called(call) in _MARKS:
                        yield f"{module.path}:{call.lineno}: a text within an f-string"


def _run(*command: str) -> list[str]:
    """What a gettext tool complains about. Without a complaint it has to succeed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = [line for line in done.stderr.splitlines() if line.strip()]
    if done.returncode and not said:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}")
    return said


# --- texts in declarations and templates --------------------------------------------------------


def _declared() -> list[str]:
    from catalogue.registry import catalogue
    from sandbox import content

    declared: dict[str, object] = {key: content.load(key) for key in content.TOWNS}
    for key, template in catalogue().items():
        declared |= {
            f"{key}.service": template.service,
            f"{key}.form": template.form,
            f"{key}.workflow": template.workflow,
            f"{key}.fees": template.fees,
            f"{key}.letters": template.letters,
        }
    return [line for name, value in declared.items() for line in incomplete(value, name)]


def incomplete(value: object, place: str) -> Iterator[str]:
    """Texts in `value` (models, mappings, sequences) that lack a language or a placeholder."""
    from common.text import Text

    if isinstance(value, Text):
        if value and {language for language, words in value.items() if words} != set(LANGUAGES):
            yield f"{place}: not in {' and '.join(LANGUAGES)}: {dict(value)}"
        elif len({_placeholders(words) for words in value.values()}) > 1:
            yield f"{place}: other placeholders in each language: {dict(value)}"
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from incomplete(getattr(value, name), f"{place}.{name}")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from incomplete(item, f"{place}.{key}")
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from incomplete(item, f"{place}[{number}]")


def _placeholders(words: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in string.Formatter().parse(words) if name)


def unpaired_templates(root: Path) -> list[str]:
    """Templates of one language (``fee_due.ja.txt``) without their twin."""
    wanted = [
        path.with_name(path.name.replace(f".{language}.", f".{other}."))
        for language in LANGUAGES
        for other in LANGUAGES
        for path in root.glob(f"*/templates/**/*.{language}.*")
    ]
    return sorted({f"{path.relative_to(root)} is missing" for path in wanted if not path.exists()})


def main(arguments: list[str]) -> Any:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    django.setup()
    if "--collect" in arguments:
        return collect()
    return "\n".join(problems()) or None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
