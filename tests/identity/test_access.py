"""Who may open which page, and what happens to what they had typed."""

from __future__ import annotations

import base64
import os
import time
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.messages import get_messages

from identity import parked
from identity.models import Department, Session, StaffRole, User
from identity.roles import Role, any_role, departments_of, forget, has_role, roles_of
from tests.identity.support import Journey, give_totp, make_staff, sign_in_staff

RESIDENTS, STAFF, CASEWORKERS = "/probe/residents/", "/probe/staff/", "/probe/caseworkers/"
ADMIN = "/probe/admin/"


def sign_in_resident(browser: Any, **fields: Any) -> User:
    user = User.objects.create_resident(name="佐藤 恵", **fields)
    browser.force_login(user, backend="identity.backends.EidBackend")
    return user


def test_visitor_is_led_to_sign_in_and_back(browser: Any) -> None:
    response = browser.get("/probe/residents/?page=2")
    assert response["Location"] == "/sign-in/?next=%2Fprobe%2Fresidents%2F%3Fpage%3D2"


def test_visitor_of_a_staff_page_is_led_to_staff_sign_in(browser: Any) -> None:
    response = browser.get(STAFF)
    assert response["Location"] == "/staff/login/?next=%2Fprobe%2Fstaff%2F"


def test_htmx_request_makes_the_whole_page_go(browser: Any) -> None:
    response = browser.get(RESIDENTS, headers={"HX-Request": "true"})
    assert response.status_code == 200
    assert response["HX-Redirect"] == "/sign-in/?next=%2Fprobe%2Fresidents%2F"


def test_resident_opens_residents_pages_only(browser: Any) -> None:
    user = sign_in_resident(browser)
    response = browser.get(RESIDENTS)
    assert response.content.decode() == f"resident {user.pk} -"
    assert response["Cache-Control"] == "private, no-store"
    for path in (STAFF, CASEWORKERS, ADMIN, "/staff/second-factor/", "/staff/login/"):
        assert browser.get(path).status_code == 403, path


def test_staff_without_second_factor_sets_one_up_first(browser: Any) -> None:
    browser.force_login(make_staff(), backend="identity.backends.StaffBackend")
    for path in (STAFF, CASEWORKERS, ADMIN):
        response = browser.get(path)
        assert response["Location"].startswith("/staff/second-factor/?next="), path


def test_staff_with_a_factor_not_shown_in_this_session_shows_it(browser: Any) -> None:
    user = make_staff()
    give_totp(user)
    browser.force_login(user, backend="identity.backends.StaffBackend")
    response = browser.get(STAFF)
    assert response["Location"] == "/staff/second-factor/confirm/?next=%2Fprobe%2Fstaff%2F"


def test_marks_of_another_user_do_not_count(browser: Any) -> None:
    sign_in_staff(browser, make_staff())
    session = browser.session
    session["account_authentication_methods_user"] = str(make_staff("other").pk)
    session.save()
    assert browser.get(STAFF).status_code == 302


def test_staff_opens_staff_pages_only(browser: Any) -> None:
    user = make_staff()
    sign_in_staff(browser, user)
    assert browser.get(STAFF).content.decode() == f"staff {user.pk}"
    assert browser.get(RESIDENTS).status_code == 403
    assert browser.get(CASEWORKERS).status_code == 403
    assert browser.get(ADMIN).status_code == 403


@pytest.mark.parametrize("role", [Role.CASEWORKER, Role.LEAD, Role.ADMIN])
def test_role_opens_the_page(role: Role, browser: Any) -> None:
    sign_in_staff(browser, make_staff("kato", role))
    assert browser.get(CASEWORKERS).status_code == 200


@pytest.mark.parametrize("role", [Role.CONSULTEE, Role.FINANCE, Role.EDITOR])
def test_other_role_does_not_open_the_page(role: Role, browser: Any) -> None:
    sign_in_staff(browser, make_staff("kato", role))
    response = browser.get(CASEWORKERS)
    assert response.status_code == 403
    assert "<h1>" in response.content.decode()


