"""The plugins are what `gatehook.testing` holds every plugin to, at services that answer."""

import pytest
from gatehook.testing import conformance

GUARD = {"url": "", "request": {"texts": "{{ texts }}"}, "blocked": "$.any", "replacement": "$.entities"}
MODERATION = {"url": ""}
LLAMA = {"url": ""}
OPA = {"policies": [], "decision": "mcp/decision"}
POLICY = """
package mcp
import rego.v1
default decision := {"allow": true, "redactions": [{"path": "**.note"}]}
"""


@pytest.fixture(scope="module", autouse=True)
def _at_the_services(running_services, tmp_path_factory):
    """The tests of conformance() are made before the services run."""
    services = running_services
    GUARD["url"] = f"{services.url}/judge"
    MODERATION["url"] = f"{services.url}/v1/moderations"
    LLAMA["url"] = f"{services.url}/v1/chat/completions"
    file = tmp_path_factory.mktemp("policies") / "policy.rego"
    file.write_text(POLICY)
    OPA["policies"] = [str(file)]


SECRETS = ["zyxattackzyx"]

TestGuard = conformance("http_guard", config=GUARD, secrets=[*SECRETS, "zyxsecretzyx"])
TestModeration = conformance("openai_moderation", config=MODERATION, secrets=SECRETS)
TestLlamaGuard = conformance("llama_guard", config=LLAMA, secrets=SECRETS)
TestOPA = conformance("opa", config=OPA, changes=["*note*"], idempotent=True)
