"""A small Stripe on loopback: it keeps sessions and refunds, and can be out of order."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

ORIGIN = "https://checkout.stripe.com"


class FakeStripe:
    """``mode`` is "ok", "error" (500), "refuse" (400), "drip": a byte every now and then, or
    "drip_headers": a header every now and then."""

    def __init__(self) -> None:
        self.sessions: dict[str, dict[str, Any]] = {}
        self.refunds: dict[str, dict[str, Any]] = {}
        #: Every call: its method, path, the town's key, and what was sent.
        self.calls: list[tuple[str, str, str, dict[str, str]]] = []
        self.mode = "ok"
        self._by_key: dict[str, dict[str, Any]] = {}
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                fake._answer(self, {})

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                fake._answer(self, dict(parse_qsl(self.rfile.read(length).decode())))

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, call: BaseHTTPRequestHandler, sent: dict[str, str]) -> None:
        key = call.headers.get("Authorization", "").removeprefix("Bearer ")
        self.calls.append((call.command, call.path, key, sent))
        if self.mode.startswith("drip"):
            self._drip(call, headers=self.mode == "drip_headers")
            return
        status, answer = 500, {"error": {"type": "api_error", "message": "out of order"}}
        if self.mode == "refuse":
            status, answer = _bad("refused")
        elif self.mode == "ok":
            once = call.headers.get("Idempotency-Key")
            if once and once in self._by_key:
                status, answer = 200, self._by_key[once]
            else:
                status, answer = self._done(call.command, call.path, sent)
                if once and status == 200:
                    self._by_key[once] = answer
        body = json.dumps(answer).encode()
        call.send_response(status)
        call.send_header("Content-Length", str(len(body)))
        call.end_headers()
        call.wfile.write(body)

    @staticmethod
    def _drip(call: BaseHTTPRequestHandler, *, headers: bool) -> None:
        call.send_response(200)
        call.send_header("Content-Length", "100000")
        if headers:
            call.flush_headers()
        else:
            call.end_headers()
        try:
            for _ in range(50 if headers else 200):
                call.wfile.write(b"X-More: 1\r\n" if headers else b" " * 500)
                call.wfile.flush()
                time.sleep(0.02)
        except OSError:
            pass

    def _done(self, method: str, path: str, sent: dict[str, str]) -> tuple[int, dict[str, Any]]:
        parts = path.removeprefix("/v1/").split("/")
        if parts == ["refunds"]:
            return self._refund(sent)
        if parts == ["checkout", "sessions"]:
            return 200, self._session(sent)
        found = self.sessions.get(parts[2])
        if found is None:
            return _bad("resource_missing")
        if method == "POST":  # expire
            if found["status"] != "open":
                return _bad("not_open")
            found["status"] = "expired"
        return 200, found

    def _session(self, sent: dict[str, str]) -> dict[str, Any]:
        session_id = f"cs_test_{uuid.uuid4().hex}"
        item = "line_items[0][price_data]"
        self.sessions[session_id] = {
            "id": session_id,
            "object": "checkout.session",
            "url": f"{ORIGIN}/c/pay/{session_id}",
            "status": "open",
            "payment_status": "unpaid",
            "payment_intent": None,
            "client_reference_id": sent["client_reference_id"],
            "amount_total": int(sent[f"{item}[unit_amount]"]),
            "currency": sent[f"{item}[currency]"],
            "metadata": {
                name: sent[f"metadata[{name}]"] for name in ("town", "number")
            },
        }  # fmt: skip
        return self.sessions[session_id]

    def _refund(self, sent: dict[str, str]) -> tuple[int, dict[str, Any]]:
        paid = [s for s in self.sessions.values() if s["payment_intent"] == sent["payment_intent"]]
        gone = sum(r["amount"] for r in self.refunds.values())
        if not paid or gone + int(sent["amount"]) > paid[0]["amount_total"]:
            return _bad("charge_already_refunded")
        made = {
            "id": f"re_{uuid.uuid4().hex}", "object": "refund", "status": "succeeded",
            "amount": int(sent["amount"]), "payment_intent": sent["payment_intent"],
        }  # fmt: skip
        self.refunds[str(made["id"])] = made
        return 200, made

    # --- What a payer, or time, does there -----------------------------------------------------

    @property
    def last(self) -> dict[str, Any]:
        return list(self.sessions.values())[-1]

    def pay(self, session: dict[str, Any] | None = None) -> dict[str, Any]:
        session = session or self.last
        session |= {"status": "complete", "payment_status": "paid", "payment_intent": "pi_1"}
        return session


def _bad(code: str) -> tuple[int, dict[str, Any]]:
    return 400, {"error": {"type": "invalid_request_error", "code": code, "message": code}}


def event(session: dict[str, Any], kind: str = "completed", **changes: Any) -> bytes:
    """The body of an event about a session."""
    return json.dumps(
        {
            "id": f"evt_{uuid.uuid4().hex}",
            "object": "event",
            "type": f"checkout.session.{kind}",
            "data": {"object": {**session}},
            **changes,
        }
    ).encode()


def signed(body: bytes, secret: str, *, age: int = 0) -> str:
    """The header that goes with a body, made here and not by the library that checks it."""
    at = int(time.time()) - age
    mac = hmac.digest(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hex()
    return f"t={at},v1={mac}"
