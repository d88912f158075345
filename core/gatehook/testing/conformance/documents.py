"""Whether what a distribution says of its plugin is true."""

from __future__ import annotations

import inspect
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic_core import to_jsonable_python

from gatehook.discovery import about, installed, read_text
from gatehook.errors import ConfigError, GatehookError, dotted
from gatehook.manifest import MANIFEST_FILE, parse_manifests
from gatehook.results import Verdict
from gatehook.runner import Runner
from gatehook.testing.conformance.subject import Checks, Subject, fail, run
from gatehook.values import MISSING, differences

_UNKNOWN = "no_such_key"
_ERRORS = ("PLUGIN_ERROR", "PLUGIN_TIMEOUT", "CONDITION_UNKNOWN")
"""Codes that the runner sets."""


class DocumentChecks(Checks):
    def test_it_starts_and_its_manifest_is_true_of_its_class(self) -> None:
        if isinstance(self.subject.started, GatehookError):
            fail("it does not start", [str(self.subject.started)])
        if _outdated(self.subject):
            fail(f"{MANIFEST_FILE} was changed since the distribution was installed: install it anew")

    def test_its_manifest_describes_it_as_its_distribution_does(self) -> None:
        manifest, distribution = self.subject.manifest, _distribution(self.subject)
        if sum(item.distribution == distribution for item in installed()) > 1:
            pytest.skip("its distribution has several plugins")
        summary, _ = about(distribution)
        if manifest.description != summary:
            fail(f"the manifest says {manifest.description!r}, the distribution's description is {summary!r}")

    def test_its_config_schema_is_that_of_its_settings(self) -> None:
        schema, model = self.subject.manifest.config_schema, self.subject.settings_model
        if schema is None:
            fail("the manifest has no config_schema, so a config is only checked once the plugin is imported")
        wrong = differences(_essence(schema), _essence(model.model_json_schema()))
        if places := [f"{dotted(path)}: {_shown(old)} there, {_shown(new)} here" for path, old, new in wrong]:
            hint = f"What it would be: {model.__name__}.model_json_schema()"
            fail(f"the manifest's config_schema is not that of {model.__name__}", places, hint)

    def test_it_refuses_a_config_key_that_it_does_not_know(self) -> None:
        if self.subject.entry.manifest is None and self.subject.cls.settings_model is None:
            pytest.skip("it has neither a manifest nor settings")
        try:
            run(_start(self.subject.runner({_UNKNOWN: 1})))
        except ConfigError as error:
            if _UNKNOWN in str(error):
                return
            raise
        hint = "Say `additionalProperties: false` in the manifest's config_schema, extra='forbid' in the settings."
        fail(f"the config key {_UNKNOWN!r} is accepted, so an operator's misspelt key would be ignored", hint=hint)

    def test_its_default_config_is_what_its_settings_default_to(self) -> None:
        model, said = self.subject.settings_model, self.subject.manifest.default_config
        defaults = {
            name: field.get_default(call_default_factory=True, validated_data={})
            for name, field in model.model_fields.items()
            if not field.is_required()
        }
        wrong = [
            f"{name}: {value!r} there, {_shown(defaults.get(name, MISSING))} in {model.__name__}"
            for name, value in said.items()
            if name not in defaults or any(differences(value, to_jsonable_python(defaults[name])))
        ]
        if wrong:
            fail("the manifest's default_config is not what the settings default to", wrong)

    def test_its_readme_describes_every_config_key(self) -> None:
        keys = (self.subject.manifest.config_schema or {}).get("properties", {})
        if not keys:
            pytest.skip("it has no config keys")
        source, text = _readme(self.subject)
        if missing := [f"`{key}`" for key in keys if f"`{key}`" not in text]:
            fail(f"{source} does not describe", missing)

    def test_its_manifest_declares_its_violation_codes(self) -> None:
        declared = self.subject.manifest.violation_codes
        used = {
            record.code: f"{record.code}, at {ran.sample.label}"
            for ran in self.subject.run([*self.subject.ordinary(), *self.subject.hostile()])
            for record in ran.outcome.records
            if record.code and record.code not in _ERRORS
        }
        if not used:
            pytest.skip("it objected to nothing: give `secrets` or `payloads` that it objects to")
        if hidden := [place for code, place in used.items() if code not in declared]:
            fail(f"the manifest's violation_codes are {declared}, but it uses", hidden)

    def test_it_only_reads_as_its_manifest_promises(self) -> None:
        if not self.subject.entry.reads:
            pytest.skip("it may write: its manifest or its entry says access: write")
        given = list(self.subject.ordinary())
        places = [
            ran.sample.label
            for ran in self.subject.run(given, verify_access=True)
            if any(record.verdict is Verdict.ERROR and record.error_type == "access" for record in ran.outcome.records)
        ]
        if places:
            fail("its manifest says access: read, but it changes its payload", places)


async def _start(runner: Runner) -> None:
    async with runner:
        pass


def _distribution(subject: Subject) -> str:
    available = subject.entry.available
    if available is None or available.distribution is None:
        pytest.skip("it is no plugin of an installed distribution")
    return available.distribution


def _checkout(subject: Subject) -> Path | None:
    """The folder of the distribution's source, if the class is run from there."""
    distribution = _distribution(subject)
    for folder in Path(inspect.getfile(subject.cls)).parents:
        file = folder / "pyproject.toml"
        if file.exists() and tomllib.loads(file.read_text("utf-8")).get("project", {}).get("name") == distribution:
            return folder
    return None


def _outdated(subject: Subject) -> bool:
    available = subject.entry.available
    if available is None or available.distribution is None or (folder := _checkout(subject)) is None:
        return False
    text = read_text(folder / MANIFEST_FILE)
    names = [item.name for item in installed() if item.distribution == available.distribution]
    return text is not None and parse_manifests(text, names, MANIFEST_FILE)[available.name] != available.manifest


def _readme(subject: Subject) -> tuple[str, str]:
    """Where the README is found, and what it says: in the checkout, else as installed."""
    folder = _checkout(subject)
    for path in sorted(folder.glob("README*")) if folder else ():
        return path.name, path.read_text("utf-8")
    distribution = _distribution(subject)
    _, text = about(distribution)
    if not text:
        pytest.skip("no README is to be found")
    return f"the README of {distribution}, as installed,", text


def _essence(schema: Any, named: bool = False) -> Any:
    """A schema without what pydantic adds for nobody (titles), and without the line breaks of descriptions.

    ``named``: its keys are names of properties, of which one may be "title".
    """
    if isinstance(schema, dict):
        return dict(_parts(schema, named))
    return [_essence(item) for item in schema] if isinstance(schema, list) else schema


def _parts(schema: dict[str, Any], named: bool) -> Iterator[tuple[str, Any]]:
    for key, value in schema.items():
        if not named and key == "title":
            continue
        if not named and key == "description":
            yield key, " ".join(value.split())
        else:
            yield key, _essence(value, named=not named and key in ("properties", "$defs"))


def _shown(value: Any) -> str:
    return "nothing" if value is MISSING else repr(value)
