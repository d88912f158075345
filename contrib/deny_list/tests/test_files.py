"""Where files of words are looked for."""

from gatehook import Runner, ToolPreInvokePayload


async def test_a_path_goes_out_from_the_folder_of_the_config(tmp_path, monkeypatch):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/words.txt").write_text("heron\n")
    (tmp_path / "words.txt").write_text("harmless\n")
    (tmp_path / "etc/gatehook.yaml").write_text("plugins: [{name: deny_list, config: {files: [words.txt]}}]\n")
    monkeypatch.chdir(tmp_path)
    async with Runner.from_config("etc/gatehook.yaml") as runner, runner.request() as request:
        assert (await request.run(ToolPreInvokePayload("t", {"q": "a heron"}))).blocked
        assert not (await request.run(ToolPreInvokePayload("t", {"q": "harmless"}))).blocked
