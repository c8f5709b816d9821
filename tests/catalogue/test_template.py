"""Service folders: what works is read, what cannot work is refused with file and place."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalogue.registry import catalogue
from catalogue.template import SignIn, TemplateError
from tests.catalogue.folders import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_folder_is_read_as_a_whole(folder: Folder) -> None:
    template = folder.load()
    assert (template.key, template.service.slug) == ("meeting_room", "meeting-room")
    assert template.fees.items == ()
    assert template.letters.of("approved").particulars == ("use_day", "people")


@pytest.mark.parametrize("key", sorted(catalogue()))
def test_shipped_services_are_in_the_catalogue(key: str) -> None:
    template = catalogue().get(key)
    assert template.key == key
    for language in ("ja", "en"):
        for text in (template.service.title, template.service.summary, template.service.who):
            assert text[language]


@pytest.mark.parametrize(
    "also", ["", "\n        required: false", "\n        show_when: people > 1"]
)
def test_sending_without_sign_in_needs_a_name(folder: Folder, also: str) -> None:
    folder.replace("service.yaml", "minutes: 5", "minutes: 5\nsign_in: optional")
    assert folder.load().service.sign_in is SignIn.OPTIONAL
    concept = "\n        concept: person.fullName"
    folder.replace("form.yaml", concept, f"{concept}\n        {also}" if also else "")
    with pytest.raises(TemplateError, match=r"form\.yaml: sign_in 'optional' .*person\.fullName"):
        folder.load()


def test_unknown_service_names_what_there_is() -> None:
    with pytest.raises(
        LookupError, match=r"no service template 'moon_landing' \(there are: .*park"
    ):
        catalogue().get("moon_landing")


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("service.yaml", "kind: permit", "kind: gift", r"service\.yaml: kind"),
        ("service.yaml", "version: 1.0.0", "version: one", r"service\.yaml: version"),
        ("service.yaml", "minutes: 5", "minutes: 5\ncolour: red", r"service\.yaml: colour"),
        ("service.yaml", "valid_from: use_day", "valid_from: x", r"valid_from: no question 'x'"),
        ("service.yaml", "minutes: 5", "minutes: 5\nsign_in: optional\nassurance: high",
         r"service\.yaml: .*assurance 'high'"),
        ("service.yaml", "kind: permit", "kind: benefit\nsign_in: optional",
         r"service\.yaml: .*a benefit is paid to somebody who is known"),
        ("service.yaml", "minutes: 5",
         "minutes: 5\nsign_in: optional\ncosign: {count: 1, by: {ja: a, en: a}}",
         r"service\.yaml: .*cannot ask others to sign \(cosign\)"),
        ("service.yaml", "minutes: 5", "minutes: 5\nsign_in: optional\non_behalf: [guardian]",
         r"service\.yaml: .*\(on_behalf: guardian\)"),
        ("service.yaml", "minutes: 5", "minutes: 5\nsign_in: sometimes", r"service\.yaml: sign_in"),
        ("letter.yaml", "[use_day, people]", "[moon]", r"particulars: no question 'moon'"),
        ("letter.yaml", "refused:", "labels: {moon: {ja: 月}}\nrefused:",
         r"letter\.yaml: labels: no question 'moon'"),
        ("letter.yaml", "refused:", "denied:", r"letter\.yaml: "),
        ("form.yaml", "type: number", "type: hologram", r"form\.yaml: "),
        ("workflow.yaml", "to: desk", "to: moon", r"workflow\.yaml: .*'moon'"),
        ("workflow.yaml", "roles: [lead]", "roles: [lead], guard: x", r"move 2 \(approve\): guard"),
        ("workflow.yaml", "days: 10", "days: 0", r"workflow\.yaml: clock\.days"),
    ],
)  # fmt: skip
def test_folder_that_cannot_work_is_refused_with_its_place(
    folder: Folder, name: str, old: str, new: str, message: str
) -> None:
    folder.replace(name, old, new)
    with pytest.raises(TemplateError, match=message) as refusal:
        folder.load()
    assert str(refusal.value).startswith("services/meeting_room/")


@pytest.mark.parametrize("name", ["service.yaml", "form.yaml", "workflow.yaml", "letter.yaml"])
def test_missing_or_unreadable_file_is_named(folder: Folder, name: str) -> None:
    folder.write(name, "a: [")
    with pytest.raises(TemplateError, match=name):
        folder.load()
    (folder.path / name).unlink()
    with pytest.raises(TemplateError, match=name):
        folder.load()


def _table(steps: str, beyond: str = "beyond: {rate: a}") -> str:
    return f"rates: {{a: 1}}\ntables: {{t: {{steps: [{steps}], {beyond}}}}}"


@pytest.mark.parametrize(
    ("fees", "message"),
    [
        ("items: [{amount: moon, text: x}]", r"fees\.yaml: item 1: "),
        ("items: [{amount: people > 3, text: x}]", r"item 1: amount gives a bool"),
        ("items: [{amount: '100', when: people, text: x}]", r"item 1: when gives a int"),
        ("waiver_question: moon", r"waiver_question: no question 'moon'"),
        ("rates: {a: cheap}", r"fees\.yaml: "),
        ("items: [{each: people, amount: '1', text: x}]", r"each: no repeating group 'people'"),
        ("items: [{each: moon, amount: '1', text: x}]", r"each: no repeating group 'moon'"),
        ("items: [{amount: '1', text: '{moon}'}]", r"item 1: the text has no .* 'moon'"),
        ("items: [{amount: table_a(1.0), text: x}]", r"item 1: .*no function 'table_a'"),
        (_table("{up_to: 5, rate: a}", "beyond: {rate: b}"), r"tables\.t: no rate 'b'"),
        (_table("{under: 5, rate: a}"), r"the last step needs up_to"),
        (_table("{under: 5, up_to: 5, rate: a}"), r"a step has one limit"),
        (_table("{rate: a}"), r"a step has one limit"),
        (_table("{under: 5, rate: a}, {up_to: 5, rate: a}"), r"the limits .* do not rise"),
        (_table("{under: 9, rate: a}, {up_to: 5, rate: a}"), r"the limits .* do not rise"),
        (_table("{up_to: 0, rate: a}"), r"fees\.yaml: "),
        (_table("{up_to: 5, rate: a}", "beyond: {each: 0, rate: a}"), r"fees\.yaml: "),
        (
            _table("{up_to: 5, rate: a}") + "\nitems: [{amount: table_t(people), text: x}]",
            r"item 1: .*what 'table_t' takes must be a decimal",
        ),
    ],
)
def test_fees_that_cannot_work_are_refused(folder: Folder, fees: str, message: str) -> None:
    folder.write("fees.yaml", fees)
    with pytest.raises(TemplateError, match=message):
        folder.load()


def test_table_is_a_function_of_the_fees_rules(folder: Folder) -> None:
    steps = "{under: 5, rate: a}, {up_to: 9, rate: b}"
    fees = f"""
