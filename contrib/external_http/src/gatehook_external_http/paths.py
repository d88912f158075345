"""JSONPath (RFC 9535) into a service's answers. What a path does not find, nobody knows: that is an error."""

from __future__ import annotations

from typing import Annotated, Any

import jsonpath_rfc9535
from gatehook_external import ServiceError
from pydantic import AfterValidator


def _check_path(path: str) -> str:
    try:
        jsonpath_rfc9535.compile(path)
    except jsonpath_rfc9535.JSONPathError as error:
        raise ValueError(f"{path!r} is no JSONPath by RFC 9535: {error}") from None
    return path


PathText = Annotated[str, AfterValidator(_check_path)]


class JSONPath:
    """``several`` tells whether it may find more than one value, as ``$.results[*].flagged`` does."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._query = jsonpath_rfc9535.compile(path)
        self.several = not self._query.singular_query()

    def find(self, answer: Any) -> list[Any]:
        """
        Raises:
            ServiceError: it finds nothing, or cannot be followed.
        """
        try:
            found = [node.value for node in self._query.find(answer)]
        except jsonpath_rfc9535.JSONPathError as error:
            raise ServiceError(f"{self.path} cannot be followed in the answer") from error
        if not found:
            raise ServiceError(f"the answer has nothing at {self.path}")
        return found
