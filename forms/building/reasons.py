"""Why a definition cannot work, in words for whoever builds the form.

The engine's own messages are for authors of templates, in English. Each has its counterpart here;
a test looks for those that were forgotten. What is not known is shown as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from forms.building.words import LANGUAGE_NAMES, TYPES

_PLACE = re.compile(r" \(line (?P<line>\d+), column (?P<column>\d+)\)$")
_LINE = re.compile(r"^line (?P<line>\d+): ")
_NAMED_PLACE = re.compile(r"^(?:step|question) '[^']*': ")

#: Kinds of values as rules call them.
_KINDS: Mapping[str, Any] = {
    "bool": gettext_lazy("yes or no"),
    "int": gettext_lazy("whole number"),
    "decimal": gettext_lazy("number with decimals"),
    "text": gettext_lazy("text"),
    "date": gettext_lazy("date"),
    "list": gettext_lazy("list"),
    "map": gettext_lazy("answer of several parts"),
    "null": gettext_lazy("empty value"),
}

_SENTENCES: tuple[tuple[str, Any], ...] = (
    # --- rules: their writing
    (r"the rule is empty", gettext_lazy("The rule is empty.")),
    (r"the rule is longer than (?P<most>\d+) bytes",
     gettext_lazy("The rule is too long: at most %(most)s bytes.")),
    (r"the rule has more than (?P<most>\d+) words and signs",
     gettext_lazy("The rule is too long: at most %(most)s words and signs.")),
    (r"unexpected '?(?P<what>.+?)'?", gettext_lazy("“%(what)s” is not expected here.")),
    (r"comments are not part of a rule", gettext_lazy("A rule cannot hold comments.")),
    (r"a space or an operator is missing",
     gettext_lazy("A space or a sign between two words is missing.")),
    (r"too many signs in a row", gettext_lazy("There are too many signs in a row.")),
    (r"'(?P<what>.)' is never closed", gettext_lazy("“%(what)s” is opened, but never closed.")),
    (r"'(?P<what>.)' closes nothing", gettext_lazy("“%(what)s” closes nothing.")),
    (r"brackets are nested deeper than (?P<most>\d+)",
     gettext_lazy("There are too many brackets within brackets: at most %(most)s.")),
    (r"this is not a complete expression", gettext_lazy("The rule is not complete.")),
    (r"this is not understood", gettext_lazy("This is not understood.")),
    (r"this part of the language is not available in rules",
     gettext_lazy("This part of the language cannot be used in a rule.")),
    (r"this kind of literal is not available in rules",
     gettext_lazy("This kind of value cannot be used in a rule.")),
    (r"the rule cannot be read by the engine", gettext_lazy("The rule cannot be read.")),
    (r"the rule takes too much time or memory, or crashes the engine",
     gettext_lazy("The rule takes too long to work out. Please make it simpler.")),
    # --- rules: names
    (r"there is no question '(?P<name>.+)' that this rule may use",
     gettext_lazy("There is no question “%(name)s” that could be used here.")),
    (r"'(?P<name>.+)' cannot be the name of a variable",
     gettext_lazy("“%(name)s” has a meaning of its own and cannot be an id.")),
    (r"a (?P<a>.+) has no part '(?P<name>.+)'", gettext_lazy("A %(a)s has no part “%(name)s”.")),
    (r"there is no method '(?P<name>.+)'", gettext_lazy("There is no function “%(name)s”.")),
    (r"there is no function '(?P<name>.+)'", gettext_lazy("There is no function “%(name)s”.")),
    (r"'(?P<name>.+)' takes one text", gettext_lazy("“%(name)s” takes one text.")),
    (r"'(?P<name>.+)' takes (?P<count>.+) values",
     gettext_lazy("“%(name)s” takes %(count)s values.")),
    (r"'(?P<name>.+)' already means something else here",
     gettext_lazy("“%(name)s” already means something else here.")),
    (r"'(?P<name>.+)' has a meaning of its own",
     gettext_lazy("“%(name)s” has a meaning of its own and cannot be an id.")),
    (r"'(?P<name>.+)' is written .+", gettext_lazy("“%(name)s” is not written as it should be.")),
    (r"'(?P<name>.+)' works on a list, not on a (?P<a>.+)",
     gettext_lazy("“%(name)s” works on a list, not on a %(a)s.")),
    (r"what '(?P<name>.+)' asks of each must be yes or no",
     gettext_lazy("What “%(name)s” asks must give yes or no.")),
    (r"at most (?P<most>.+) of exists, all, map, filter, and (?P<deep>.+) nested",
     gettext_lazy("The rule uses too many of exists, all, map and filter.")),
    (r"'size' counts a list; use length\(…\) for a text",
     gettext_lazy("“size” counts a list. Use length(…) for a text.")),
    # --- rules: kinds
    (r"(?:each|the part|what) .+ must be a (?P<b>.+), not a (?P<a>.+)",
     gettext_lazy("A %(b)s is needed here, but this is a %(a)s.")),
    (r"'in' cannot look for a (?P<a>.+) in a (?P<b>.+)",
     gettext_lazy("A %(a)s cannot be looked for in a %(b)s.")),
    (r"a (?P<a>.+) and a (?P<b>.+) have no order",
     gettext_lazy("A %(a)s and a %(b)s cannot be put in an order.")),
    (r"a (?P<a>.+) is never equal to a (?P<b>.+)",
     gettext_lazy("A %(a)s can never be equal to a %(b)s.")),
    (r"'%' is for whole numbers", gettext_lazy("“%%” is for whole numbers only.")),
    (r"'-' cannot go before a (?P<a>.+)", gettext_lazy("“-” cannot stand before a %(a)s.")),
    (r"a (?P<a>.+) and a (?P<b>.+?) cannot be calculated with.*",
     gettext_lazy(
         "A %(a)s and a %(b)s cannot be calculated with. Dates have "
         "days_between and add_days."
     )),
    (r"write double\(…\) around the whole number, or 2\.0 instead of 2",
     gettext_lazy("Write double(…) around the whole number, or 2.0 instead of 2.")),
    (r"one side is a (?P<a>.+), the other a (?P<b>.+)",
     gettext_lazy("One side is a %(a)s, the other a %(b)s.")),
    (r"the result is a (?P<a>.+); .*",
     gettext_lazy("The result is a %(a)s, which cannot be used.")),
    (r"the rule gives a (?P<a>.+), not a (?P<b>.+)",
     gettext_lazy("The rule gives a %(a)s. A %(b)s is needed.")),
    # --- rules: values
    (r"'matches' needs its pattern written out",
     gettext_lazy("“matches” needs its pattern written out.")),
    (r"the pattern is too long", gettext_lazy("The pattern is too long.")),
    (r"the pattern is not a regular expression",
     gettext_lazy("The pattern is not a regular expression.")),
    (r"a list is longer than (?P<most>\d+)",
     gettext_lazy("A list in a rule can have at most %(most)s entries.")),
    (r"the list is empty", gettext_lazy("The list is empty.")),
    (r"the number is too large", gettext_lazy("The number is too large.")),
    # --- questions
    (r"'(?P<name>.*)' cannot be the id of a question",
     gettext_lazy("“%(name)s” cannot be the id of a question.")),
    (r"two questions have the id '(?P<name>.*)'",
     gettext_lazy("Another question already has the id “%(name)s”.")),
    (r"two options '(?P<name>.*)'",
     gettext_lazy("Another option already has the value “%(name)s”.")),
    (r"step id '(?P<name>.*)' is taken", gettext_lazy("The id “%(name)s” is already taken.")),
    (r"groups repeat at most (?P<most>\d+) deep: .*",
     gettext_lazy("Groups can stand %(most)s deep: not in a group that is in a group itself.")),
    (r"all entries together have up to (?P<count>\d+) inputs, and a page takes (?P<most>\d+): .*",
     gettext_lazy("With every entry there would be %(count)s fields on one page, and "
                  "%(most)s is the most. Allow fewer entries, here or around it.")),
    (r"a list of (?P<what>facts|questions) is expected here",
     gettext_lazy("A list is expected here.")),
    (r"a household has no fact '(?P<name>.*)', only (?P<known>.*)",
     gettext_lazy("A household has no “%(name)s”. What it can ask: %(known)s.")),
    (r"the questions of the step have up to (?P<count>\d+) inputs .* takes (?P<most>\d+): .*",
     gettext_lazy("The questions of this step would have %(count)s fields on one page, and "
                  "%(most)s is the most. Divide the step, or allow fewer entries.")),
    (r"min is larger than max", gettext_lazy("The smallest number is larger than the largest.")),
    (r"min is larger than the number of options",
     gettext_lazy("More options have to be chosen than there are.")),
    (r"min_length is larger than max_length",
     gettext_lazy("More characters are needed than may be typed.")),
    (r"an individual number has 12 digits",
     gettext_lazy("An Individual Number has 12 digits; leave these limits empty.")),
    (r"no kind of file is accepted", gettext_lazy("Choose at least one kind of file.")),
    (r"no answer can meet this rule", gettext_lazy("No answer can meet this rule.")),
    (r"the condition is never true",
     gettext_lazy("This is never true, so nobody would ever be asked.")),
    (r"there is no concept '(?P<name>[^']*)' \(is it '(?P<near>.*)'\?\); .*",
     gettext_lazy("The meaning “%(name)s” is not known. Is it “%(near)s”? One of your own begins "
                  "with “local.”.")),
    (r"there is no concept '(?P<name>[^']*)'.*; .*",
     gettext_lazy("The meaning “%(name)s” is not known. One of your own begins with “local.”.")),
    (r"'(?P<name>.+)' is asked as (?P<types>.+), not as (?P<type>.+)",
     gettext_lazy("“%(name)s” needs a question of this type: %(types)s.")),
    (r"'(?P<name>.+)' is asked twice",
     gettext_lazy("Another question that is always asked has the meaning “%(name)s” already.")),
    (r"what entries hold is known only where their group has a concept",
     gettext_lazy("The group needs a meaning (concept) too.")),
    (r"two criteria have the id '(?P<name>.+)'",
     gettext_lazy("There are two criteria with the id “%(name)s”.")),
    (r"the rule depends on its own question",
     gettext_lazy("The rule depends on its own question.")),
    (r"'(?P<name>.+)' has no option '(?P<value>.*)'",
     gettext_lazy("“%(name)s” has no option “%(value)s”.")),
    (r"the rules go in a circle: (?P<way>.+)",
     gettext_lazy("The conditions go in a circle: %(way)s.")),
    (r"the text is missing in: (?P<languages>.+)",
     gettext_lazy("The text is missing in: %(languages)s.")),
    (r"the text is empty", gettext_lazy("The text is empty.")),
    (r"a text is a string or a mapping of language codes to strings",
     gettext_lazy("This is not a text.")),
    (r"a text maps language codes to strings", gettext_lazy("This is not a text.")),
    # --- the whole
    (r"a form definition is a mapping", gettext_lazy("This is not a form.")),
    (r"the definition is longer than (?P<most>\d+) characters",
     gettext_lazy("The form is too long: at most %(most)s characters.")),
    (r"anchors and aliases are not used in definitions",
     gettext_lazy("Anchors (&) and aliases (*) cannot be used.")),
    (r"the definition holds half a character",
     gettext_lazy("There is half a character in it. Please type the text anew.")),
    (r"the definition holds a value that cannot be read",
     gettext_lazy("There is a value that cannot be read, such as a date that does not exist.")),
    (r"a key is one word", gettext_lazy("A key has to be one word.")),
    (r"the note is longer than (?P<most>\d+) characters",
     gettext_lazy("The note is too long: at most %(most)s characters.")),
    (r"this is not YAML", gettext_lazy("This is not YAML.")),
    (r"the definition is empty", gettext_lazy("There is nothing in it.")),
    (r"the definition is nested too deeply", gettext_lazy("The form is nested too deeply.")),
    (r"'(?P<name>.*)' occurs twice", gettext_lazy("“%(name)s” is there twice.")),
    (r"another version is being published at this moment; try again",
     gettext_lazy("Another version is being published at this moment. Please try again.")),
    (r"choices: no question '(?P<name>.*)' in form '.*'",
     gettext_lazy(
         "The municipality's own options belong to a question "
         "“%(name)s” that is not there."
     )),
)  # fmt: skip
_KNOWN = tuple((re.compile(pattern, re.DOTALL), words) for pattern, words in _SENTENCES)

#: By pydantic's type of error; `ctx` gives the placeholders.
_OF_MODELS: Mapping[str, Any] = {
    "missing": gettext_lazy("This has to be filled in."),
    "extra_forbidden": gettext_lazy("This field does not belong here. Take it away."),
    "string_too_long": gettext_lazy("At most %(max_length)s characters."),
    "string_too_short": gettext_lazy("At least %(min_length)s characters."),
    "too_long": gettext_lazy("At most %(max_length)s entries."),
    "too_short": gettext_lazy("At least %(min_length)s entries are needed."),
    "greater_than_equal": gettext_lazy("The number has to be %(ge)s or more."),
    "less_than_equal": gettext_lazy("The number has to be %(le)s or less."),
    "int_parsing": gettext_lazy("Please write a whole number."),
    "int_type": gettext_lazy("Please write a whole number."),
    "int_from_float": gettext_lazy("Please write a whole number."),
    "bool_parsing": gettext_lazy("This has to be yes or no."),
    "bool_type": gettext_lazy("This has to be yes or no."),
    "string_type": gettext_lazy("This has to be a text."),
    "literal_error": gettext_lazy("Please choose one of the list."),
    "union_tag_invalid": gettext_lazy("There is no such type of question."),
    "union_tag_not_found": gettext_lazy("Please choose the type of question."),
    "tuple_type": gettext_lazy("A list of entries is expected here."),
    "model_type": gettext_lazy("This is not understood."),
}
_PATTERNS: Mapping[str, Any] = {
    "id": gettext_lazy("Use small letters a–z, digits and _; begin with a letter. At most 48."),
    "key": gettext_lazy("Use small letters a–z, digits and _; begin with a letter. At most 48."),
    "value": gettext_lazy("Use letters A–Z, digits and . _ : - only. At most 64."),
    "concept": gettext_lazy("A meaning is written like person.fullName."),
    "autocomplete": gettext_lazy("Use small letters, digits, spaces and - only."),
}


def reason(message: str) -> str:
    """The engine's message in the active language, with line and column where it has them."""
    line = _LINE.match(message)
    column = _PLACE.search(message)
    bare = message[line.end() if line else 0 : column.start() if column else None]
    bare = _NAMED_PLACE.sub("", bare)
    words = _sentence(bare)
    if column:
        return _("%(reason)s (Line %(line)s, character %(column)s)") % {
            "reason": words, "line": column["line"], "column": column["column"],
        }  # fmt: skip
    if line:
        return _("Line %(line)s: %(reason)s") % {"line": line["line"], "reason": words}
    return words


