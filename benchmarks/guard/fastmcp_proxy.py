"""fastmcp's proxy, as its documentation makes one: `python -m benchmarks.guard.fastmcp_proxy COMMAND [ARG…]`."""

import sys

from fastmcp.client.transports import StdioTransport
from fastmcp.server import create_proxy

if __name__ == "__main__":
    proxy = create_proxy(StdioTransport(sys.argv[1], sys.argv[2:]))
    proxy.run(transport="stdio", show_banner=False, log_level="WARNING")
