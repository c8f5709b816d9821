# ruff: noqa: PLC0415  models can be imported after django.setup() only
"""Ten thousand drafts of one municipality are brought to a new version of their form.

`run` starts a server of its own and this module again as a program beside it, since Django is set
up once for one database.
"""

from __future__ import annotations

import io
import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

from bench.figures import Figure
from bench.own_server import measured

DRAFTS = 10_000
DATABASE = "madoguchi"
TOWN = "rebase"

#: Seconds for all of them; and how many drafts may be other than what was worked out by hand.
LIMITS = {"forms.rebase_10000": 60.0, "forms.rebase_lost": 0}


def run() -> Iterator[Figure]:
    """The group `rebase`. Raises `BenchError`."""
    return measured("bench.rebase", DATABASE, LIMITS)


def main() -> None:
    """Measure against ``DATABASE_URL`` and print ``[figure, value, unit]`` lines."""
    import django

    django.setup()
    from django.core.management import call_command

    from tenants import context

    _make_town()
    with context.municipality(TOWN):
        slug = _make_drafts()
        _publish_a_change()
    started = time.perf_counter()
    call_command("rebase_drafts", TOWN, slug, stdout=io.StringIO())
    _say("forms.rebase_10000", time.perf_counter() - started, "s")
    with context.municipality(TOWN):
        _say("forms.rebase_lost", _lost(), "drafts")


def _say(figure: str, value: float, unit: str) -> None:
    print(json.dumps([figure, round(value, 3), unit]), flush=True)


def _make_town() -> None:
    from common.text import Text
    from tenants import provisioning

    provisioning.migrate_public()
    provisioning.build_template()
    provisioning.provision(
        schema_name=TOWN,
        code="100001",
        name=Text({"ja": "第一市", "en": "City 1"}),
        prefecture=Text({"ja": "窓口県", "en": "Madoguchi Prefecture"}),
        domains=[f"{TOWN}.localhost"],
        languages=["ja", "en"],
    )


def _answers(number: int) -> dict[str, Any]:
    """A draft of the park use form, no two the same."""
    return {
        "name": f"山田 {number}",
        "for_organisation": False,
        "park": ("central", "riverside", "hillside")[number % 3],
        "place_detail": {"description": f"噴水の北側 {number}", "coordinates": ""},
        "area_m2": number % 900 + 1,
        "use_from": "2027-04-01",
        "use_to": "2027-04-02",
        "hours": f"{number % 12 + 1}時から",
        "act_type": "photography",
        "purpose": f"撮影 {number}",
        "crew": number % 40 + 1,
        "cameras": number % 9 + 1,
        "fee_waiver": False,
        "agreed": True,
    }


def _expected(number: int) -> tuple[dict[str, Any], list[tuple[str, Any]]]:
    """What is carried of `_answers`, and what is not, by the change of `_changed`."""
    kept = _answers(number)
    lost = [("place_detail", kept.pop("place_detail")), ("hours", kept.pop("hours"))]
    if kept["park"] == "hillside":
        lost.append(("park", kept.pop("park")))
    return kept, sorted(lost)


def _changed(data: dict[str, Any]) -> dict[str, Any]:
    """A question less, one of another type, an option less, other words, a new question."""
    place = next(step for step in data["steps"] if step["id"] == "place")
    place["questions"] = [q for q in place["questions"] if q["id"] != "place_detail"]
    for question in place["questions"]:
        if question["id"] == "hours":
            question["type"] = "long_text"
        if question["id"] == "park":
            question["choices"] = [c for c in question["choices"] if c["value"] != "hillside"]
        if question["id"] == "area_m2":
            question["label"] = {"ja": "広さ", "en": "Area"}
    place["questions"].append(
        {"id": "tent", "type": "yes_no", "label": {"ja": "テント", "en": "Tent"}}
    )
    return data


def _make_drafts() -> str:
    from django.contrib.auth.hashers import make_password

    from catalogue.offerings import adopt
    from common.actor import SYSTEM
    from common.text import Text
    from forms import seals
    from forms.models import Draft
    from identity.models import Department, User

    department = Department.objects.create(key="permits", name=Text("許認可課"))
    offering = adopt("park_use", by=SYSTEM, department=department)
    origin = {"source": "eid", "issuer": "bench", "acr": "aal3", "asserted_at": "2026-04-01"}
    steps = [step.id for step in offering.form_version.form.steps]
    residents, drafts, nothing = [], [], make_password(None)
    for number in range(DRAFTS):
        resident = User(
            id=uuid.uuid4(),
            kind="resident",
            username=f"resident-{number}",
            name=f"{number}",
            password=nothing,
        )
        answers = _answers(number)
        draft = Draft(
            resident=resident,
            version=offering.form_version,
            subject=offering.slug,
            answers=answers,
            steps_done=steps,
        )
        draft.provenance = {"name": seals.seal(draft.pk, "name", answers["name"], origin)}
        residents.append(resident)
        drafts.append(draft)
    User.objects.bulk_create(residents, batch_size=1000)
    Draft.objects.bulk_create(drafts, batch_size=1000)
    return str(offering.slug)


def _publish_a_change() -> None:
    from catalogue.models import Offering
    from forms import versions
    from forms.definitions import load

    offering = Offering.objects.get(template_key="park_use")
    form = load(_changed(offering.form_version.form.as_json()))
    offering.form_version = versions.publish(form, note="bench")
    offering.save(update_fields=["form_version"])


def _lost() -> int:
    """Drafts that are not exactly as expected: version, answers, seals, report."""
    from audit.models import LedgerEntry
    from catalogue.models import Offering
    from forms import rebase, seals
    from forms.models import Draft

    version = Offering.objects.get(template_key="park_use").form_version
    wrong = 0
    for draft in Draft.objects.iterator(chunk_size=500):
        number = int(draft.answers["name"].split()[1])
        lost = sorted((item.question_id, item.value) for item in rebase.not_kept_of(draft))
        fine = (
            (draft.answers, lost) == _expected(number)
            and draft.version_id == version.pk
            and seals.is_verified(draft.provenance.get("name"))
            and not seals.broken(draft.pk, draft.answers, draft.provenance)
            and "place" not in draft.steps_done
            and "activity" in draft.steps_done
        )
        wrong += not fine
    recorded = LedgerEntry.objects.filter(event="draft.rebased").count()
    return wrong + abs(DRAFTS - Draft.objects.count()) + abs(DRAFTS - recorded)


if __name__ == "__main__":
    main()
