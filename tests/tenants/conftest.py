"""Towns made and looked at by their owner."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from common.text import Text
from tenants import owner, provisioning
from tenants.models import Municipality


@pytest.fixture
def owner_conn(own_database: str) -> Iterator[psycopg.Connection]:
    with owner.connect() as conn:
        yield conn


def provision(number: int, **changes: Any) -> Municipality:
    """The town number `number`."""
    return provisioning.provision(
        **{
            "schema_name": f"town{number:03d}",
            "code": f"{100000 + number}",
            "name": Text({"ja": f"第{number}市", "en": f"City {number}"}),
            "prefecture": Text({"ja": "窓口県", "en": "Madoguchi Prefecture"}),
            "domains": [f"town{number:03d}.localhost"],
            "languages": ["ja", "en"],
            **changes,
        }
    )