rates: {{a: 100, b: 200, more: 30}}
tables: {{seats: {{steps: [{steps}], beyond: {{each: 10, rate: more}}}}}}
items: [{{amount: table_seats(double(people)), text: x}}]
"""
    folder.write("fees.yaml", fees)
    template = folder.load()
    charged = {
        people: template.fees.fee(template.form, {"people": people}).total
        for people in (4, 5, 9, 10, 19, 20)
    }
    assert charged == {4: 100, 5: 200, 9: 200, 10: 230, 19: 230, 20: 260}


def test_notification_is_not_decided(folder: Folder) -> None:
    folder.replace("service.yaml", "kind: permit", "kind: notification")
    with pytest.raises(TemplateError, match=r"workflow\.yaml: a notification is acknowledged"):
        folder.load()


def test_letter_of_every_outcome_is_there(folder: Folder) -> None:
    folder.replace("workflow.yaml", "verb: refuse", "verb: acknowledge")
    with pytest.raises(TemplateError, match=r"letter\.yaml: no letter 'acknowledged'"):
        folder.load()


def test_letter_that_a_service_does_not_have_is_not_found(folder: Folder) -> None:
    with pytest.raises(LookupError, match="no letter for 'acknowledged'"):
        folder.load().letters.of("acknowledged")
