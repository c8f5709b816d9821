"""Rules: conditions, computed values and checks as data (CEL behind a gate). Pure functions."""

from rules.engine import Rule, compile_rule
from rules.errors import Position, RuleError, RuleFailed
from rules.functions import RESERVED, Function
from rules.reasons import Fact, Reason, explain
from rules.types import BOOL, DATE, DECIMAL, INT, TEXT, VarType, list_of, map_of

__all__ = [
    "BOOL",
    "DATE",
    "DECIMAL",
    "INT",
    "RESERVED",
    "TEXT",
    "Fact",
    "Function",
    "Position",
    "Reason",
    "Rule",
    "RuleError",
    "RuleFailed",
    "VarType",
    "compile_rule",
    "explain",
    "list_of",
    "map_of",
]
