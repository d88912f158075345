"""Bounds on what a service may answer, held while the answer is being read."""

from __future__ import annotations

from collections.abc import AsyncIterator

from gatehook_external.errors import ServiceError


async def capped(chunks: AsyncIterator[bytes], limit: int, declared: str | None = None) -> AsyncIterator[bytes]:
    """The same chunks, as long as there are no more than ``limit`` bytes in all.

    A client that unpacks compressed answers may make one small chunk a huge one before it gets here: ask for
    ``Accept-Encoding: identity``.

    Args:
        declared: the answer's ``Content-Length``, if it has one: nothing is read of what says that it is too large.

    Raises:
        ServiceError: the answer is over the limit.
    """
    if declared is not None and declared.isdecimal() and int(declared) > limit:
        raise _too_large(limit)
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        yield chunk


def _too_large(limit: int) -> ServiceError:
    return ServiceError(f"the answer is over {limit:,} bytes (max_response_size_mb)")
