"""What plugins on other machines share, free of any client's types."""

from gatehook_external.auth import Auth
from gatehook_external.cache import digest, principal
from gatehook_external.errors import NotDelivered, ServiceError
from gatehook_external.files import File, within
from gatehook_external.limits import capped
from gatehook_external.service import Service
from gatehook_external.settings import CallSettings
from gatehook_external.tls import TLS
from gatehook_external.unencrypted import keep_secret, local

__all__ = [
    "TLS",
    "Auth",
    "CallSettings",
    "File",
    "NotDelivered",
    "Service",
    "ServiceError",
    "capped",
    "digest",
    "keep_secret",
    "local",
    "principal",
    "within",
]
