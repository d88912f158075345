"""plugin_service_pb2.py is what grpcio-tools makes of plugin_service.proto."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import gatehook_external_grpc
from gatehook_external_grpc import plugin_service_pb2

PACKAGE = Path(gatehook_external_grpc.__file__).parent
PROTO = PACKAGE / "plugin_service.proto"


def described(code):
    """The protocol's description, which the code holds as bytes; the rest differs between versions of the tools."""
    return ast.literal_eval(re.search(r"AddSerializedFile\((b'.*')\)", code)[1])


def test_the_committed_code_is_generated_from_the_committed_protocol(tmp_path):
    arguments = ["-I", PACKAGE.parent, f"--python_out={tmp_path}", PROTO]
    subprocess.run([sys.executable, "-m", "grpc_tools.protoc", *map(str, arguments)], check=True)
    generated = (tmp_path / PACKAGE.name / "plugin_service_pb2.py").read_text()
    assert described(generated) == plugin_service_pb2.DESCRIPTOR.serialized_pb


def test_the_generated_code_works_with_the_oldest_protobuf_that_is_claimed():
    assert "# Protobuf Python Version: 6.31.1\n" in (PACKAGE / "plugin_service_pb2.py").read_text()
