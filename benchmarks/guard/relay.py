"""The least that a relay can do: `python -m benchmarks.guard.relay bytes|parse COMMAND [ARG…]`.

Copies each line as it came; `parse` decodes its JSON first.
"""

import json
import subprocess
import sys
from threading import Thread
from typing import IO


def copy(source: IO[bytes], target: IO[bytes], parse: bool) -> None:
    for line in source:
        if parse:
            json.loads(line)
        target.write(line)
        target.flush()
    target.close()


def main(parse: bool, command: list[str]) -> int:
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert server.stdin is not None
    assert server.stdout is not None
    Thread(target=copy, args=(sys.stdin.buffer, server.stdin, parse), daemon=True).start()
    copy(server.stdout, sys.stdout.buffer, parse)
    return server.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] == "parse", sys.argv[2:]))
