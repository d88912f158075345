"""How a call to a service can fail.

Reasons are for operators: they hold no content, no secrets, no URLs with credentials and no text of the other side.

::

    ServiceError          the service was asked, or may have been, and gave no usable answer
    └── NotDelivered      the call was surely not carried out, so it may be made again
"""

from __future__ import annotations


class ServiceError(Exception):
    """A call that came to nothing.

    Args:
        reason: for records and logs, such as ``"it answered with status 503"``.
        error_type: ``backend``; ``exception`` for what the remote plugin itself raised, ``timeout`` for its time,
            ``payload`` for what cannot be sent.
    """

    def __init__(self, reason: str, error_type: str = "backend") -> None:
        self.reason, self.error_type = reason, error_type
        super().__init__(reason)


class NotDelivered(ServiceError):
    """The call was surely not carried out: there was no connection, or the other side said that it did not take it."""
