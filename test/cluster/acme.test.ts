/** Our ACME client and certificate manager against the real Pebble: strict, rejecting nonces. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "../../src/base/index.ts";
import { fileStore, startCertificateManager } from "../../src/tls/index.ts";
import type { DnsProvider } from "../../src/acme/index.ts";
import { acmeContract } from "../support/acme-contract.ts";
import { startChallengeListeners } from "../support/challenge-listeners.ts";
import { type ChallengeDns, leftOut, type Pebble, startPebble } from "./harness/index.ts";

const skip = leftOut();
const hmacKey = Buffer.alloc(32, 7).toString("base64url");

/** TXT records at Pebble's name service, which clears all values of a name at a time. */
function txtRecords(dns: ChallengeDns): DnsProvider {
  const records = new Map<string, Set<string>>();
  return {
    async setTxt(name, value) {
      records.set(name, (records.get(name) ?? new Set()).add(value));
      await dns.setTxt(name, value);
    },
    async clearTxt(name, value) {
      const left = records.get(name);
      if (left?.delete(value) !== true) return;
      await dns.clearTxt(name);
      for (const other of left) await dns.setTxt(name, other);
    },
  };
}

async function pebbleWith(
  options: { nonceReject?: number } = {},
): Promise<Pebble & { listeners: Awaited<ReturnType<typeof startChallengeListeners>> }> {
  const listeners = await startChallengeListeners();
  const { httpPort, tlsPort } = listeners;
  const pebble = await startPebble({
    httpPort,
    tlsPort,
    nonceReject: 50,
    authorizationReuse: 50,
    ...options,
  });
  return { ...pebble, listeners };
}

acmeContract("Pebble", {
  skip,
  async start() {
    const pebble = await pebbleWith();
    return {
      ...pebble,
      shortProfile: "shortlived",
      clock: systemClock,
      dns: txtRecords(pebble.dns),
      close: async () => {
        await Promise.all([pebble.stop(), pebble.listeners.close()]);
      },
    };
  },
  async startExternal() {
    const pebble = await startPebble({ httpPort: 1, tlsPort: 1, externalAccounts: { "kid-1": hmacKey } });
    return { ...pebble, kid: "kid-1", hmacKey, close: pebble.stop };
  },
});

test(
  "the manager: two Pebbles, accounts of both, a certificate, a renewal, and the second when the first is gone",
  { skip },
  async () => {
    const first = await pebbleWith();
    const second = await startPebble({
      httpPort: first.listeners.httpPort,
      tlsPort: first.listeners.tlsPort,
    });
    const folder = mkdtempSync(join(tmpdir(), "podtrust-acme-"));
    const manager = await startCertificateManager({
      names: ["oidc.example.com"],
      issuers: [first, second].map((one) => ({
        directory: one.directoryUrl,
        ca: one.tlsCa,
        email: "ops@example.com",
        profile: "shortlived",
      })),
      store: fileStore({ directory: folder, clock: systemClock }),
      solvers: [first.listeners.tlsAlpn01, first.listeners.http01],
      termsOfServiceAgreed: true,
      clock: systemClock,
    });
    try {
      await manager.ready(AbortSignal.timeout(60_000));
      assert.deepEqual(
        manager.accounts().map((one) => one.directory),
        [first.directoryUrl, second.directoryUrl],
      );
      assert.deepEqual(manager.accounts()[0]?.caaIdentities, ["pebble.letsencrypt.org"]);
      const one = manager.current();
      await manager.renewNow();
      const two = manager.current();
      assert.notEqual(two?.key, one?.key);
      assert.equal(manager.status().from, first.directoryUrl);
      await first.stop();
      await manager.renewNow();
      assert.equal(manager.status().from, second.directoryUrl);
      assert.notEqual(manager.current()?.key, two?.key);
    } finally {
      await manager.close();
      await Promise.all([first.stop(), second.stop(), first.listeners.close()]);
      rmSync(folder, { recursive: true });
    }
  },
);
