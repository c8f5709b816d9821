"""The sources as data, for the tests that police them: syntax trees and templates by name."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import import_module
from pathlib import Path

from django.apps import AppConfig, apps

PROJECT = Path(__file__).resolve().parent.parent
ROOMS = (
    "audit", "backoffice", "billing", "cases", "catalogue", "cms", "common", "config", "documents",
    "forms", "identity", "notifications", "portal", "rules", "sandbox", "services", "tenants",
    "workflow",
)  # fmt: skip
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Call:
    """A call, and the functions around it, the innermost last."""

    node: ast.Call
    inside: tuple[Function, ...]
    module: Module

    @property
    def place(self) -> str:
        return f"{self.module.path}:{self.node.lineno}"


class Module:
    """One of our source files."""

    def __init__(self, path: Path, root: Path = PROJECT) -> None:
        self.path = path.relative_to(root).as_posix()
        self.tree = ast.parse(path.read_text(encoding="utf-8"))

    @property
    def room(self) -> str:
        return self.path.split("/")[0]

    @cached_property
    def calls(self) -> list[Call]:
        return list(self._calls(self.tree, ()))

    def _calls(self, node: ast.AST, inside: tuple[Function, ...]) -> Iterator[Call]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Call):
                yield Call(child, inside, self)
            around = (*inside, child) if isinstance(child, Function) else inside
            yield from self._calls(child, around)

    def value_of(self, name: str) -> object:
        """What a name (``MAIL``, ``events.SIGNED_IN``) means in this module."""
        dotted = self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        value: object = import_module(dotted)
        for part in name.split("."):
            value = getattr(value, part)
        return value


@cache
def modules(*more: str) -> tuple[Module, ...]:
    """The source files of our rooms, and of the folders `more`."""
    return tuple(
        Module(path) for room in (*ROOMS, *more) for path in sorted((PROJECT / room).rglob("*.py"))
        if "node_modules" not in path.parts
    )  # fmt: skip


def called(call: ast.Call) -> str:
    """``outbox.enqueue`` for ``outbox.enqueue(…)``; the last name alone of anything longer."""
    function = call.func
    if isinstance(function, ast.Attribute):
        before = function.value
        return f"{before.id}.{function.attr}" if isinstance(before, ast.Name) else function.attr
    return function.id if isinstance(function, ast.Name) else ""


def argument(call: ast.Call, position: int, name: str) -> ast.expr | None:
    """An argument by its name, else by its place."""
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    return call.args[position] if len(call.args) > position else None


def patterns(call: Call, node: ast.expr | None) -> set[str]:
    """The strings an argument can be, as regular expressions: ``case\\..*`` for an f-string.

    A parameter that is only passed on is followed to the calls of its function in the same module.
    Raises `LookupError` for what cannot be read.
    """
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {re.escape(node.value)}
    if isinstance(node, ast.IfExp):
        return patterns(call, node.body) | patterns(call, node.orelse)
    if isinstance(node, ast.JoinedStr):
        return {
            "".join(
                re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+"
                for part in node.values
            )
        }
    if isinstance(node, ast.Name):
        found = _passed_on(call, node.id)
        if found:
            return found
    if isinstance(node, ast.Name | ast.Attribute):
        try:
            value = call.module.value_of(ast.unparse(node))
        except AttributeError:
            value = None
        if isinstance(value, str):
            return {re.escape(value)}
    raise LookupError(f"{call.place}: what is {ast.unparse(node) if node else 'not given'}?")


def _passed_on(call: Call, name: str) -> set[str]:
    found: set[str] = set()
    for function in call.inside:
        names = [one.arg for one in [*function.args.args, *function.args.kwonlyargs]]
        if name in names:
            for other in call.module.calls:
                if called(other.node) == function.name:
                    found |= patterns(other, argument(other.node, names.index(name), name))
    return found


# --- templates ----------------------------------------------------------------------------------

_ASKED_FOR = re.compile(r"""\{%-?\s*(?:extends|include)\s+["']([^"']+)["']""")


def is_ours(config: AppConfig) -> bool:
    return config.name.split(".")[0] in ROOMS


@cache
def our_templates() -> dict[str, Path]:
    """Name → file of every template in our rooms."""
    return _templates(is_ours)


@cache
def library_templates() -> dict[str, Path]:
    return _templates(lambda config: not is_ours(config))


def _templates(wanted: Callable[[AppConfig], bool]) -> dict[str, Path]:
    return {
        path.relative_to(folder).as_posix(): path
        for config in apps.get_app_configs() if wanted(config)
        for folder in [Path(config.path) / "templates"]
        for path in folder.rglob("*") if path.is_file()
    }  # fmt: skip


def asked_for_by(template: Path) -> set[str]:
    """Names that a template extends or includes."""
    return set(_ASKED_FOR.findall(template.read_text(encoding="utf-8")))


def named_in_code() -> set[str]:
    """Every string in our modules: a template that is rendered is among them."""
    return {
        node.value
        for module in modules() if "/migrations/" not in module.path
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }  # fmt: skip
