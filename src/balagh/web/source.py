"""Where a request comes from, for counting failed sign-ins; kept nowhere."""

import ipaddress
from typing import Any

from litestar.connection import ASGIConnection

from balagh.settings import Network, Settings


def address_of(request: ASGIConnection[Any, Any, Any, Any]) -> str:
    """The client's address: the last one that a trusted proxy tells (``BALAGH_TRUSTED_PROXIES``),
    else whoever is connected. Empty when all that is known is a proxy of ours: it is everybody.

    From the right: what stands further left, the client may have made up.
    """
    settings: Settings = request.app.state.settings
    found = request.client.host if request.client else ""
    told = ",".join(request.headers.getall("x-forwarded-for", [])).split(",")
    for hop in reversed([part.strip() for part in told if part.strip()]):
        if not _trusted(found, settings.trusted_proxies):
            return found
        found = _bare(hop)
    return "" if _trusted(found, settings.trusted_proxies) else found


def _trusted(address: str, proxies: tuple[Network, ...]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return any(parsed in network for network in proxies)


def _bare(hop: str) -> str:
    """Without a port: ``203.0.113.7:4711``, ``[2001:db8::7]:4711``."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop
