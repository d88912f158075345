"""Stands between the guard and a server, and writes down the very bytes that pass: recorder.py FOLDER COMMAND…"""

import os
import subprocess
import sys
import threading
from pathlib import Path


def pump(source: int, target: int, log: Path) -> None:
    with log.open("wb", buffering=0) as file:
        while data := os.read(source, 65536):
            file.write(data)
            try:
                os.write(target, data)
            except BrokenPipeError:
                break
    os.close(target)


folder = Path(sys.argv[1])
server = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
assert server.stdin is not None
assert server.stdout is not None
args = (0, os.dup(server.stdin.fileno()), folder / "to_server")
server.stdin.close()
threading.Thread(target=pump, args=args, daemon=True).start()
pump(server.stdout.fileno(), os.dup(1), folder / "to_client")
os.close(1)
sys.exit(server.wait())
