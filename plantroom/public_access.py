"""What the settings of public access mean: whose faults anybody may report, which proxies are believed. Pure."""

from ipaddress import ip_network


def public_sites(text: str) -> frozenset[str] | None:
    """The sites of ``PLANTROOM_PUBLIC_REPORTS``: ``None`` for all of them (``on``), empty for none (``off``).
    ``ValueError`` for a list with an empty code."""
    parts = [part.strip() for part in text.split(",")]
    if not all(parts):
        raise ValueError("names a site without a code")
    if parts == ["on"]:
        return None
    return frozenset() if parts == ["off"] else frozenset(parts)


def proxies(text: str) -> str:
    """The addresses and networks of ``PLANTROOM_TRUSTED_PROXIES``, with commas between; empty for ``none``.
    ``ValueError`` for what is neither."""
    if text.strip() == "none":
        return ""
    parts = [part.strip() for part in text.split(",")]
    for part in parts:
        ip_network(part)
    return ",".join(parts)
