"""Lists from the config and from files, and which of them are refused."""

import pytest
from gatehook import GatehookError, Runner
from gatehook.testing import tool_call
from gatehook_deny_list.files import MAX_BYTES


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
async def test_a_file_has_a_word_in_each_line(run, here, mark, end):
    lines = ["secret", "# open", "", "  top  plan ", "café"]
    (here / "words.txt").write_bytes(mark + end.join(lines).encode())
    for text, blocked in {"secret": True, "top plan": True, "CAFÉ": True, "open": False, "#": False}.items():
        assert (await run(tool_call(q=text), files=["words.txt"])).blocked is blocked


async def test_the_lists_that_blocked_are_named_with_the_highest_severity(run, here):
    (here / "words.txt").write_text("secret\n")
    lists = [
        {"name": "low", "severity": "low", "words": ["plan"]},
        {"name": "critical", "severity": "critical", "files": ["words.txt"], "words": ["heron"]},
        {"name": "high", "severity": "high", "words": ["other"]},
    ]
    details = (await run(tool_call(q="a secret plan", r="x plan"), lists=lists, words=["x"])).violation.details
    assert details == {
        "paths": ["args.q", "args.r"],
        "count": 2,
        "severity": "critical",
        "lists": ["words", "low", "critical"],
    }


async def test_a_word_of_two_lists_counts_for_both(run):
    lists = [{"name": name, "words": ["secret", name]} for name in ("a", "b")]
    assert (await run(tool_call(q="Secret"), lists=lists)).violation.details["lists"] == ["a", "b"]


async def test_a_word_at_the_end_of_another_counts_for_its_list_too(run):
    lists = [{"name": "a", "words": ["top secret"]}, {"name": "b", "words": ["secret"]}]
    assert (await run(tool_call(q="top secret"), lists=lists)).violation.details["lists"] == ["a", "b"]


async def test_a_reload_reads_the_files_again(here):
    file = here / "words.txt"
    file.write_text("secret\n")
    config = {"plugins": [{"name": "deny_list", "config": {"files": ["words.txt"]}}]}

    async def blocks(runner, text):
        async with runner.request() as request:
            return (await request.run(tool_call(q=text))).blocked

    async with Runner.from_config(config) as runner:
        assert [await blocks(runner, text) for text in ("secret", "plan")] == [True, False]
        file.write_text("plan\n")
        await runner.reload(config)
        assert [await blocks(runner, text) for text in ("secret", "plan")] == [False, True]
        file.unlink()
        with pytest.raises(GatehookError, match=r"words\.txt"):
            await runner.reload(config)
        assert await blocks(runner, "plan")


REFUSED = [
    ({}, "words"),
    ({"words": []}, "words"),
    ({"words": ["ok", " "]}, r"words\[1\].*visible character"),
    ({"words": ["ok", "\u200b"]}, "visible character"),
    ({"words": ["o\0k"]}, r"U\+0000"),
    ({"words": ["a" * 201]}, r"words\[0\].*at most 200 bytes in UTF-8, and not 201"),
    ({"words": ["x"], "exceptions": ["禁" * 67]}, r"exceptions\[0\].*at most 200 bytes"),
    ({"words": [1]}, "words"),
    ({"words": ["x"], "match": "regex"}, "match"),
    ({"words": ["x"], "case_insensitive": True}, "case_sensitive"),
    ({"lists": [{"name": "a"}]}, r"lists\[0\]"),
    ({"lists": [{"words": ["a"]}]}, "name"),
    ({"lists": [{"name": "a", "words": ["ok", ""]}]}, r"lists\[0\]\.words\[1\].*visible"),
    ({"lists": [{"name": "a", "words": ["a"]}] * 2}, r"lists\[1\] is called 'a', and so is a list before it"),
    ({"lists": [{"name": "words", "words": ["a"]}], "words": ["b"]}, "so is the list at the top"),
    ({"lists": [{"name": "a", "words": ["a"]}], "severity": "low"}, "`severity` has no effect"),
    ({"words": ["a"], "mask_text": "x"}, "`mask_text` has no effect with `action: block`"),
    ({"words": ["ok", "a Plan b"], "exceptions": ["plan"]}, r"words\[1\] of the list 'words' is never found"),
    ({"files": ["missing.txt"]}, r"files\[0\].*cannot read missing\.txt: No such file"),
    ({"files": ["."]}, "cannot read .: Is a directory"),
    ({"files": ["latin-1.txt"]}, r"latin-1\.txt, line 2: not UTF-8"),
    ({"files": ["invisible.txt"]}, r"invisible\.txt, line 3: a word must have at least one visible character"),
    ({"files": ["comments.txt"]}, r"comments\.txt holds no word"),
    ({"files": ["large.txt"]}, r"large\.txt is larger than 16 MiB"),
    ({"files": ["fine.txt"], "exceptions": ["plan"]}, r"fine\.txt, line 2, of the list 'words' is never found"),
]


@pytest.mark.parametrize(("config", "said"), REFUSED)
async def test_a_config_that_cannot_be_honoured_is_refused_with_its_reason(configured, here, config, said):
    (here / "latin-1.txt").write_bytes("ok\ncafé\n".encode("latin-1"))
    (here / "invisible.txt").write_text("ok\n\n\u200b\n")
    (here / "comments.txt").write_text("# secret\n\n")
    (here / "fine.txt").write_text("ok\nplan\n")
    with (here / "large.txt").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(GatehookError, match=said):
        async with configured(**config):
            pass


@pytest.mark.timeout(20)
async def test_a_hundred_thousand_words_of_a_file_are_searched(run, here):
    (here / "words.txt").write_text("\n".join(f"w{number}" for number in range(100_000)))
    assert (await run(tool_call(q="a w99999 b"), files=["words.txt"])).blocked
    assert not (await run(tool_call(q="a w100000 b"), files=["words.txt"])).blocked