def known(message: str) -> bool:
    """Is there a counterpart?"""
    message = _LINE.sub("", message)
    return any(pattern.fullmatch(message) for pattern, _words in _KNOWN)


def _sentence(bare: str) -> str:
    for pattern, words in _KNOWN:
        found = pattern.fullmatch(bare)
        if found:
            return str(words) % {
                name: _NAMED.get(name, str)(value) for name, value in found.groupdict().items()
            }
    return bare


def _kind(name: str) -> str:
    outer, _of, inner = name.partition(" of ")
    if inner:
        return _("list of: %(kind)s") % {"kind": _kind(inner)}
    return str(_KINDS.get(outer, outer))


def _languages(codes: str) -> str:
    return _(", ").join(str(LANGUAGE_NAMES.get(code, code)) for code in codes.split(", "))


def _types(names: str) -> str:
    return _(", ").join(str(TYPES.get(name, name)) for name in names.split(", "))


#: How what a message names is put into words.
_NAMED: Mapping[str, Callable[[str], str]] = {
    "a": _kind,
    "b": _kind,
    "languages": _languages,
    "types": _types,
}


def of_model(error: Mapping[str, Any]) -> str:
    """The words for one of pydantic's errors."""
    kind, context = error["type"], error.get("ctx") or {}
    if kind == "value_error":
        return reason(error["msg"].removeprefix("Value error, "))
    if kind == "string_pattern_mismatch":
        return str(_PATTERNS.get(str(error["loc"][-1]), _("This is not written as it should be.")))
    words = _OF_MODELS.get(kind)
    try:
        return str(words) % context if words else error["msg"]
    except (KeyError, TypeError, ValueError):
        return str(error["msg"])
