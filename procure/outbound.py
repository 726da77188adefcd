"""Servers that a person named and the application calls: only public ones, by the address checked.

The caller connects to the address that was looked up here and to no other, so that a name cannot
mean a public server when it is checked and a private one when it is called.
"""

from __future__ import annotations

import ipaddress
import socket

from django.conf import settings

from procure.errors import BusinessRuleError


def is_private_server(host: str) -> bool:
    """Whether the operator allows this server to be private (PRIVATE_SERVERS)."""
    return host.lower() in {name.lower() for name in settings.PRIVATE_SERVERS}


def address_of(host: str, port: int) -> str:
    """The address to connect to. Refused: an unknown name, and one with any address inside."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise BusinessRuleError("host", f"There is no server named {host}.", "host") from error
    addresses = [str(one[4][0]) for one in found]
    if not is_private_server(host) and not all(map(_is_public, addresses)):
        raise BusinessRuleError(
            "private_host",
            f"{host} is inside a private network. If it is your own server, ask the operator to "
            "name it in PRIVATE_SERVERS.",
            "host",
        )
    return addresses[0]


def _is_public(address: str) -> bool:
    """Whether the address is one of the internet's; an IPv4 inside an IPv6 counts as itself."""
    known = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(known, ipaddress.IPv6Address):
        inner = known.ipv4_mapped or known.sixtofour or (known.teredo and known.teredo[1])
        if inner:
            return _is_public(str(inner))
        if known in ipaddress.ip_network("64:ff9b::/96"):
            return _is_public(str(ipaddress.IPv4Address(int(known) & 0xFFFFFFFF)))
    return known.is_global and not known.is_multicast
