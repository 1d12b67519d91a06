import assert from "node:assert/strict";
import { createServer as createTlsServer } from "node:tls";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, test } from "node:test";
import { PodtrustError } from "../base/index.ts";
import { request } from "./index.ts";
import { maxWait } from "../../../test/support/until.ts";

async function messageOf(ask: Promise<unknown>): Promise<string> {
  try {
    await ask;
  } catch (error) {
    assert.ok(error instanceof PodtrustError, String(error));
    return error.message;
  }
  return assert.fail("it was answered");
}

describe("a TLS handshake that the server ends", () => {
  test("is reported by the alert in words, without OpenSSL's own text", async () => {
    // Without a certificate a server has no cipher in common with any client: alert 40.
    const server = createTlsServer({});
    server.on("tlsClientError", () => {});
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    try {
      const message = await messageOf(
        request(`https://127.0.0.1:${port}/`, { timeoutMs: maxWait, maxBytes: 1000 }),
      );
      assert.match(message, /the server ended the handshake with TLS alert 40, handshake_failure/u);
      assert.doesNotMatch(message, /SSL routines|\.c:\d|\n/u);
    } finally {
      server.close();
    }
  });
});
