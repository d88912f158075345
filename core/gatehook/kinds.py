"""What a ``kind`` means, and the class that it names. Only :func:`load` imports anything."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from gatehook.discovery import Available, read_text, spec_without_import
from gatehook.errors import GatehookError, ManifestError, nearest
from gatehook.manifest import MANIFEST_FILE, parse_manifests


class NotFoundError(GatehookError):
    """No installed distribution, and no local module, provides a kind."""


def find(kind: str, available: Iterable[Available], pin: str | None = None) -> Available:
    """What ``kind`` means: an entry point, else an alias, else the dotted path of a local class.

    Raises:
        NotFoundError: nothing provides it.
        ManifestError: several distributions claim it and ``pin``, the name of one of them, does not decide.
    """
    available = list(available)
    claims = [item for item in available if item.name == kind]
    claims = claims or [item for item in available if item.manifest and kind in item.manifest.aliases]
    if pin is not None:
        pinned = [item for item in claims if _normal(item.distribution or "") == _normal(pin)]
        if claims and not pinned:
            raise NotFoundError(f"{kind!r} is provided by {claims[0].origin}, not by the distribution {pin!r}")
        claims = pinned[:1]  # of two copies the first on the path is the one that an import finds
    if len(claims) > 1:
        both = " and ".join(item.origin for item in claims)
        raise ManifestError(f"{kind!r} is claimed by {both}; uninstall one, or pin one with `distribution:`")
    if claims:
        return claims[0]
    if "." in kind or ":" in kind:
        return _local(kind)
    hint = nearest(kind, [item.name for item in available])
    distribution = KNOWN_KINDS.get(kind)
    install = f"; it comes with the distribution {distribution}, which is not installed" if distribution else ""
    raise NotFoundError(f"no installed distribution provides {kind!r}{install or hint}")


KNOWN_KINDS: Final = {
    "audit_log": "gatehook-audit-log",
    "deny_list": "gatehook-deny-list",
    "external": "gatehook-external-mcp",
    "external_grpc": "gatehook-external-grpc",
    "http_guard": "gatehook-external-http",
    "llama_guard": "gatehook-external-http",
    "opa": "gatehook-external-http",
    "openai_moderation": "gatehook-external-http",
    "pii_filter": "gatehook-pii-filter",
    "search_replace": "gatehook-search-replace",
}
"""Kinds of our own distributions, to name what is missing."""


def _normal(distribution: str) -> str:
    return distribution.replace("_", "-").replace(".", "-").lower()


def _local(kind: str) -> Available:
    module, _, attribute = kind.partition(":") if ":" in kind else kind.rpartition(".")
    if not all(map(str.isidentifier, [*module.split("."), *attribute.split(".")])):
        raise NotFoundError(f"no installed distribution provides {kind!r}, and it is not a path such as pkg.mod.Class")
    spec = spec_without_import(module)
    if spec is None and module not in sys.modules:
        raise NotFoundError(
            f"no installed distribution provides {kind!r}, and there is no module {module!r}: "
            "for gatehook's commands it must stand beside the config, or be installed"
        )
    origin = spec.origin if spec else getattr(sys.modules[module], "__file__", None)
    item = Available(kind, f"{module}:{attribute}")
    try:
        text = read_text(Path(origin).parent / MANIFEST_FILE) if origin else None
        if text is None:
            return item
        return replace(item, manifest=parse_manifests(text, [kind], f"{MANIFEST_FILE} beside {module}")[kind])
    except ManifestError as error:
        return replace(item, problem=str(error))


def load(available: Available, base: type[Any]) -> type[Any]:
    """Import the class.

    Raises:
        GatehookError: it cannot be imported, or is not a concrete subclass of ``base``. The message says which.
    """
    module_name, _, attribute = available.target.partition(":")
    try:
        value = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if f"{module_name}.".startswith(f"{error.name}."):
            raise GatehookError(f"there is no module {error.name!r} (wanted for {available.target})") from None
        raise GatehookError(
            f"importing {module_name} needs the module {error.name!r}, which is not installed"
        ) from error
    except (Exception, SystemExit) as error:
        raise GatehookError(f"importing {module_name} raised {type(error).__name__}: {error}") from error
    for name in attribute.split("."):
        if not hasattr(value, name):
            near = nearest(name, [key for key in vars(value) if not key.startswith("_")])
            raise GatehookError(f"{module_name} has no {name!r}{near}")
        value = getattr(value, name)
    return _plugin_class(value, available.target, base)


def _plugin_class(value: Any, target: str, base: type[Any]) -> type[Any]:
    if isinstance(value, base):
        raise GatehookError(f"{target} is an instance; name its class {type(value).__name__}")
    if inspect.ismodule(value):
        raise GatehookError(f"{target} is a module; name the class in it")
    if not isinstance(value, type):
        raise GatehookError(f"{target} is a {type(value).__name__}; a plugin is a subclass of gatehook.Plugin")
    if not issubclass(value, base):
        raise GatehookError(f"{target} is not a subclass of gatehook.Plugin")
    if inspect.isabstract(value):
        missing = ", ".join(sorted(vars(value)["__abstractmethods__"]))
        raise GatehookError(f"{target} is abstract: {missing} is not implemented")
    return value
