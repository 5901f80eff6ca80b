// @odata/client against the server: reads, filters, pages to the end, writes.
import assert from "node:assert/strict";
import { createRequire } from "node:module";

// The packages are installed below the build's folder, not beside this file.
const { OData } = createRequire(process.env.CLIENTS_MODULES)("@odata/client");
const client = OData.New4({
  serviceEndpoint: process.env.TESSERA_URL,
  commonHeaders: { Authorization: `Bearer ${process.env.TESSERA_TOKEN}` },
});
const tickets = client.getEntitySet("Tickets");

const ids = new Set();
for (let skip = 0; ; skip += 400) {
  const page = await tickets.query(client.newParam().orderby("Id").skip(skip).top(400));
  for (const ticket of page) ids.add(ticket.Id);
  if (page.length < 400) break;
}
assert.equal(ids.size, 2500);

const open = client.newFilter().property("Status").eq("Open");
assert.equal(await tickets.count(open), 834);
assert.equal((await tickets.query(open)).length, 834);
assert.equal((await tickets.retrieve(7)).Title, "Zürich 7 é");

const created = await tickets.create({ Title: "From @odata/client", Priority: "High" });
assert.equal(created.Status, "New");
await tickets.update(created.Id, { Title: "Changed" });
assert.equal((await tickets.retrieve(created.Id)).Title, "Changed");
const answered = await tickets.action("Tessera.Reply", created.Id, { Body: "Grüezi" });
assert.equal(answered.CommentCount, 1);
await tickets.delete(created.Id);
assert.equal(await tickets.count(), 2500);
