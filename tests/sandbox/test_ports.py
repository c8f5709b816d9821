"""The ports of the demo: chosen, free, or a line that says what to do."""

from __future__ import annotations

import socket

import pytest

from sandbox.ports import Ports
from sandbox.servers import ServerError


@pytest.mark.parametrize("value", ["0", "65536", "-1", "eight", "８０００", ""])
def test_port_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("EID_PORT", value)
    with pytest.raises(ServerError, match="EID_PORT must be a number from 1 to 65535"):
        Ports.chosen()


def test_ports_are_the_chosen_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EID_PORT", raising=False)
    monkeypatch.setenv("PORT", "8080")
    assert Ports.chosen() == Ports(8080, 9411)


def test_busy_port_says_how_to_choose_another() -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        with pytest.raises(ServerError, match=rf"Port {port} is in use .*: EID_PORT=\d+ make demo"):
            Ports(Ports.free().web, port).check()


def test_free_ports_can_be_had() -> None:
    Ports.free().check()
