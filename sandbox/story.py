"""The main job from end to end over HTTP, as the people in it do it: no JavaScript, no shortcuts.

Each function is one step of the story; `smoke` runs them in order and prints what each took.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import io
import re
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from PIL import Image, ImageDraw

from sandbox.walk import Page, Walker, WalkError

PASSWORD = "madoguchi-demo"  # noqa: S105  of the demo's accounts
_CODE_PERIOD = 30


def site_plan() -> bytes:
    """A small drawing to attach."""
    picture = Image.new("RGB", (640, 480), "white")
    pen = ImageDraw.Draw(picture)
    pen.rectangle((60, 60, 580, 420), outline="green", width=4)
    pen.ellipse((280, 200, 360, 280), outline="red", width=4)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def one_time_code(secret_key: str, schema_name: str, username: str, at: float) -> str:
    """What the account's authenticator app shows at `at` (seconds; RFC 6238, SHA-1, 6 digits)."""
    seed = hmac.new(secret_key.encode(), f"totp:{schema_name}:{username}".encode(), hashlib.sha256)
    secret = base64.b32decode(base64.b32encode(seed.digest()[:20]))
    digest = hmac.new(secret, struct.pack(">Q", int(at) // _CODE_PERIOD), hashlib.sha1).digest()
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def verification_path(letter: bytes) -> str:
    """Where a letter's link and QR code lead."""
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", letter, re.DOTALL):
        with contextlib.suppress(zlib.error):
            found = re.search(rb"/verify/[0-9A-Z-]+/?", zlib.decompress(stream))
            if found:
                return found[0].decode()
    found = re.search(rb"/verify/[0-9A-Z-]+/?", letter)
    if found is None:
        raise WalkError("the letter has no link to its verification")
    return found[0].decode()


@dataclass
class Story:
    """One run. `town` is a schema name of the demo, `base` its address."""

    base: str
    platform: str
    town: str
    secret_key: str
    patience: float = 30.0
    receipt_number: str = ""
    case_path: str = ""
    letter: bytes = b""
    resident: Walker = field(init=False)
    caseworker: Walker = field(init=False)
    consultee: Walker = field(init=False)

    def __post_init__(self) -> None:
        self.resident = Walker(self.base, "en")
        self.caseworker = Walker(self.base, "en")
        self.consultee = Walker(self.base, "en")

    def steps(self) -> Iterator[tuple[str, Callable[[], None]]]:
        """The story in order: what happens, and the function that does it."""
        yield "Town's home page, search in two languages, service page", self.find_the_service
        yield "Sign in with the eID, form already filled", self.sign_in
        yield "Fill in, leave, go on in another browser", self.fill_in
        yield "Check answers, send twice, one receipt", self.send
        yield "Receipt by mail", self.receipt_mail
        yield "Caseworker signs in with a second factor, takes the case", self.take_the_case
        yield "Parks department is asked and answers", self.consult
        yield "Correction asked for: the clock stops; the resident answers", self.correct
        yield "Approved with conditions", self.approve
        yield "Fee: declined once, then paid", self.pay
        yield "Permit as PDF", self.download
        yield "Anyone can verify it; it names nobody", self.verify
        yield "My data names the caseworker", self.my_data
        yield "Nobody else reaches it", self.closed_to_others

    # --- the resident ---------------------------------------------------------------------

    def find_the_service(self) -> None:
        self.resident.get("/en/").says("Park use permit")
        for words in ("park", "公園"):
            self.resident.get(f"/en/search/?q={words}").says("Park use permit")
        service = self.resident.get("/en/search/?q=park").link(containing="Park use permit")
        self.resident.get(service).says("6 working days")

    def sign_in(self) -> None:
        start = self.resident.get("/en/apply/park-use/")
        form = self._through_eid(self.resident, start, "adult")
        form.says("佐藤 恵", "サトウ メグミ", "Verified by eID")

    @staticmethod
    def _through_eid(browser: Walker, page: Page, persona: str) -> Page:
        choose = browser.get(page.link(containing="/eid/start/"))
        return browser.submit(choose.form(having="login"), button=f"login={persona}")

    def fill_in(self) -> None:
        start = date.today() + timedelta(days=30)  # noqa: DTZ011  the office's day is near enough
        end = start + timedelta(days=1)
        page = self.resident.get(self._draft_path())
        page = self.resident.submit(
            page.form(having="for_organisation"),
            {
                "for_organisation": "no",
                "phone": "０９０−１２３４−５６７８",
                "email": "megumi@example.test",
            },
        )
        place = page.form(having="park")
        park = next(str(tag["value"]) for tag in place.tag.find_all("input", {"name": "park"}))
        answers = {
            "park": park,
            "place_detail-description": "Lawn",
            "area_m2": "25",
            "hours": "9-17",
        }
        for name, day in (("use_from", start), ("use_to", end)):
            answers |= {
                f"{name}-year": str(day.year),
                f"{name}-month": str(day.month),
                f"{name}-day": str(day.day),
            }
        page = self.resident.submit(place, answers)
        page = self.resident.submit(
            page.form(having="act_type"),
            {"act_type": "photography", "purpose": "Filming a short documentary."},
            expect=422,
        )
        page.says("Number of cameras")  # asked only of those who film
        page = self.resident.submit(
            page.form(having="cameras"), {"crew": "6", "cameras": "2", "fee_waiver": "no"}
        )
        # Another browser: the draft waits where it was left.
        other = Walker(self.base, "en")
        page = self._through_eid(other, other.get("/en/apply/park-use/"), "adult")
        self.resident = other
        page = other.submit(
            page.form(having="site_plan"),
            files={"site_plan": ("案内図.png", site_plan(), "image/png")},
        )
        page = other.submit(page.form(having="agreed"), {"agreed": "yes"})
        page.says("Check your answers", "佐藤 恵")

    def _draft_path(self) -> str:
        page = self.resident.get("/en/applications/")
        return page.link(containing="/drafts/")

    def send(self) -> None:
        page = self.resident.get(self._draft_path())
        page.says("Check your answers", "Send the application")
        form = next(form for form in page.forms() if form.action == page.url)
        first = self.resident.submit(form)
        again = self.resident.submit(form)
        numbers = [self._receipt_in(first), self._receipt_in(again)]
        if numbers[0] != numbers[1]:
            raise WalkError(f"two sends gave two receipts: {numbers}")
        self.receipt_number = numbers[0]
        case = re.search(r"/applications/([0-9a-f-]{36})/", first.url)
        if case is None:
            raise WalkError(f"no case in {first.url}")
        self.case_path = f"/en/applications/{case[1]}/"

    @staticmethod
    def _receipt_in(page: Page) -> str:
        found = re.search(r"\b\d{6}-[0-9A-Z]{8}\b", page.text)
        if found is None:
            raise WalkError(f"{page.url} shows no receipt number: {page.text[:400]}")
        return found[0]

    def receipt_mail(self) -> None:
        self._wait_for_mail("received")

    def _wait_for_mail(self, *words: str) -> Page:
        platform = Walker(self.platform, "en")

        def look() -> Page | None:
            page = platform.get("/sandbox/mail/?lang=en")
            mails = [
                platform.get(str(anchor["href"]))
                for anchor in page.soup.find_all("a", href=re.compile(r"/sandbox/mail/.+/"))[:4]
            ]
            for mail in mails:
                text = mail.text
                if self.receipt_number in text and all(word in text for word in words):
                    return mail
            return None

        return self._wait(look, f"a mail about {self.receipt_number}")

    def _wait(self, look: Callable[[], Page | None], what: str) -> Page:
        """What the worker does comes a moment later."""
        deadline = time.monotonic() + self.patience
        while time.monotonic() < deadline:
            found = look()
            if found is not None:
                return found
            time.sleep(0.25)
        raise WalkError(f"{what} did not come within {self.patience:.0f} s")

    # --- the office -----------------------------------------------------------------------

    def take_the_case(self) -> None:
        self._staff_sign_in(self.caseworker, "yamamoto")
        inbox = self.caseworker.get("/en/desk/").says(self.receipt_number)
        case = self._desk_case()
        if str(case) not in inbox.link(containing=str(case)):
            raise WalkError("the inbox does not lead to the case")
        page = self.caseworker.get(f"/en/desk/cases/{case}/").says("佐藤 恵", "案内図.png")
        self.caseworker.submit(page.form(having="/claim/")).says("Under review")

    def _desk_case(self) -> str:
        return self.case_path.rstrip("/").rsplit("/", 1)[1]

    def _case_page(self, browser: Walker) -> Page:
        return browser.get(f"/en/desk/cases/{self._desk_case()}/")

    def _staff_sign_in(self, browser: Walker, username: str) -> None:
        page = browser.get("/en/staff/login/?next=/en/desk/")
        page = browser.submit(page.form(having="login"), {"login": username, "password": PASSWORD})
        code = one_time_code(self.secret_key, self.town, username, time.time())
        browser.submit(page.form(having="code"), {"code": code})
        browser.get("/en/desk/")

    def consult(self) -> None:
        page = self._case_page(self.caseworker)
        form = page.form(having="/consult/")
        page = self.caseworker.submit(
            form, {"department": "parks", "question": "Is the lawn free on these days?"}
        )
        form = page.form(having="/correct/")
        refused = self.caseworker.submit(form, {"message": "x"}, expect=422)
        refused.says("Choose the questions")
        self._staff_sign_in(self.consultee, "ueda")
        asked = self._case_page(self.consultee)
        if "佐藤 恵" in asked.text:
            raise WalkError("the consulted department sees who applies")
        self.consultee.submit(
            asked.form(having="opinion"),
            {"opinion": "with_conditions", "text": "Keep off the flower beds."},
        )

    def correct(self) -> None:
        page = self._case_page(self.caseworker).says("Keep off the flower beds.")
        page = self.caseworker.submit(
            page.form(having="/correct/"),
            {"question_ids": ["area_m2"], "message": "Please give the area with the equipment."},
        )
        page.says("Waiting for a correction")
        self._wait_for_mail()
        progress = self.resident.get(self.case_path).says("Please give the area")
        page = self.resident.get(progress.link(containing="/correction/"))
        if page.soup.find("input", {"name": "hours"}):
            raise WalkError("the correction asks for more than was asked")
        page = self.resident.submit(page.form(having="area_m2"), {"area_m2": "40"})
        if "/correction/" in page.url:
            page = self.resident.submit(
                next(form for form in page.forms() if "/correction/" in form.action)
            )
        self.resident.get(self.case_path).says("You sent the correction")
        self._case_page(self.caseworker).says("40")

    def approve(self) -> None:
        page = self._case_page(self.caseworker)
        page = self.caseworker.submit(
            page.form(having="/approve/"), {"standard": ["0"], "own": "花壇に入らないこと。"}
        )
        page = self.caseworker.submit(page.form(having="confirmed"), button="confirmed")
        page.says("Waiting for payment")

    def pay(self) -> None:
        def due() -> Page | None:
            page = self.resident.get(self.case_path)
            return page if page.soup.find("a", href=re.compile("/pay/")) else None

        for outcome in ("declined", "paid"):
            progress = self._wait(due, "the fee")
            page = self.resident.get(progress.link(containing="/pay/"))
            form = next(form for form in page.forms() if "/pay/" in form.action)
            checkout = self.resident.submit(form)
            self.resident.submit(checkout.form(having="outcome"), button=f"outcome={outcome}")

    def download(self) -> None:
        def issued() -> Page | None:
            page = self.resident.get(self.case_path)
            return page if page.soup.find("a", href=re.compile("/documents/")) else None

        progress = self._wait(issued, "the permit")
        pdf = self.resident.get(progress.link(containing="/documents/"))
        if not pdf.content.startswith(b"%PDF-"):
            raise WalkError(f"{pdf.url} is no PDF")
        self.letter = pdf.content

    def verify(self) -> None:
        page = Walker(self.base, "en").get("/en" + verification_path(self.letter))
        page.says("Genuine")
        for private in ("佐藤", "サトウ", "鎌倉", self.receipt_number):
            if private in page.text:
                raise WalkError(f"the public page names “{private}”")

    def my_data(self) -> None:
        self.resident.get("/en/my-data/").says("山本 真理")

    def closed_to_others(self) -> None:
        stranger = Walker(self.base, "en")
        self._through_eid(stranger, stranger.get("/en/apply/park-use/"), "single_parent")
        stranger.get(self.case_path, expect=404)
        stranger.get(f"/en/desk/cases/{self._desk_case()}/", expect=403)
