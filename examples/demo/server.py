"""An MCP server with customer records, which knows nothing of gatehook. It notes what it is asked, as lines of JSON."""

import json
import os
from pathlib import Path
from typing import Any

from mcp.server.mcpserver import MCPServer
from pydantic import BaseModel


class Customer(BaseModel):
    name: str
    email: str
    ssn: str
    card: str
    page: str


customers = [
    Customer(
        name="Ada Smith",
        email="ada.smith@example.com",
        ssn="536-22-8145",
        card="4111 1111 1111 1111",
        page="http://crm-01.corp.internal:8080/customers/1",
    ),
    Customer(
        name="Grace Jones",
        email="grace@example.org",
        ssn="457-55-5462",
        card="5555 5555 5555 4444",
        page="http://crm-02.corp.internal:8080/customers/2",
    ),
]
server = MCPServer("crm", version="1.0")


def note(**arguments: Any) -> None:
    """What this server was asked, for the demo to show."""
    if path := os.environ.get("DEMO_SEEN"):
        with Path(path).open("a") as seen:
            seen.write(json.dumps(arguments) + "\n")


@server.tool()
def find_customer(name: str) -> Customer:
    """Find a customer by name."""
    note(name=name)
    return next(customer for customer in customers if customer.name == name)


@server.tool()
def add_note(name: str, text: str) -> str:
    """Add a note to a customer's record."""
    note(name=name, text=text)
    return f"noted for {name}: {text}"


@server.tool()
def run_sql(query: str) -> str:
    """Run a query in the customers' database."""
    note(query=query)
    if query.upper().startswith("DROP TABLE"):
        lost = len(customers)
        customers.clear()
        return f"table dropped, {lost} customers lost"
    return "0 rows"


@server.tool()
def count_customers() -> int:
    """Count the customers."""
    note()
    return len(customers)


@server.resource("crm://export.csv", mime_type="text/csv")
def export() -> str:
    """All customers as CSV."""
    note(uri="crm://export.csv")
    return "\n".join(f"{customer.name},{customer.email},{customer.ssn}" for customer in customers)


if __name__ == "__main__":
    server.run("stdio")
