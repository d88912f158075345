"""What an operator may set for every kind: where the service is, how to reach it, and what it is asked about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Self

from gatehook import Seconds
from gatehook.text import check_field, check_fields, compile_fields
from gatehook_external import TLS, Auth, CallSettings, keep_secret, web
from pydantic import AfterValidator, Field, model_validator


def _check_url(url: str) -> str:
    web.check_url(url)
    return url


URL = Annotated[str, Field(pattern="^https?://"), AfterValidator(_check_url)]
FieldGlob = Annotated[str, AfterValidator(check_field)]


class ServiceSettings(CallSettings, TLS):
    """The service and the way to it."""

    url: URL | None = None
    auth: Auth | None = None
    """What tells the service who is asking: of type bearer, api_key, basic or headers."""
    health_check_endpoint: Annotated[str, Field(min_length=1)] | None = None
    """A path at the service, or a URL there, that answers with 2xx while it is well. While it does not, calls fail."""
    health_check_interval: Seconds = 30.0
    """Seconds between two looks at `health_check_endpoint`."""

    @model_validator(mode="after")
    def _url_is_no_secret(self) -> Self:
        web.check_no_credentials(self.url or "")
        return self

    @model_validator(mode="after")
    def _tls_is_spoken(self) -> Self:
        for key in TLS.model_fields if self.url and not self.speaks_tls else ():
            if key in self.model_fields_set:
                raise ValueError(f"`{key}` has no effect with an http: URL; write https:")
        return self

    @model_validator(mode="after")
    def _secrets_stay_secret(self) -> Self:
        if self.url and not self.speaks_tls:
            keep_secret(self.auth, web.URL(self.url).host, "write https:")
        return self

    @model_validator(mode="after")
    def _health_is_of_the_same_origin(self) -> Self:
        if self.health_check_endpoint is None:
            if "health_check_interval" in self.model_fields_set:
                raise ValueError("`health_check_interval` has no effect without `health_check_endpoint`")
        elif not web.same_origin(self.health_url, web.URL(self.url or "")):
            raise ValueError(
                "`health_check_endpoint` must be at the service of `url`, or credentials would go elsewhere"
            )
        return self

    @property
    def speaks_tls(self) -> bool:
        return (self.url or "").startswith("https:")

    @property
    def health_url(self) -> web.URL:
        return web.URL(self.url or "").join(self.health_check_endpoint or "")


class TextSettings(ServiceSettings):
    """Which texts the service is asked about."""

    fields: tuple[FieldGlob, ...] = ()
    """Only about texts in these: paths such as `args.query` and `result.content[*].text`, where `*` stands for any key
    or index and `**` for any number of them. Everything if empty."""
    except_fields: tuple[FieldGlob, ...] = ()
    """Not about texts in these."""

    @model_validator(mode="after")
    def _some_field_remains(self) -> Self:
        check_fields(self.fields, self.except_fields)
        return self

    @property
    def applies(self) -> Callable[[tuple[str | int, ...]], bool] | None:
        """Tells whether a path is one of these fields; ``None`` if all are."""
        return compile_fields(self.fields, self.except_fields) if self.fields or self.except_fields else None
