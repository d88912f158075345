"""Where requests over HTTP may go."""

from __future__ import annotations

from httpx2 import URL, InvalidURL


def check_url(url: str) -> URL:
    """
    Raises:
        ValueError: nothing can be sent there.
    """
    try:
        parsed = URL(url)
    except InvalidURL as error:
        raise ValueError(f"is no URL: {error}") from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ValueError("must be a URL that begins with http:// or https://")
    if parsed.fragment:
        raise ValueError("has a fragment (#…), which is never sent")
    return parsed


def check_no_credentials(url: str) -> None:
    """For a whole section: what is wrong with one field is told with its value.

    Raises:
        ValueError: credentials stand before the host.
    """
    if URL(url).userinfo:
        raise ValueError("`url` holds credentials, which would show wherever it does; write them under `auth`")


def same_origin(one: URL, other: URL) -> bool:
    return (one.scheme, one.host, one.port) == (other.scheme, other.host, other.port)
