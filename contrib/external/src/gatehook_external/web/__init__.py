"""Requests over HTTP, for plugins whose services speak it: the extra ``http``."""

from httpx2 import URL

from gatehook_external.web.client import Answer, Refused, Web
from gatehook_external.web.url import check_no_credentials, check_url, same_origin

__all__ = ["URL", "Answer", "Refused", "Web", "check_no_credentials", "check_url", "same_origin"]
