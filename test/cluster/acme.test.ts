/** Our ACME client and certificate manager against the real Pebble: strict, rejecting nonces. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "../../src/core/base/index.ts";
import { fileStore, startCertificateManager } from "../../src/providers/tls/index.ts";
import type { TxtRecords } from "../../src/providers/acme/index.ts";
import { acmeContract } from "../support/acme-contract.ts";
import { type ChallengeListeners, startChallengeListeners } from "../support/challenge-listeners.ts";
import { rememberingLogger } from "../support/remembering-logger.ts";
import { type ChallengeDns, leftOut, type Pebble, startPebble } from "./harness/index.ts";
import { maxWait } from "../support/until.ts";

const skip = leftOut();
const hmacKey = Buffer.alloc(32, 7).toString("base64url");

/** TXT records at Pebble's name service, which clears all values of a name at a time. */
function txtRecords(dns: ChallengeDns): TxtRecords {
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

/** A Pebble and the listeners that it validates; both end with `close`. */
async function pebbleWithListeners(): Promise<
  Pebble & { listeners: ChallengeListeners; close: () => Promise<void> }
> {
  const listeners = await startChallengeListeners();
  const { httpPort, tlsPort } = listeners;
  try {
    const pebble = await startPebble({ httpPort, tlsPort, nonceReject: 30, authorizationReuse: 50 });
    const close = async (): Promise<void> => {
      await Promise.all([pebble.stop(), listeners.close()]);
    };
    return { ...pebble, listeners, close };
  } catch (error) {
    await listeners.close();
    throw error;
  }
}

acmeContract("Pebble", {
  skip,
  async start() {
    const pebble = await pebbleWithListeners();
    return { ...pebble, shortProfile: "shortlived", clock: systemClock, dns: txtRecords(pebble.dns) };
  },
  async startExternal() {
    const pebble = await startPebble({ httpPort: 1, tlsPort: 1, externalAccounts: { "kid-1": hmacKey } });
    return { ...pebble, kid: "kid-1", hmacKey, close: pebble.stop };
  },
});

test(
  "the manager: accounts at two Pebbles, a certificate, a renewal, and the second when the first is gone",
  { skip },
  async () => {
    const closing = new AsyncDisposableStack();
    const logger = rememberingLogger();
    try {
      const first = await pebbleWithListeners();
      closing.defer(() => first.close());
      const { http01, tlsAlpn01, httpPort, tlsPort } = first.listeners;
      const second = await startPebble({ httpPort, tlsPort });
      closing.defer(() => second.stop());
      const folder = mkdtempSync(join(tmpdir(), "podtrust-acme-"));
      closing.defer(() => rmSync(folder, { recursive: true }));
      const manager = await startCertificateManager({
        names: ["oidc.example.com"],
        issuers: [first, second].map((one) => ({
          directory: one.directoryUrl,
          ca: one.tlsCa,
          email: "ops@example.com",
          profile: "shortlived",
        })),
        store: fileStore({ directory: folder, clock: systemClock }),
        solvers: [tlsAlpn01, http01],
        termsOfServiceAgreed: true,
        clock: systemClock,
        logger,
      });
      closing.defer(() => manager.close());
      await manager.ready(AbortSignal.timeout(maxWait));
      const accounts = await manager.accountsReady(AbortSignal.timeout(maxWait));
      assert.deepEqual(
        accounts.map((one) => one.directory),
        [first.directoryUrl, second.directoryUrl],
      );
      assert.deepEqual(accounts[0]?.caaIdentities, ["pebble.letsencrypt.org"]);
      const one = manager.current();
      await manager.renewNow();
      const two = manager.current();
      assert.notEqual(two?.key, one?.key);
      assert.equal(manager.status().from, first.directoryUrl, logger.lines.join("\n"));
      await first.stop();
      await manager.renewNow();
      assert.equal(manager.status().from, second.directoryUrl);
      assert.notEqual(manager.current()?.key, two?.key);
    } finally {
      await closing.disposeAsync();
    }
  },
);
