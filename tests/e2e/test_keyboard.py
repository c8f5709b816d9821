"""Without a mouse: one step of a form, and one action at the desk; where one is can be seen."""

from __future__ import annotations

from collections.abc import Callable

from config.settings.test import SECRET_KEY
from sandbox import parts
from sandbox.visitor import Visitor
from tests.e2e.looking import Findings

OpenBrowser = Callable[..., Visitor]
MOST_STEPS = 80

#: What has the focus: its name or words, and whether one sees it, on itself or on what is around it
#: (the frame of a choice, the heading of a list).
_FOCUS = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const drawn = e => {
    const style = getComputedStyle(e);
    return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2
      && style.outlineColor !== 'rgba(0, 0, 0, 0)';
  };
  const box = at.getBoundingClientRect();
  let seen = false;
  for (let e = at, up = 0; e && up < 4; e = e.parentElement, up++) seen ||= drawn(e);
  return {
    name: at.getAttribute('name') || '', value: at.getAttribute('value') || '',
    words: at.textContent.trim().replace(/\\s+/g, ' ').slice(0, 60), tag: at.tagName,
    href: at.getAttribute('href') || '', action: at.closest('form')?.getAttribute('action') || '',
    row: at.hasAttribute('data-row'), seen: seen && at.tabIndex >= 0,
    onScreen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
  };
}"""


class Keyboard:
    """A visitor who has no mouse. Whatever gets the focus by a key has to be seen."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.page = visitor.page
        self.page.emulate_media(reduced_motion="reduce")  # nothing glides: one is there at once

    def here(self) -> dict:
        return self.page.evaluate(_FOCUS) or {}

    def press(self, keys: str) -> None:
        self.page.keyboard.press(keys)

    def tab_to(self, wanted: Callable[[dict], bool], key: str = "Tab") -> dict:
        """Go on until `wanted` has the focus; every stop on the way is visible."""
        for _ in range(MOST_STEPS):
            self.press(key)
            here = self.here()
            if here:
                assert here["seen"], f"the focus cannot be seen: {here}"
                assert here["onScreen"], f"the focus is outside of the window: {here}"
                if wanted(here):
                    return here
        raise AssertionError(f"never got there; the last stop was {self.here()}")

    def fill(self, name: str, text: str) -> None:
        self.tab_to(lambda here: here["name"] == name)
        self.press("Control+A")
        self.page.keyboard.type(text)

    def choose(self, name: str, moves: int = 0) -> None:
        """A radio of a group: Tab comes to the first, arrows go on."""
        self.tab_to(lambda here: here["name"] == name)
        self.press("Space")
        for _ in range(moves):
            self.press("ArrowDown")
        self.visitor.is_quiet()

    def leaves(self, key: str) -> None:
        with self.page.expect_navigation(wait_until="load"):
            self.press(key)


def _is_main_button(here: dict) -> bool:
    return here["tag"] == "BUTTON" and not here["name"] and "保存して次へ" in here["words"]


def test_a_step_with_mistakes(open_browser: OpenBrowser) -> None:
    findings = Findings()
    resident = open_browser("shiomi", "ja", findings=findings)
    parts.begin(resident, "park-use", persona="rare_kanji")
    keys = Keyboard(resident)

    # The first stop leads past the head of the page.
    skip = keys.tab_to(lambda here: True)
    assert skip["href"].startswith("#"), skip
    keys.press("Enter")
    keys.fill("phone", "12")
    keys.tab_to(_is_main_button)
    keys.leaves("Enter")

    # One hears the summary first, and each line of it leads to its field.
    assert resident.page.evaluate("() => document.activeElement.id") == "f-summary"
    wrong = resident.page.locator(".f-summary a").count()
    assert wrong >= 2
    link = keys.tab_to(lambda here: here["href"] == "#f-phone")
    keys.press("Enter")
    assert keys.here()["name"] == "phone", link
    keys.press("Control+A")
    resident.page.keyboard.type("090-1234-5678")
    keys.fill("email", "takashi@example.test")
    keys.choose("for_organisation", moves=1)
    assert resident.page.locator('[name="for_organisation"][value="no"]').is_checked()
    keys.tab_to(_is_main_button)
    keys.leaves("Space")
    assert parts.step_of(resident) == "place", resident.text[:600]
    findings.none()


def test_claim_and_a_panel_at_the_desk(open_browser: OpenBrowser) -> None:
    resident = open_browser("shiomi", "ja")
    parts.begin(resident, "park-use", persona="foreign_resident")
    parts.fill_all(resident, script=True)
    _case, number = parts.send(resident)
    findings = Findings()
    office = open_browser("shiomi", "ja", findings=findings)
    parts.staff_sign_in(office, "shiomi", "yamamoto", SECRET_KEY)
    office.go("/desk/?view=unassigned")
    keys = Keyboard(office)

    _keys_of_the_list(keys)
    keys.tab_to(lambda here: here["row"] and number in here["words"], key="j")
    keys.leaves("Enter")
    office.shows(number)
    claim = keys.tab_to(lambda here: "/claim/" in here["action"] and here["tag"] == "BUTTON")
    assert claim["words"].endswith(" c"), "the key is not shown"
    keys.leaves("Enter")

    # The key that is shown opens the panel and stands in it.
    panel = office.page.locator("details#correct")
    shown = panel.locator("summary kbd").inner_text()
    keys.press(shown)
    assert panel.get_attribute("open") is not None
    assert keys.here()["tag"] == "SUMMARY"
    assert keys.here()["seen"], keys.here()
    box = keys.tab_to(lambda here: here["name"] == "question_ids")
    keys.press("Space")
    keys.tab_to(lambda here: here["name"] == "message")
    office.page.keyboard.type("ca - くわしく")  # letters of other keys do nothing in a field
    keys.tab_to(
        lambda here: "/correct/" in here["action"] and here["tag"] == "BUTTON" and not here["name"]
    )
    keys.leaves("Enter")
    assert box["value"]
    office.shows("ca - くわしく")
    findings.none()


def _keys_of_the_list(keys: Keyboard) -> None:
    """Searching, ticking, and the list of keys with the switch that turns them off."""
    page = keys.page
    keys.press("/")
    page.keyboard.type("jxb?")
    assert (keys.here()["name"], page.input_value("#q")) == ("q", "jxb?")
    assert not page.locator("dialog").count()
    page.fill("#q", "")
    keys.press("Escape")
    keys.press("j")
    keys.press("x")
    assert page.locator('[name="case"]:checked').count() == 1
    keys.press("x")
    assert not page.locator('[name="case"]:checked').count()

    keys.press("?")
    page.locator("dialog[open]").wait_for()
    # Whoever presses Enter at once closes it, and switches nothing.
    assert keys.here()["words"] == "閉じる"
    keys.press("Escape")
    for works in (False, True):
        page.locator("[data-keys-help]").click()
        page.locator("dialog [data-keys-switch]").click()
        keys.press("Escape")
        page.locator("dialog").wait_for(state="detached")
        page.evaluate("document.activeElement.blur()")
        keys.press("j")
        assert bool(keys.here().get("row")) == works
