"""The small server over stdio, with the faults that a process can have. Writes what it is told to a log, too."""

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

from answers import answer, text

LOG = os.environ.get("LOG")
lock = threading.Lock()


def write(message):
    raw = message if type(message) is str else json.dumps(message)
    with lock:
        sys.stdout.write(raw + "\n")
        sys.stdout.flush()


def log(word):
    if LOG:
        with Path(LOG).open("a") as file:
            file.write(f"{word}\n")


def reply(number, name, result):
    good = {"jsonrpc": "2.0", "id": number, "result": result}
    if name == "hang":
        return
    if name == "late":
        threading.Timer(0.4, write, [good]).start()
        return
    if name == "crash":
        sys.stdout.write(json.dumps(good)[:20])
        sys.stdout.flush()
        os._exit(3)
    if name == "last_words":
        write(good)
        os._exit(0)
    if name == "oversize":
        good["result"] = text("x" * 3_000_000)
    if name == "endless":
        for _ in range(30):
            sys.stdout.write("x" * 100_000)
        sys.stdout.flush()
        return
    if name == "wrong_id":
        good["id"] = number + 1000
    if name == "id_as_text":
        good["id"] = str(number)
    if name == "garbage":
        write("\x00 starting up: done")
        write("[1, 2")
        write("{}")
    if name == "twice":
        write(good)
    if name == "chatty":
        write({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "x"}})
        write({"jsonrpc": "2.0", "id": number, "method": "ping"})
        write({"jsonrpc": "2.0", "id": "r1", "method": "roots/list"})
        sys.stderr.write("secret\x1b[2J words\n" + "y" * 100_000 + "\n")
    if name == "insistent":
        for _ in range(20_000):
            write({"jsonrpc": "2.0", "id": "x", "method": "ping"})
    if name == "warning":
        sys.stderr.write("gatehook: plugin 'guard' failed at tool_pre_invoke\n2026-01-01 ERROR it broke\n")
        sys.stderr.write("gatehook: serving at its standard input\nINFO 200 OK\n")
        sys.stderr.flush()
    if name == "slow":
        time.sleep(1)
    if name == "rpc_error":
        write({"jsonrpc": "2.0", "id": number, "error": {"code": -32000, "message": "secret words"}})
        return
    write(good)


def main():
    if "stubborn" in sys.argv:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "child" in sys.argv and os.fork() == 0:
        time.sleep(60)
        os._exit(0)
    if "dies" in sys.argv:
        log("started")
        sys.exit(f"first\nsecond\n\nthird, {os.environ.get('PASSWORD')}\nno luck today")
    log(f"started {os.getpid()} {sorted(os.environ)}")
    for line in sys.stdin:
        message = json.loads(line)
        if "method" not in message:
            log(f"answer {line.strip()}")
            continue
        method, params = message["method"], message.get("params", {})
        if "id" not in message:
            log(f"{method} {json.dumps(params)}")
            continue
        result = answer(method, params)
        name = params.get("arguments", {}).get("payload", {}).get("name")
        if name:
            log(f"call {name} {message['id']} {json.dumps(params.get('_meta'))}")
        reply(message["id"], name, result)
    while "stubborn" in sys.argv:
        time.sleep(1)


main()
