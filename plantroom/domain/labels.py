"""What the QR label of an asset holds. Pure."""

from urllib.parse import quote


def asset_address(base: str, site: str, code: str) -> str:
    """The page of an asset under the web app's address: codes are unique within a site only, so the site is in it."""
    return f"{base.rstrip('/')}/assets/{quote(code, safe='')}?site={quote(site, safe='')}"
