"""Every shipped service filled in: what residents post, in walks that together ask everything.

`BASE` answers the least that a service needs; `VARIANTS` change it (None takes an answer away).
Names are those of the inputs, ``f:`` marks a file. The day is `TODAY`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from forms.definitions import FormDefinition
from forms.models import Draft
from forms.prepared import prepare
from forms.state import evaluate
from tests.forms.support import a_draft, a_resident, claims, save

TODAY = "2026-09-01T00:00:00+00:00"
Posted = Mapping[str, Any]

_PERSON = {"phone": "03-1234-5678", "email": "a@example.jp"}
_APPLICANT = _PERSON | {"for_organisation": "no", "agreed": "yes"}
_GROUP = {"for_organisation": "yes", "organisation_name": "汐見商店会", "organisation_role": "会長"}
_WAIVER = {"fee_waiver": "yes", "waiver_reason": "other", "waiver_reason_detail": "復興のため"}
_BANK = {
    "account-bankCode": "0001", "account-branchCode": "001", "account-accountType": "ordinary",
    "account-number": "1234567", "account-holder": "タカハシ ヨシコ", "f:account_proof": 1,
}  # fmt: skip


def address(name: str) -> dict[str, str]:
    return {
        f"{name}-postalCode": "165-0026", f"{name}-prefecture": "東京都",
        f"{name}-city": "中野区", f"{name}-streetAddress": "新井1-1",
    }  # fmt: skip


def entries(group: str, *items: Posted) -> dict[str, Any]:
    """Entries of a repeating group as the page posts them."""
    posted: dict[str, Any] = {f"{group}-n": str(len(items))}
    for number, item in enumerate(items):
        for name, value in item.items():
            mark, plain = ("f:", name[2:]) if name.startswith("f:") else ("", name)
            posted[f"{mark}{group}-{number}-{plain}"] = value
    return posted


_SIGN = {"item_kind": "signboard", "item_name": "突出看板", "item_size": "1.2", "quantity": "1"}
_POLE = {"item_kind": "pole", "item_name": "支柱", "quantity": "2"}
_TENT = {"item_kind": "stall", "item_name": "テント", "item_size": "9.5", "quantity": "2"}
_WAGES = {"income_kind": "wages", "month_income": "80,000", "f:income_proof": 1}
_SHOP = {"income_kind": "business", "month_income": "40,000", "month_expenses": "15,000",
         "f:income_proof": 1}  # fmt: skip
_PENSION = {"income_kind": "pension", "month_income": "65,000", "f:income_proof": 1}
_GAS = {"appliance_kind": "stove", "fuel": "lp_gas", "appliance_count": "2"}
_SHOW = {
    "act_type": "show", "performances": "2", "capacity": "100", "admission_fee": "500円",
    "equipment": ["tent"], "site_manager": "山田", "site_manager_phone": "090-1234-5678",
    "goods": None, "price": None, "staff": None,
}  # fmt: skip
_CHILD = {
    "child_name": "髙橋 一", "child_birth_date": "2015-04-01", "relation": "child",
    "lives_together": "yes", "livelihood": "shared", "custody": "yes",
}  # fmt: skip
_PUPIL = {
    "child_name": "髙橋 一", "child_birth_date": "2017-05-01", "school": "港町小学校",
    "grade": "e3",
}  # fmt: skip
_MEMBER = {
    "member_name": "髙橋 𠮷子", "relation": "self", "member_born": "1985-04-12", "health": "good",
    "job_or_school": "汐見商会",
}  # fmt: skip

BASE: dict[str, dict[str, Any]] = {
    "park_use": _APPLICANT | {
        "park": "central", "place_detail-description": "噴水の北", "area_m2": "２０",
        "use_from": "令和8年10月1日", "use_to": "2026/10/3", "hours": "9時から17時",
        "act_type": "sale", "purpose": "地域の行事", "goods": "珈琲", "price": "200円",
        "staff": "2", "fee_waiver": "no", "f:site_plan": 1, "f:project_outline": 1,
    },
    "road_occupancy": _APPLICANT | {
        "kind": "new", "purpose": "店の看板", "route_name": "市道港町1号線",
        "place-description": "港町1-1", "lane_part": ["sidewalk"], **entries("items", _SIGN),
        "use_from": "2026-10-01", "use_to": "2027-09-30", "structure": "鉄製",
        "work_from": "2026-10-01", "work_to": "2026-10-02", "work_method": "手作業",
        "restoration": "同じ材料で復旧", "fee_waiver": "no", "f:location_map": 1,
        "f:plan_section": 1, "f:area_calculation": 1, "f:structure_drawing": 1,
        "f:safety_plan": 1, "f:photo": 1,
    },
    "outdoor_advertisement": _APPLICANT | {
        "as_agent": "no", "kind": "new", "content": "店の名前", "ad_types": ["wall"],
        "ad_count": "1", "width_m": "2.5", "height_m": "0.8", "faces": "1", "top_height_m": "4",
        "illuminated": "no", "materials": ["metal"], "place-description": "港町1-1",
        "place-coordinates": "34.6021, 138.2214", "zoning": "commercial", "owner": "self",
        "road_status": "not_needed", "use_from": "2026-10-01", "use_to": "2029-09-30",
        "work_start": "2026-10-01", "work_finish": "2026-10-02", "contractor": "本人",
        "manager_name": "山田", "manager_phone": "090-1234-5678",
        "f:place_map": 1, "f:design": 1, "f:layout": 1, "f:colour_photo": 1,
    },
    "street_stalls": _APPLICANT | {
        "event_name": "港まつり", "place-description": "港町商店街", "stalls": "99",
        "use_from": "2026-09-04", "use_to": "2026-09-05", "hours": "10時から21時",
        **entries("appliances", _GAS), "extinguishers": "10",
        "self_check_plan": "開店前に点検する", "f:layout_map": 1,
    },
    "dog_registration": _PERSON | {
        "kept_at_home": "yes", "procedures": ["register"], "dog_name": "ハチ", "breed": "柴犬",
        "birth_known": "yes", "born": "2026-06-02", "acquired_on": "2026-08-20",
        "dog_sex": "male", "colour": "茶", "microchip": "none", "agreed": "yes",
    },
    "event": _APPLICANT | {
        "event_name": "港まつり", "purpose": "地域の祭り", "parts": ["park"],
        "use_from": "2026-10-01", "use_to": "2026-10-02", "hours": "9時から17時",
        "expected_people": "500", "site_manager": "山田", "site_manager_phone": "090-1234-5678",
        "park": "central", "park_place-description": "芝生", "park_area_m2": "200",
        "park_act": "event", "admission_fee": "0", "fee_waiver": "no",
        "f:site_plan": 1, "f:project_outline": 1,
    },
    "child_allowance": _PERSON | {
        "claim_reason": "other", "public_servant": "no", "pension_type": "national",
        "has_spouse": "no",
        **entries("children", _CHILD), "account_kind": "registered",
        "abroad_on_january_first": "no", "consent_tax": "yes", "agreed": "yes",
    },
    "school_aid": _PERSON | {
        **entries("children", _PUPIL), **entries("household", _MEMBER, _MEMBER),
        "reason": "tax_exempt", "rent_or_own": "own", "elsewhere_on_january_first": "no",
        **_BANK, "delegate_to_principal": "no", "consent_tax_view": "yes", "agreed": "yes",
    },
    "tax_exempt_household": _PERSON | {
        "answer": "receive", "by_proxy": "no",
        **entries("members", {"member_name": "髙橋 𠮷子", "member_born": "1985-04-12",
                              "dependant": "no"}),
        "basis": "tax_exempt", "received_elsewhere": "no", "confirmation_no": "12",
        "account_choice": "keep_account",
        "consent_tax": "yes", "agreed": "yes",
    },
    "child_medical_aid": _PERSON | {
        "application_reason": "birth", "child_name": "髙橋 一", "child_birth_date": "2026-08-01",
        "relation": "mother", "lives_together": "yes", "insurance_kind": "employee",
        "insurer": "全国健康保険協会", "symbol_no": "123・4", "insured_person": "髙橋 𠮷子",
        "qualified_on": "2026-08-01", "f:insurance_proof": 1, "account_kind": "registered",
        "consent_tax": "yes", "agreed": "yes",
    },
    "review_request": _PERSON | {
        "service_name": "公園内行為許可", "decision_number": "公8-1", "decided_on": "2026-09-01",
        "known_on": "2026-09-01", "claim": "不許可の決定を取り消すことを求めます。",
        "reasons": "ほかの行事とは重なっていません。", "told_of_appeal": "yes", "hearing": "no",
        "agreed": "yes",
    },
}  # fmt: skip

_EVENT_ROAD = {
    "route_name": "市道港町1号線", "road_place-description": "駅前",
    "lane_part": ["roadway", "other"],
    "lane_part_other": "側溝", **entries("items", _TENT), "structure": "組立て式",
    "restoration": "清掃する", "work_from": "2026-10-01", "work_to": "2026-10-02",
    "work_method": "軽トラックで運ぶ", "f:road_section": 1, "f:safety_plan": 1,
    "f:area_calculation": 1, "f:structure_drawing": 1, "f:photo": 1,
}  # fmt: skip
_EVENT_STALLS = {
    "stalls": "100", **entries("appliances", _GAS), "extinguishers": "100",
    "self_check_plan": "点検する", "f:layout_map": 1, "f:fire_plan": 1,
}  # fmt: skip

VARIANTS: dict[str, dict[str, dict[str, Any]]] = {
    "park_use": {
        "photography": {"act_type": "photography", "goods": None, "price": None, "staff": None,
                        "crew": "5", "cameras": "2", "f:project_outline": None},
        "film": {"act_type": "film", "goods": None, "price": None, "staff": None,
                 "crew": "30", "cameras": "4", "admission_fee": "0"},
        "show": _SHOW | _GROUP,
        "event": _SHOW | _WAIVER | {
            "act_type": "event", "performances": None, "capacity": None, "expected_people": "300",
            "equipment": ["fire"], "fire_notified": "yes"},
    },
    "road_occupancy": {
        "everything": _GROUP | _WAIVER | entries("items", _SIGN, _POLE) | {
            "kind": "change", "prev_permit_no": "道8-1", "prev_permit_date": "2025-09-01",
            "lane_part": ["other"], "lane_part_other": "法敷"},
        "costly": entries("items", _SIGN | {"item_kind": "scaffold", "item_size": "210"}),
        "renewal": entries("items", _POLE | {"item_size": None}) | {
            "kind": "renewal", "prev_permit_no": "道8-1", "prev_permit_date": "2025-09-01",
            **dict.fromkeys(["work_from", "work_to", "work_method", "f:plan_section",
                             "f:area_calculation", "f:structure_drawing", "f:safety_plan"])},
    },
    "outdoor_advertisement": {
        "everything": _GROUP | address("delegator_address") | {
            "as_agent": "yes", "delegator_name": "株式会社みなと", "delegate_role": "施工業者",
            "delegated_matters": "申請", "kind": "change", "prev_permit_no": "広7-1",
            "prev_permit_date": "2025-09-01", "top_height_m": "4.01",
            "building_confirmation": "applied", "owner": "another", "road_status": "granted",
            "road_permit_no": "道8-2", "road_permit_until": "2027-09-30",
            "contractor_registration_no": "登1", "f:owner_consent": 1,
            "f:manager_qualification": 1, "f:power_of_attorney": 1},
        "over the road": {"road_status": "not_applied"},
        "tall": {"top_height_m": "10.01", "building_confirmation": "granted",
                 "f:manager_qualification": 1},
        "lit": {"illuminated": "yes"},
        "renewal": {
            "kind": "renewal", "prev_permit_no": "広7-1", "prev_permit_date": "2025-09-01",
            "f:inspection_report": 1, "work_start": None, "work_finish": None,
            "contractor": None},
    },
    "street_stalls": {
        "large": _GROUP | {"stalls": "100", "use_from": "2026-09-15", "use_to": "2026-09-15",
                           "f:fire_plan": 1},
    },
    "dog_registration": {
        "everything": address("kept_address") | {
            "kept_at_home": "no", "procedures": ["register", "vaccination"], "birth_known": "no",
            "born": None, "age_years": "3", "acquired_on": "2026-08-01",
            "late_reason": "入院していた", "microchip": "unregistered", "features": "中型",
            "microchip_no": "392145000000001", "vaccinated_on": "2026-08-25",
            "f:vaccination_certificate": 1},
        "reissue": {
            "procedures": ["vaccination", "reissue"], "registration_no": "犬5-12",
            "reissue_reason": "lost", "vaccinated_on": "2026-08-25",
            "f:vaccination_certificate": 1,
            **dict.fromkeys(["birth_known", "born", "acquired_on", "colour", "microchip"])},
    },
    "event": {
        "everything": _GROUP | _WAIVER | _EVENT_ROAD | _EVENT_STALLS | {
            "parts": ["park", "road", "stalls"], "park_act": "show", "equipment": ["tent"]},
        "market": {"park_act": "sale", "goods": "野菜"},
        "photographs": {"park_act": "photography", "cameras": "3"},
        "film": {"park_act": "film", "cameras": "3"},
        "stalls": _EVENT_STALLS | {
            "parts": ["stalls"], "stalls": "99",
            "stalls_place-description": "港町神社の境内",
            "use_from": "2026-09-04", "use_to": "2026-09-04",
            **dict.fromkeys(["park", "park_place-description", "park_area_m2", "park_act",
                             "admission_fee", "fee_waiver", "f:fire_plan"])},
        "road": _EVENT_ROAD | {
            "parts": ["road"],
            **dict.fromkeys(["park", "park_place-description", "park_area_m2", "park_act",
                             "admission_fee"])},
    },
    "child_allowance": {
        "everything": address("spouse_address") | _BANK | {
            **entries("children", _CHILD | address("child_address") | {
                "child_birth_date": "R6.4.1", "lives_together": "no", "apart_reason": "school",
                "f:separate_custody": 1}),
            "my_number": "123456789018", "claim_reason": "birth", "event_on": "2026-08-20",
            "pension_type": "employee", "has_spouse": "yes", "spouse_name": "髙橋 二",
            "spouse_birth_date": "1984-01-01", "spouse_lives_together": "no",
            "spouse_public_servant": "no", "account_kind": "bank", "f:insurance_proof": 1,
            "abroad_on_january_first": "yes", "f:passport": 1},
    },
    "school_aid": {
        "everything": {
            "reason": "sudden", "reason_detail": "失業した", "household_income": "2,800,000",
            "rent_or_own": "rent",
            "rent": "60,000", "f:rent_proof": 1, "elsewhere_on_january_first": "yes",
            "f:income_certificate": 1, "delegate_to_principal": "yes",
            **entries("children", _PUPIL, _PUPIL | {"child_birth_date": "2012-05-01",
                                                    "grade": "j3"})},
        "assistance": {"reason": "assistance"},
    },
    "tax_exempt_household": {
        "everything": _BANK | address("proxy_address") | {
            "confirmation_no": "12", "by_proxy": "yes", "proxy_name": "髙橋 三",
            "proxy_birth_date": "1960-01-01", "proxy_relation": "relative",
            "f:power_of_attorney": 1, "f:proxy_identification": 1, "basis": "income_loss",
            "loss_reason": "job", "income_month": "2026-08",
            **entries("earners",
                      {"earner_name": "髙橋 𠮷子", **entries("incomes", _WAGES, _SHOP)},
                      {"earner_name": "髙橋 一郎", **entries("incomes", _PENSION)}),
            "account_choice": "new_account"},
        "declined": {
            "answer": "decline", "members-n": None, "members-0-member_name": None,
            "members-0-member_born": None, "members-0-dependant": None,
            **dict.fromkeys(["basis", "received_elsewhere", "account_choice", "consent_tax"])},
    },
    "child_medical_aid": {
        "everything": _BANK | address("child_address") | {
            "guardian_my_number": "１２３４ ５６７８ ９０１８", "child_my_number": "210987654320",
            "lives_together": "no", "account_kind": "bank", "application_reason": "moved_in"},
    },
    "review_request": {"with_papers": {"f:evidence": 1}},
}  # fmt: skip

WALKS = [(service, variant) for service in BASE for variant in ("least", *VARIANTS[service])]


def answers_of(service: str, variant: str = "least", **changed: Any) -> dict[str, Any]:
    """What is posted in a walk, with changes; double underscores stand for dashes."""
    changes = VARIANTS[service].get(variant, {})
    named = {name.replace("__", "-"): value for name, value in changed.items()}
    merged = {**BASE[service], **changes, **named}
    return {name: value for name, value in merged.items() if value is not None}


def a_started_draft(form: FormDefinition) -> Draft:
    return a_draft(form, a_resident(), claims=claims())


def fill_in(
    draft: Draft, posted: Posted, upload: Callable[[], Any], *, only: str = ""
) -> dict[str, list[str]]:
    """Save every step that is asked (or `only` one), in order; the errors by input (none when all
    went well).

    Fails when something posted belongs to no question that is asked: a walk knows what it sees.
    """
    left, errors = dict(posted), dict[str, list[str]]()
    for step in draft.form.steps:
        if only not in {"", step.id}:
            continue
        prepared = draft.prepared
        state = evaluate(prepared, draft.answers)
        rule = prepared.step_show.get(step.id)
        if rule is not None and rule(state.values) is not True:
            continue
        names = [node.id for node in prepared.step_nodes[step.id]]
        mine = {name: left.pop(name) for name in list(left) if _belongs(name, names)}
        data = {name: value for name, value in mine.items() if not name.startswith("f:")}
        files = {name[2:]: upload() for name in mine if name.startswith("f:")}
        outcome = save(draft, step.id, data, **{n.replace("-", "__"): f for n, f in files.items()})
        errors |= {name: list(words) for name, words in outcome.errors.items()}
    assert left == {}, f"not asked: {sorted(left)}"
    return errors


def _belongs(name: str, questions: list[str]) -> bool:
    plain = name.removeprefix("f:")
    return any(plain == question or plain.startswith(f"{question}-") for question in questions)


def asked(draft: Draft) -> set[str]:
    """The ids of every question that is asked as the draft stands, in entries of groups, too."""
    state = evaluate(draft.prepared, draft.answers)
    inner = (seen for items in state.item_visible.values() for seen in items)
    return state.visible.union(*inner)


def conditional(form: FormDefinition) -> Iterator[str]:
    """The questions that are not always asked."""
    prepared = prepare(form)
    for node in prepared.nodes.values():
        group = prepared.nodes.get(node.group_id or "")
        step = prepared.step_show.get(node.step_id)
        if node.show or step or (group and group.show):
            yield node.id
