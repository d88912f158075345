"""Headers that tell a service who is calling."""

from base64 import b64decode

import pytest
from gatehook import ConfigError
from gatehook_external import Auth, within
from pydantic import TypeAdapter, ValidationError

AUTH = TypeAdapter(Auth)


def auth(folder, **keys):
    return AUTH.validate_python(keys, context={"folder": folder})


@pytest.mark.parametrize(
    ("keys", "headers"),
    [
        ({"type": "bearer", "token": "s3cret"}, {"Authorization": "Bearer s3cret"}),
        ({"type": "api_key", "key": "s3cret"}, {"X-API-Key": "s3cret"}),
        ({"type": "api_key", "key": "s3cret", "header": "api-key"}, {"api-key": "s3cret"}),
        ({"type": "headers", "headers": {"X-A": "1", "X-B": "two words"}}, {"X-A": "1", "X-B": "two words"}),
    ],
    ids=lambda value: value.get("type"),
)
def test_each_type_has_its_headers(tmp_path, keys, headers):
    assert auth(tmp_path, **keys).headers() == headers


def test_basic_is_sent_in_utf_8(tmp_path):
    scheme, _, pair = (
        auth(tmp_path, type="basic", username="zoë", password="pä:ss").headers()["Authorization"].partition(" ")
    )
    assert scheme == "Basic"
    assert b64decode(pair).decode() == "zoë:pä:ss"


@pytest.mark.parametrize(
    ("keys", "header"),
    [
        ({"type": "bearer", "token_file": "secret"}, "Authorization"),
        ({"type": "api_key", "key_file": "secret"}, "X-API-Key"),
        ({"type": "basic", "username": "u", "password_file": "secret"}, "Authorization"),
    ],
    ids=lambda value: value["type"] if isinstance(value, dict) else value,
)
def test_a_file_is_read_anew_for_each_connection_relative_to_the_config(tmp_path, keys, header):
    told = auth(tmp_path, **keys)
    (tmp_path / "secret").write_text("first\n")
    first = told.headers()[header]
    (tmp_path / "secret").write_text("second\n")
    assert told.headers()[header] != first
    assert "\n" not in first


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file or directory"),
        (b" \n", "is empty"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"two\nlines", "line break"),
        (b"x" * 2**21, "larger than"),
    ],
)
def test_a_file_that_is_no_secret_says_so_at_its_place_in_the_entry(tmp_path, content, message):
    told = auth(tmp_path, type="bearer", token_file="secret")
    if content is not None:
        (tmp_path / "secret").write_bytes(content)
    with pytest.raises(ConfigError) as failed, within("mcp", "auth"):
        told.headers()
    (problem,) = failed.value.problems
    assert problem.path == ("mcp", "auth", "token_file")
    assert message in problem.message
    assert "lines" not in problem.message


def test_a_folder_in_place_of_a_file_says_so(tmp_path):
    with pytest.raises(ConfigError, match="Is a directory"):
        auth(tmp_path, type="bearer", token_file=".").headers()


@pytest.mark.parametrize("token", ["two\r\nX-Admin: 1", "tab\x00", "naïve", "trailing "])
def test_a_secret_that_would_break_the_header_is_not_sent_and_not_told(tmp_path, token):
    with pytest.raises(ConfigError) as failed:
        auth(tmp_path, type="api_key", key=token).headers()
    assert token not in str(failed.value)


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"type": "magic"},
        {"type": "bearer"},
        {"type": "bearer", "token": ""},
        {"type": "bearer", "token": "s3cret", "token_file": "f"},
        {"type": "bearer", "token": "s3cret", "header": "X"},
        {"type": "api_key", "key": "s3cret", "header": "X Y"},
        {"type": "basic", "password": "s3cret"},
        {"type": "basic", "username": "a:b", "password": "s3cret"},
        {"type": "headers", "headers": {}},
        {"type": "headers", "headers": {"X\n": "s3cret"}},
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_refused_without_telling_the_secret(tmp_path, keys):
    with pytest.raises(ValidationError) as refused:
        auth(tmp_path, **keys)
    assert all("s3cret" not in error["msg"] for error in refused.value.errors())


def test_secrets_show_nowhere(tmp_path):
    told = auth(tmp_path, type="headers", headers={"X-A": "s3cret"})
    assert "s3cret" not in repr(told) + told.model_dump_json()


def test_the_schema_marks_every_secret():
    definitions = AUTH.json_schema()["$defs"]
    secrets = [("Bearer", "token"), ("APIKey", "key"), ("Basic", "password")]
    for name, key in secrets:
        text, _ = definitions[name]["properties"][key]["anyOf"]
        assert text["writeOnly"], name
    assert definitions["Headers"]["properties"]["headers"]["additionalProperties"]["writeOnly"]
