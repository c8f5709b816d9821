"""The forms of every shipped service: complete, walked through, each condition both ways."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import time_machine

from catalogue.registry import catalogue
from catalogue.template import ServiceTemplate
from common.text import Text
from forms import drafts
from forms.definitions import FormDefinition, load
from forms.prepared import prepare
from forms.questions import GroupQuestion, Question
from identity.claims import CONCEPTS
from rules import trial
from tests.services import walks
from tests.services.walks import TODAY, WALKS, a_started_draft, answers_of, fill_in

ROOT = Path(__file__).resolve().parents[2] / "services"
SERVICES = sorted(path.parent.name for path in ROOT.glob("*/*/service.yaml"))
FORMS = {path.parent.name: path for path in ROOT.glob("*/*/form.yaml")}

#: What is wrong, and where it is said: service, walk, changed answers, inputs with an error.
WRONG: list[tuple[str, str, dict[str, Any], set[str]]] = [
    ("park_use", "least", {"use_from": "2026-08-31"}, {"use_from-year"}),
    ("park_use", "least", {"use_from": "2027-10-01", "use_to": "2027-10-02"}, {"use_from-year"}),
    ("park_use", "least", {"use_to": "2026-09-30"}, {"use_to-year"}),
    ("park_use", "least", {"use_to": "2026-12-30"}, {"use_to-year"}),
    ("park_use", "least", {"f:project_outline": None}, {"project_outline"}),
    ("park_use", "film", {"f:project_outline": None}, {"project_outline"}),
    ("park_use", "show", {"admission_fee": None}, {"admission_fee"}),
    ("road_occupancy", "least", {"use_from": "2026-08-31"}, {"use_from-year"}),
    ("road_occupancy", "least", {"use_to": "2026-09-30"}, {"use_to-year", "work_to-year"}),
    ("road_occupancy", "least", {"use_to": "2031-10-01"}, {"use_to-year"}),
    ("road_occupancy", "least", {"work_from": "2026-09-30"}, {"work_from-year"}),
    ("road_occupancy", "least", {"work_to": "2026-09-30"}, {"work_to-year"}),
    ("road_occupancy", "least", {"work_to": "2027-10-01"}, {"work_to-year"}),
    ("road_occupancy", "least", {"items__0__item_size": "0"}, {"items-0-item_size"}),
    ("road_occupancy", "least", {"items__0__quantity": "0"}, {"items-0-quantity"}),
    ("road_occupancy", "renewal", {"prev_permit_date": "2026-09-02"}, {"prev_permit_date-year"}),
    ("road_occupancy", "renewal", {"prev_permit_no": None}, {"prev_permit_no"}),
    ("road_occupancy", "least", {"f:plan_section": None}, {"plan_section"}),
    ("outdoor_advertisement", "least", {"width_m": "0"}, {"width_m"}),
    ("outdoor_advertisement", "least", {"height_m": "0"}, {"height_m"}),
    ("outdoor_advertisement", "least", {"use_from": "2026-08-31", "use_to": "2026-09-30"},
     {"use_from-year"}),
    ("outdoor_advertisement", "least", {"use_to": "2026-09-30"}, {"use_to-year"}),
    ("outdoor_advertisement", "least", {"use_to": "2029-10-01"}, {"use_to-year"}),
    ("outdoor_advertisement", "least", {"work_start": "2026-08-31"}, {"work_start-year"}),
    ("outdoor_advertisement", "least", {"work_finish": "2026-09-30"}, {"work_finish-year"}),
    ("outdoor_advertisement", "least", {"top_height_m": "4.01"},
     {"building_confirmation", "manager_qualification"}),
    ("outdoor_advertisement", "renewal", {"prev_permit_date": "2026-09-02"},
     {"prev_permit_date-year"}),
    ("outdoor_advertisement", "everything", {"road_permit_until": "2026-08-31"},
     {"road_permit_until-year"}),
    ("street_stalls", "least", {"use_from": "2026-09-03"}, {"use_from-year"}),
    ("street_stalls", "least", {"use_to": "2026-09-03"}, {"use_to-year"}),
    ("street_stalls", "large", {"use_from": "2026-09-14"}, {"use_from-year"}),
    ("street_stalls", "large", {"f:fire_plan": None}, {"fire_plan"}),
    ("street_stalls", "least", {"extinguishers": "0"}, {"extinguishers"}),
    ("dog_registration", "least", {"procedures": ["register", "reissue"], "reissue_reason": "lost"},
     {"procedures"}),
    ("dog_registration", "least", {"born": "2026-06-03"}, {"born-year"}),
    ("dog_registration", "least", {"born": "2026-09-02"}, {"born-year", "acquired_on-year"}),
    ("dog_registration", "least", {"acquired_on": "2026-09-02"}, {"acquired_on-year"}),
    ("dog_registration", "least", {"acquired_on": "2026-06-01"}, {"acquired_on-year"}),
    ("dog_registration", "least", {"microchip": "registered"}, {"microchip"}),
    ("dog_registration", "everything", {"microchip_no": "123"}, {"microchip_no"}),
    ("dog_registration", "everything", {"acquired_on": "2026-08-01", "late_reason": None},
     {"late_reason"}),
    ("dog_registration", "reissue", {"vaccinated_on": "2026-09-02"}, {"vaccinated_on-year"}),
    ("dog_registration", "reissue", {"vaccinated_on": "2025-08-31"}, {"vaccinated_on-year"}),
    ("event", "least", {"use_from": "2026-08-31", "use_to": "2026-09-01"}, {"use_from-year"}),
    ("event", "least", {"use_from": "2027-10-01", "use_to": "2027-10-02"}, {"use_from-year"}),
    ("event", "least", {"use_to": "2026-09-30"}, {"use_to-year"}),
    ("event", "least", {"use_to": "2026-12-30"}, {"use_to-year"}),
    ("event", "stalls", {"use_from": "2026-09-03"}, {"use_from-year"}),
    ("event", "stalls", {"stalls": "100", "f:fire_plan": 1}, {"stalls"}),
    ("event", "road", {"items__0__item_size": "0"}, {"items-0-item_size"}),
    ("event", "road", {"work_from": "2026-09-30"}, {"work_from-year"}),
    ("event", "road", {"work_to": "2026-09-30"}, {"work_to-year"}),
    ("event", "road", {"work_to": "2026-10-03"}, {"work_to-year"}),
    ("event", "market", {"goods": None}, {"goods"}),
    ("child_allowance", "least", {"children__0__child_birth_date": "2026-09-02"},
     {"children-0-child_birth_date-year"}),
    ("child_allowance", "everything", {"event_on": "2026-09-02"}, {"event_on-year"}),
    ("child_allowance", "everything", {"spouse_birth_date": "2026-09-02"},
     {"spouse_birth_date-year"}),
    ("school_aid", "least", {"children__0__child_birth_date": "2009-09-01"},
     {"children-0-child_birth_date-year"}),
    ("school_aid", "least", {"children__0__child_birth_date": "2026-09-02"},
     {"children-0-child_birth_date-year"}),
    ("school_aid", "least", {"household__1__member_born": "2026-09-02"},
     {"household-1-member_born-year"}),
    ("school_aid", "everything", {"f:income_certificate": None}, {"income_certificate"}),
    ("tax_exempt_household", "least", {"members__0__dependant": "yes"}, {"members"}),
    ("tax_exempt_household", "least", {"members__0__member_born": "2026-09-02"},
     {"members-0-member_born-year"}),
    ("tax_exempt_household", "least", {"received_elsewhere": "yes"}, {"received_elsewhere"}),
    ("tax_exempt_household", "everything", {"proxy_birth_date": "2026-09-02"},
     {"proxy_birth_date-year"}),
    ("tax_exempt_household", "everything", {"income_month": "2026-10"}, {"income_month-year"}),
    ("tax_exempt_household", "everything", {"income_month": "2025-08"}, {"income_month-year"}),
    ("child_medical_aid", "least", {"child_birth_date": "2026-09-02"},
     {"child_birth_date-year", "qualified_on-year"}),
    ("child_medical_aid", "least", {"child_birth_date": "2008-04-01"}, {"child_birth_date-year"}),
    ("child_medical_aid", "least", {"qualified_on": "2026-09-02"}, {"qualified_on-year"}),
    ("child_medical_aid", "least", {"qualified_on": "2026-07-31"}, {"qualified_on-year"}),
    ("review_request", "least", {"known_on": "2026-09-02"}, {"known_on-year"}),
    ("review_request", "least", {"known_on": "2026-08-31"}, {"known_on-year"}),
]  # fmt: skip

#: What is just right.
RIGHT: list[tuple[str, str, dict[str, Any]]] = [
    ("road_occupancy", "least", {"use_to": "2031-09-30"}),
    ("outdoor_advertisement", "least", {"top_height_m": "4.00"}),
    ("dog_registration", "least", {"acquired_on": "2026-08-02"}),
    ("dog_registration", "reissue", {"vaccinated_on": "2025-09-01"}),
    ("school_aid", "least", {"children__0__child_birth_date": "2009-09-02"}),
    ("child_medical_aid", "least", {"child_birth_date": "2008-04-02"}),
    ("event", "stalls", {"stalls": "100", "f:fire_plan": 1, "use_from": "2026-09-15",
                         "use_to": "2026-09-15"}),
]  # fmt: skip


def form(key: str) -> FormDefinition:
    """As an author writes it: read from the text, which is stricter than from data."""
    return load(FORMS[key].read_text(encoding="utf-8"))


def each(definition: FormDefinition) -> Iterator[Question]:
    for question in definition.questions():
        yield question
        if isinstance(question, GroupQuestion):
            yield from question.questions


def _small_print(question: Question) -> tuple[Text | None, ...]:
    return question.hint, question.why, question.legal_basis


def test_every_folder_is_in_the_catalogue_and_has_its_walks() -> None:
    shipped = {key for key, template in catalogue().items() if _is_shipped(template)}
    assert sorted(shipped) == SERVICES == sorted(walks.BASE)


def _is_shipped(template: ServiceTemplate) -> bool:
    return template.package.startswith("services/")


@pytest.mark.parametrize("key", SERVICES)
def test_form_is_complete_in_both_languages(key: str) -> None:
    definition = form(key)
    texts = [definition.title, *(step.title for step in definition.steps)]
    for question in each(definition):
        texts += [question.label, *(t for t in _small_print(question) if t)]
        texts += [check.message for check in question.checks]
        texts += [option.label for option in getattr(question, "choices", ())]
    for text in texts:
        assert text.get("ja"), text
        assert text.get("en"), text


@pytest.mark.parametrize("key", SERVICES)
def test_form_passes_the_trial_of_its_rules(key: str) -> None:
    trial.try_out(prepare(form(key)).rules_for_trial())
    jsonschema.Draft202012Validator.check_schema(form(key).json_schema())


@pytest.mark.parametrize("key", SERVICES)
def test_facts_about_the_applicant_have_their_concept(key: str) -> None:
    concepts = {question.id: question.concept for question in form(key).questions()}
    usual = {
        "name": "person.fullName", "name_kana": "person.fullNameKana",
        "birth_date": "person.dateOfBirth", "address": "person.address",
        "phone": "contact.phone", "email": "contact.email",
    }  # fmt: skip
    assert {id_: concepts[id_] for id_ in usual if id_ in concepts} == {
        id_: concept for id_, concept in usual.items() if id_ in concepts
    }
    of_the_person = {
        concept
        for concept in concepts.values()
        if concept and concept.startswith(("person.", "contact."))
    }
    assert of_the_person <= CONCEPTS.keys()


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize(("key", "variant"), WALKS)
@time_machine.travel(TODAY, tick=False)
def test_service_from_start_to_snapshot(key: str, variant: str, upload: Any) -> None:
    draft = a_started_draft(form(key))
    posted = answers_of(key, variant)
    assert fill_in(draft, posted, upload) == {}
    review = drafts.review(draft)
    assert review.problems == []
    answers, provenance, files = review.answers, review.provenance, review.files
    jsonschema.validate(answers, draft.form.json_schema())
    assert answers["name"] == "髙橋 𠮷子"
    assert {"name", "address"} <= set(provenance)
    assert len(files) == sum(name.startswith("f:") for name in posted)


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize("key", SERVICES)
@time_machine.travel(TODAY, tick=False)
def test_every_condition_shows_and_hides_its_question(key: str, upload: Any) -> None:
    seen = []
    for service, variant in WALKS:
        if service == key:
            draft = a_started_draft(form(key))
            fill_in(draft, answers_of(key, variant), upload)
            seen.append(walks.asked(draft))
    always, ever = set.intersection(*seen), set.union(*seen)
    for question in walks.conditional(form(key)):
        assert question in ever, f"{question} is never asked"
        assert question not in always, f"{question} is never hidden"


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize("key", SERVICES)
@time_machine.travel(TODAY, tick=False)
def test_every_check_says_at_its_question_what_is_wrong(key: str, upload: Any) -> None:
    definition, said = form(key), set[str]()
    for service, variant, changed, fields in WRONG:
        if service != key:
            continue
        draft = a_started_draft(definition)
        found = fill_in(draft, answers_of(key, variant, **changed), upload)
        assert set(found) == fields, changed
        assert {problem.field for problem in drafts.review(draft).problems} == fields, changed
        said |= {message for messages in found.values() for message in messages}
    silent = [
        f"{question.id}: {check.rule}"
        for question in each(definition)
        for check in question.checks
        # Verified by the eID in these walks; `tests/forms` types one.
        if question.id != "birth_date" and not said & set(check.message.as_dict().values())
    ]
    assert silent == []


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize(("key", "variant", "changed"), RIGHT)
@time_machine.travel(TODAY, tick=False)
def test_answer_at_the_limit_is_right(
    key: str, variant: str, changed: dict[str, Any], upload: Any
) -> None:
    draft = a_started_draft(form(key))
    assert fill_in(draft, answers_of(key, variant, **changed), upload) == {}
