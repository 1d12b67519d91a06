/** A CA that rejects good nonces: now and then it costs an exchange, always it ends in one clear error. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { createAccountKey, obtainCertificate, openAcme } from "../../src/providers/acme/index.ts";
import { startAuthority } from "../../src/sandbox/ca/index.ts";
import { startChallengeListeners } from "../support/challenge-listeners.ts";
import { SwiftClock } from "../support/swift-clock.ts";

test("a CA that rejects every second nonce still gives a certificate", async () => {
  const listeners = await startChallengeListeners();
  const ca = await startAuthority({ rejectNonceEvery: 2, connectTo: listeners.connectTo });
  try {
    const client = openAcme({ directory: ca.directoryUrl, ca: ca.tlsCa, clock: new SwiftClock() });
    const account = await client.newAccount({ key: createAccountKey(), termsOfServiceAgreed: true });
    const issued = await obtainCertificate(account, {
      names: ["a.example.com", "b.example.com"],
      solvers: [listeners.http01],
    });
    assert.equal(issued.certificate, ca.issued()[0]?.replaceAll(/\n+/gu, "\n"));
  } finally {
    await Promise.all([ca.close(), listeners.close()]);
  }
});

test("a CA that rejects every nonce is one error after a bounded number of tries, each with another nonce", async () => {
  const nonces: string[] = [];
  let given = 0;
  const server = createServer((incoming, outgoing) => {
    const base = `http://${incoming.headers.host}`;
    given += 1;
    outgoing.setHeader("replay-nonce", `nonce${given}`);
    if (incoming.method !== "POST") {
      const [newNonce, newAccount] = [`${base}/nonce`, `${base}/account`];
      outgoing.end(JSON.stringify({ newNonce, newAccount, newOrder: newAccount, revokeCert: newAccount }));
      return;
    }
    let body = "";
    incoming.on("data", (part: Buffer) => (body += part.toString()));
    incoming.on("end", () => {
      const { protected: header } = JSON.parse(body) as { protected: string };
      nonces.push((JSON.parse(Buffer.from(header, "base64url").toString()) as { nonce: string }).nonce);
      outgoing.writeHead(400, { "content-type": "application/problem+json" });
      outgoing.end(JSON.stringify({ type: "urn:ietf:params:acme:error:badNonce", detail: "not this one" }));
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const directory = `http://127.0.0.1:${(server.address() as AddressInfo).port}/directory`;
    const client = openAcme({ directory, clock: new SwiftClock() });
    await assert.rejects(client.newAccount({ key: createAccountKey(), termsOfServiceAgreed: true }), {
      code: "acme-unavailable",
      message: /not this one/u,
    });
    assert.equal(nonces.length, 21);
    assert.equal(new Set(nonces).size, 21);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