@pytest.mark.parametrize("path", [ADMIN, "/probe/admin/x/"])
def test_administration_needs_second_factor_and_permission(path: str, browser: Any) -> None:
    user = make_staff(is_staff=True)
    browser.force_login(user, backend="identity.backends.StaffBackend")
    assert browser.get(path).status_code == 302
    sign_in_staff(browser, user)
    assert browser.get(path).content == b"administration"


def test_blocked_staff_is_out_at_once(browser: Any) -> None:
    user = make_staff()
    sign_in_staff(browser, user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert browser.get(STAFF)["Location"].startswith("/staff/login/")


def test_blocked_resident_is_out_at_once(browser: Any) -> None:
    user = sign_in_resident(browser)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert browser.get(RESIDENTS)["Location"].startswith("/sign-in/")


# --- Roles ------------------------------------------------------------------------------------


@pytest.fixture
def parks(town: Any) -> Department:
    return Department.objects.create(key="test-parks", name={"ja": "公園課", "en": "Parks"})


def test_role_in_a_department_counts_there(parks: Department) -> None:
    user = make_staff()
    StaffRole.objects.create(user=user, department=parks, role=Role.CASEWORKER)
    assert has_role(user, Role.CASEWORKER)
    assert has_role(user, Role.CASEWORKER, "test-parks")
    assert not has_role(user, Role.CASEWORKER, "roads")
    assert not has_role(user, Role.LEAD, "test-parks")
    assert departments_of(user, Role.CASEWORKER) == {"test-parks"}
    assert departments_of(user, Role.LEAD) == frozenset()
    assert any_role(user, [Role.LEAD, Role.CASEWORKER])


def test_role_without_department_counts_everywhere(town: Any) -> None:
    user = make_staff("kato", Role.LEAD)
    assert has_role(user, Role.LEAD, "roads")
    assert departments_of(user, Role.LEAD) is None


def test_administrator_of_a_department_is_none_of_the_town(parks: Department) -> None:
    user = make_staff()
    StaffRole.objects.create(user=user, department=parks, role=Role.ADMIN)
    assert not has_role(user, Role.CASEWORKER, "test-parks")
    assert has_role(make_staff("chief", Role.ADMIN), Role.CASEWORKER, "test-parks")


def test_roles_cost_one_query(parks: Department, django_assert_num_queries: Any) -> None:
    user = make_staff("kato", Role.LEAD, Role.FINANCE)
    held = StaffRole.objects.create(user=user, department=parks, role=Role.CASEWORKER)
    assert StaffRole.objects.get(pk=held.pk).department == parks  # the process knows it now
    with django_assert_num_queries(1):
        assert has_role(user, Role.LEAD)
        assert has_role(user, Role.CASEWORKER, "test-parks")
        assert len(roles_of(user)) == 3
    forget(user)
    with django_assert_num_queries(1):
        roles_of(user)


def test_residents_and_blocked_staff_have_no_roles(town: Any) -> None:
    resident = User.objects.create_resident(name="x")
    StaffRole.objects.create(user=resident, role=Role.ADMIN)
    assert not has_role(resident, Role.ADMIN)
    assert not has_role(make_staff("y", Role.ADMIN, is_active=False), Role.ADMIN)
    assert not has_role(None, Role.ADMIN)


# --- Parked answers ---------------------------------------------------------------------------


def test_typed_answers_survive_the_sign_in(journey: Journey) -> None:
    typed = {"name": "公園で撮影", "days": ["mon", "tue"], "csrfmiddlewaretoken": "x", "empty": ""}
    response = journey.browser.post(RESIDENTS, typed)
    assert response["Location"] == "/sign-in/?next=%2Fprobe%2Fresidents%2F"
    page = journey.browser.get(response["Location"]).content.decode()
    assert 'role="status"' in page
    assert journey.sign_in(next=RESIDENTS)["Location"] == RESIDENTS
    kept = urlencode([("name", "公園で撮影"), ("days", "mon"), ("days", "tue"), ("empty", "")])
    user = journey.user()
    assert user is not None
    assert journey.browser.get(RESIDENTS).content.decode() == f"resident {user.pk} {kept}"
    assert journey.browser.get(RESIDENTS).content.decode() == f"resident {user.pk} -"


def test_files_are_not_parked(journey: Journey) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    journey.browser.post(RESIDENTS, {"a": "1", "plan": SimpleUploadedFile("p.pdf", b"%PDF")})
    journey.sign_in(next=RESIDENTS)
    answer = journey.browser.get(RESIDENTS)
    assert answer.content.decode().endswith(" a=1")
    (said,) = get_messages(answer.wsgi_request)
    assert "p.pdf" in str(said)


def test_what_is_not_theirs_is_dropped_when_somebody_signs_in(
    journey: Journey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parked, "_may_take", [lambda user, path: path != RESIDENTS])
    for path in (RESIDENTS, "/probe/residents/1/"):
        journey.browser.post(path, {"a": "1"})
    journey.sign_in()
    assert list(journey.browser.session[parked.SESSION_KEY]) == ["/probe/residents/1/"]


def test_parked_answers_belong_to_their_path(journey: Journey) -> None:
    journey.browser.post("/probe/residents/1/", {"a": "1"})
    journey.sign_in()
    assert journey.browser.get("/probe/residents/2/").content.decode().endswith(" -")
    assert journey.browser.get("/probe/residents/1/").content.decode().endswith(" a=1")


def test_too_much_is_not_parked(browser: Any) -> None:
    noise = base64.b64encode(os.urandom(600_000)).decode()  # cannot be packed
    where = browser.post(RESIDENTS, {"a": noise}).headers["Location"]
    assert len(str(dict(browser.session))) < 2_000
    assert "Go back with your browser" in browser.get(f"/en{where}").content.decode()


def test_a_very_long_text_is_kept(journey: Journey) -> None:
    typed = "公園を使う目的。" * 8_000
    journey.browser.post(RESIDENTS, {"a": typed})
    journey.sign_in()
    assert journey.browser.get(RESIDENTS).content.decode().endswith(urlencode({"a": typed}))


def test_what_is_kept_is_sealed_for_its_town_and_path(journey: Journey) -> None:
    journey.browser.post(RESIDENTS, {"my_number": "123456789018"})
    stored = Session.objects.get(session_key=journey.browser.session.session_key)
    (entry,) = journey.browser.session[parked.SESSION_KEY].values()
    for text in (str(stored.get_decoded()), base64.b64decode(entry["box"]).decode("latin-1")):
        assert "123456789018" not in text
        assert "my_number" not in text
    session = journey.browser.session
    session[parked.SESSION_KEY] = {"/probe/residents/1/": entry}
    session.save()
    journey.sign_in()
    assert journey.browser.get("/probe/residents/1/").content.decode().endswith(" -")


def test_what_is_too_old_leaves_the_session_when_it_is_written(browser: Any) -> None:
    browser.post(RESIDENTS, {"a": "1"})
    session = browser.session
    session[parked.SESSION_KEY][RESIDENTS]["at"] = time.time() - 31 * 60
    session.save()
    stored = Session.objects.get(session_key=browser.session.session_key)
    assert parked.SESSION_KEY not in stored.get_decoded()


def test_only_the_last_three_paths_are_parked(browser: Any) -> None:
    for number in range(5):
        browser.post(f"/probe/residents/{number}/", {"a": str(number)})
    assert sorted(browser.session[parked.SESSION_KEY]) == [
        f"/probe/residents/{number}/" for number in (2, 3, 4)
    ]


def test_old_answers_are_forgotten(journey: Journey) -> None:
    journey.browser.post(RESIDENTS, {"a": "1"})
    session = journey.browser.session
    session[parked.SESSION_KEY][RESIDENTS]["at"] = time.time() - 31 * 60
    session.save()
    journey.sign_in()
    assert journey.browser.get(RESIDENTS).content.decode().endswith(" -")


def test_get_parks_nothing(browser: Any) -> None:
    browser.get(RESIDENTS, {"a": "1"})
    assert parked.SESSION_KEY not in browser.session


def test_post_without_csrf_token_parks_nothing(browser: Any) -> None:
    browser.handler.enforce_csrf_checks = True
    assert browser.post(RESIDENTS, {"a": "1"}).status_code == 403
    assert parked.SESSION_KEY not in browser.session
