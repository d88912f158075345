"""A server of the official SDK that knows nothing of gatehook, with one of everything, in both eras of the protocol."""

from mcp.server.mcpserver import Context, MCPServer
from pydantic import BaseModel

server = MCPServer("customers", version="1")


class Customer(BaseModel):
    name: str
    email: str
    visits: int


@server.tool()
def customer(name: str) -> Customer:
    return Customer(name=name, email=f"{name.lower()}@example.com", visits=3)


@server.tool()
def echo(text: str) -> str:
    return text


@server.tool()
async def steps(ctx: Context) -> str:
    for step in range(3):
        await ctx.report_progress(step + 1, 3, f"step {step + 1}")
    return "done"


@server.prompt()
def letter(name: str) -> str:
    return f"Write to {name} at {name.lower()}@example.com"


@server.resource("crm://notes", mime_type="text/plain")
def notes() -> str:
    return "Ann is ann@example.com"


if __name__ == "__main__":
    server.run("stdio")
