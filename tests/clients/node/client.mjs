// node-postgres asks billql as it asks a PostgreSQL.
import assert from "node:assert/strict";
import pg from "pg";
import Cursor from "pg-cursor";

const client = new pg.Client({ host: "127.0.0.1", port: Number(process.argv[2]), user: "billql", database: "billql" });
await client.connect();

const one = await client.query("SELECT id, amount, created, paid, details, note FROM charges WHERE id = 1");
assert.equal(one.rows[0].amount, "12.5");
assert.equal(one.rows[0].created.toISOString(), "2026-01-05T10:00:00.000Z");
assert.equal(one.rows[0].paid, true);
assert.deepEqual(one.rows[0].details, { plan: "pro", tags: ["a", "b"], n: 1 });

const some = await client.query("SELECT id FROM charges WHERE amount > $1 AND customer = ANY($2) ORDER BY id", [7, ["Ada", "Bob"]]);
assert.deepEqual(some.rows.map((row) => row.id), ["1", "2"]);

const named = { name: "by-id", text: "SELECT note FROM charges WHERE id = $1" };
for (const id of [1, 3, 1]) await client.query({ ...named, values: [id] });

const several = await client.query("SELECT 1 AS a; SELECT 2 AS b");
assert.deepEqual(several.map((result) => result.rows[0]), [{ a: 1 }, { b: 2 }]);

await client.query("BEGIN");
const cursor = client.query(new Cursor("SELECT id FROM charges ORDER BY id"));
assert.equal((await cursor.read(3)).length, 3);
assert.equal((await cursor.read(100)).length, 5);
await cursor.close();
await client.query("COMMIT");

const columns = await client.query("SELECT column_name FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2 ORDER BY ordinal_position", ["digitalocean_billing", "invoices"]);
assert.equal(columns.rows[0].column_name, "invoice_uuid");

await assert.rejects(client.query("SELECT amuont FROM charges"), (error) => error.code === "42703" && error.hint.includes("amount"));
await client.end();
