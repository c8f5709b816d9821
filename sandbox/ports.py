"""The TCP ports that a demo listens on, on loopback only."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass

from sandbox.servers import ServerError


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Ports:
    """Of the web server and of the eID provider."""

    web: int = 8000
    eid: int = 9411

    @classmethod
    def chosen(cls) -> Ports:
        """``PORT`` and ``EID_PORT``. Raises `ServerError` when they are no ports."""
        web, eid = os.environ.get("PORT", "8000"), os.environ.get("EID_PORT", "9411")
        for name, value in (("PORT", web), ("EID_PORT", eid)):
            if not (value.isascii() and value.isdecimal() and 0 < int(value) < 2**16):
                raise ServerError(f"{name} must be a number from 1 to 65535, not “{value}”.")
        return cls(int(web), int(eid))

    @classmethod
    def free(cls) -> Ports:
        """Any that nobody listens on now."""
        return cls(free_port(), free_port())

    def check(self) -> None:
        """Raises `ServerError` when one cannot be had."""
        for name, port in (("PORT", self.web), ("EID_PORT", self.eid)):
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                except PermissionError:
                    raise ServerError(
                        f"Port {port} is for root only. Choose another port: "
                        f"{name}={8000 + port} make demo"
                    ) from None
                except OSError:
                    raise ServerError(
                        f"Port {port} is in use by another program. Stop it, or choose another "
                        f"port: {name}={port + 10} make demo"
                    ) from None
