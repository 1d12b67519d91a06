import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { once } from "node:events";
import { json } from "node:stream/consumers";
import { startAuthority } from "@podtrust/sandbox";

// It speaks ACME (RFC 8555); connectTo leads its validation to whoever answers for a name in this test.
await using authority = await startAuthority({
  connectTo: [{ host: "shop.example.test", port: 80, address: "127.0.0.1", toPort: 8080 }],
});
const asked = request(authority.directoryUrl, { ca: authority.tlsCa, agent: false });
asked.end();
const [answer] = (await once(asked, "response")) as [IncomingMessage];
const directory = (await json(answer)) as { newOrder: string };
assert.ok(directory.newOrder.startsWith("https://127.0.0.1:"));

// Certificates that it issues lead to authority.root; faults are told as the answers' reasons.
authority.misbehave({ what: "rate-limit", retryAfter: 60 });
assert.deepEqual(authority.issued(), []);
