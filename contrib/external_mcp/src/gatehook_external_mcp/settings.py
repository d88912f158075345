"""What an operator may set: the ``mcp`` section of an entry."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from gatehook import ConfigError, Problem, Seconds
from gatehook_external import TLS, Auth, keep_secret
from gatehook_external.files import File
from gatehook_external.web import URL, check_no_credentials, check_url, same_origin
from pydantic import Field, field_validator, model_validator

_OF_A_CHILD: Final = ("script", "command", "args", "env", "cwd")
_OF_HTTP: Final = ("url", "uds", *TLS.model_fields, "auth", "health_check_endpoint")
_UNSET: Final = "http://localhost/mcp"


class Connection(TLS):
    """Where the plugin server is, and how it and the plugin know each other.

    Validation raises :class:`ConfigError` for all that does not fit together, and pydantic's error for wrong values.
    """

    proto: Literal["STREAMABLEHTTP", "STDIO", "SSE"]
    """STREAMABLEHTTP: a server with an address. STDIO: a process started for this plugin. SSE: a server of old."""
    url: str | None = None
    """The server's MCP endpoint, such as `https://plugins.internal/mcp`."""
    uds: File | None = None
    """The Unix socket of a server on this machine, relative to the config's folder; `url` then names the path alone."""
    script: File | None = None
    """STDIO: a Python file, a shell file or an executable, relative to the config's folder."""
    command: Annotated[str, Field(min_length=1)] | None = None
    """STDIO, in place of `script`: a program."""
    args: list[str] = []  # noqa: RUF012  # a model copies its defaults
    """STDIO: what the script or command is started with."""
    env: dict[str, str] = {}  # noqa: RUF012  # as above
    """STDIO: further variables. Of this process's own, only PATH, HOME and their like are passed on."""
    cwd: File | None = None
    """STDIO: the folder to start in, relative to the config's folder; left out, the config's folder."""
    plugin: Annotated[str, Field(min_length=1)] | None = None
    """What the server calls the plugin; left out, the entry's name."""
    auth: Auth | None = None
    """What is sent with every request, so that the server knows who calls."""
    health_check_endpoint: Annotated[str, Field(pattern="^(/|https?://)")] | None = None
    """Over HTTP: a path, or a URL of the same origin, that answers with 2xx while all is well; left out, MCP's ping."""
    health_check_interval: Seconds | None = None
    """Seconds between two looks at the server's health; left out, `plugin_health_check_interval`."""

    @field_validator("url")
    @classmethod
    def _is_an_endpoint(cls, value: str | None) -> str | None:
        if value is not None:
            check_url(value)
            check_no_credentials(value)
        return value

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if problems := [*self._problems()]:
            raise ConfigError(problems)
        return self

    def _problems(self) -> Iterator[Problem]:
        if self.proto == "STDIO":
            if (self.script is None) == (self.command is None):
                yield Problem("STDIO needs `script` or `command`, and not both")
            idle = _OF_HTTP
        else:
            if self.url is None and self.uds is None:
                yield Problem(f"{self.proto} needs a `url`")
            if self.uds is not None and self.proto == "SSE":
                yield Problem("needs STREAMABLEHTTP", ("uds",))
            yield from self._http_problems()
            idle = _OF_A_CHILD
        yield from (Problem(f"has no effect with {self.proto}", (key,)) for key in idle if key in self.model_fields_set)

    def _http_problems(self) -> Iterator[Problem]:
        url = self.address
        if url.scheme == "http":
            tls = [key for key in TLS.model_fields if key in self.model_fields_set]
            yield from (Problem("has no effect without https", (key,)) for key in tls)
            try:
                keep_secret(self.auth, "localhost" if self.uds else url.host, "use https")
            except ValueError as error:
                yield Problem(str(error), ("auth",))
        if self.health_check_endpoint and not same_origin(url, self.health_url):
            yield Problem("must be of the same origin as `url`", ("health_check_endpoint",))

    @property
    def idle(self) -> set[str]:
        """The keys of calls that have no effect."""
        return {"allowed_response_codes", "connection_pool_size"} if self.proto == "STDIO" else set()

    @property
    def shown(self) -> str:
        """Where the server is, for people; without what its operator may keep secret."""
        if self.proto == "STDIO":
            return str(self.script or self.command)
        return f"unix:{self.uds}" if self.uds else str(self.address.copy_with(query=None, fragment=None))

    @property
    def address(self) -> URL:
        return URL(self.url or _UNSET)

    @property
    def health_url(self) -> URL:
        return self.address.join(self.health_check_endpoint or "")

    @property
    def argv(self) -> list[str]:
        """What to start, over STDIO."""
        if self.command is not None:
            return [self.command, *self.args]
        script = Path(self.script or "").absolute()
        runs = {".py": [sys.executable], ".sh": ["sh"]}.get(script.suffix, [])
        return [*runs, os.fspath(script), *self.args]
