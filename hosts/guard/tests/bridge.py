"""The server of the tests: its standard streams are a socket's, at whose other end the test speaks for it.

When the test closes the socket, the process ends with the exit code of its second argument.
"""

import os
import signal
import socket
import sys
import threading

STUBBORN = "stubborn"

sock = socket.socket(socket.AF_UNIX)
sock.connect(sys.argv[1])
if STUBBORN in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def to_test() -> None:
    while data := os.read(0, 65536):
        sock.sendall(data)
    sock.shutdown(socket.SHUT_WR)


threading.Thread(target=to_test, daemon=True).start()
while data := sock.recv(65536):
    while data:
        data = data[os.write(1, data) :]
os._exit(int(sys.argv[2]))
