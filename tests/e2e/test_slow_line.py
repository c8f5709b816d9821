"""A form on a slow line: what the server works out comes late, and takes nothing away."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Route

from sandbox import parts
from sandbox.visitor import Visitor


def test_two_late_answers_neither_wipe_what_was_typed_nor_lock_the_page(
    open_browser: Callable[..., Visitor],
) -> None:
    resident = open_browser("shiomi", "en")
    parts.begin(resident, "park-use", "guardian")
    parts.fill_applicant(resident)
    resident.save()

    def late(route: Route) -> None:
        if "HX-Request".lower() in route.request.headers:
            resident.page.wait_for_timeout(400)
        route.continue_()

    resident.page.route("**/place/", late)
    parts.fill_place(resident)  # each date asks the server for the number of days
    resident.save()
    assert parts.step_of(resident) == "activity", resident.text[:400]
    resident.page.go_back()
    assert resident.page.input_value('[name="use_to-day"]')
    assert resident.page.input_value('[name="hours"]') == "9:00–17:00"
