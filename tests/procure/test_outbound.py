"""Which servers that a person named are called, and which secrets are kept how."""

from __future__ import annotations

from typing import Any

import pytest

from procure import outbound
from procure.errors import BusinessRuleError
from procure.sealing import seal, unseal


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fd00::1", "::ffff:10.0.0.1",
     "64:ff9b::a00:1", "0.0.0.0", "224.0.0.1", "2002:7f00:1::"],
)  # fmt: skip
def test_a_server_inside_is_refused_unless_the_operator_names_it(
    settings: Any, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """One address inside among public ones is enough; the control is the name in the setting."""
    found = [(0, 0, 0, "", (one, 993)) for one in ("93.184.215.14", address)]
    monkeypatch.setattr(outbound.socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(BusinessRuleError, match="private network"):
        outbound.address_of("mail.example", 993)
    settings.PRIVATE_SERVERS = ["mail.example"]
    assert outbound.address_of("mail.example", 993) == "93.184.215.14"


def test_a_sealed_secret_opens_only_under_its_key(settings: Any) -> None:
    sealed = seal("pässword")
    assert "pässword" not in sealed
    assert seal("pässword") != sealed
    assert unseal(sealed) == "pässword"
    settings.SECRET_KEY = "another"
    with pytest.raises(BusinessRuleError, match="Give it again"):
        unseal(sealed)
