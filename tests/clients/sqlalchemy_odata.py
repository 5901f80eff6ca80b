"""sqlalchemy-odata against the server: tables, SQL over all pages, a join. It cannot write."""

import os
import warnings

from sqlalchemy import create_engine, inspect, text

# The client's own use of SQLAlchemy is of an older style.
warnings.simplefilter("ignore")
address = os.environ["TESSERA_URL"].removeprefix("http://").removesuffix("/")
engine = create_engine(f"odata://token:{os.environ['TESSERA_TOKEN']}@{address}")
assert {"Tickets", "Comments", "Customers"} <= set(inspect(engine).get_table_names())

with engine.connect() as connection:

    def rows(sql):
        return [tuple(row) for row in connection.execute(text(sql))]

    assert rows('SELECT count(*), count(DISTINCT Id) FROM "Tickets"') == [(2500, 2500)]
    assert rows("""SELECT Title FROM "Tickets" WHERE ExternalReference = 'R7'""") == [("Zürich 7 é",)]
    joined = """SELECT c.Name, count(*) FROM "Tickets" t JOIN "Customers" c ON t.RequesterId = c.Id
                GROUP BY c.Name ORDER BY c.Name LIMIT 2"""
    assert rows(joined) == [("c0", 25), ("c1", 25)]
