"""A server that speaks no gRPC: ``python stranger.py "silent" | "http" | "hangs up"``. It prints its port."""

import socket
import sys

HTTP = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

with socket.create_server(("127.0.0.1", 0)) as server:
    print(server.getsockname()[1], flush=True)  # noqa: T201
    kept = []
    while True:
        connection, _ = server.accept()
        if sys.argv[1] == "silent":
            kept.append(connection)
            continue
        if sys.argv[1] == "http":
            connection.recv(24)
            connection.sendall(HTTP)
        connection.close()
