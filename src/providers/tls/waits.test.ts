/** Waits at a CA, when the time of day jumps while they last. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { TestClock } from "../../../test/support/clock.ts";
import { fakeCas } from "../../../test/support/fake-authority.ts";
import { MemoryLog } from "../../../test/support/publisher.ts";
import { memoryStore } from "../../../test/support/memory-store.ts";
import { stepUntil } from "../../../test/support/steps.ts";
import { PodtrustError } from "../../core/base/index.ts";
import { AcmeProblem } from "../acme/index.ts";
import { startCertificateManager } from "./certificate-manager.ts";
import type { CertificateManagerOptions } from "./index.ts";
import { InfoWatch } from "./info-watch.ts";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const directory = "https://ca.example/directory";

async function start(options: Partial<CertificateManagerOptions>, failures: Error[]) {
  const clock = new TestClock();
  const cas = await fakeCas(clock);
  cas.failures.set(directory, failures);
  const wanted = { names: ["oidc.example.com"], issuers: [{ directory }], store: memoryStore(), solvers: [] };
  const all = { ...wanted, termsOfServiceAgreed: true, clock, random: () => 0.5, ...options };
  const manager = await startCertificateManager(all, cas.open);
  return { clock, manager, orders: () => cas.asked.filter((line) => line.startsWith("obtain")).length };
}

const refused = (): PodtrustError => new PodtrustError("acme-challenge-failed", "not yours");
const limited = (): AcmeProblem =>
  new AcmeProblem(
    { type: "urn:ietf:params:acme:error:rateLimited", detail: "too many" },
    { url: directory, status: 429, retryAfterMs: 2 * hour },
  );

interface Wait {
  readonly what: string;
  readonly ms: number;
  readonly options: Partial<CertificateManagerOptions>;
  readonly failures: () => Error[];
  /** How many orders there are before the wait. */
  readonly orders: number;
}

// Longer than the manager sleeps at a stretch: after each it looks at the clock again.
const waits: readonly Wait[] = [
  {
    what: "the wait after nine failures",
    ms: 20 * minute,
    options: {},
    failures: () => Array.from({ length: 9 }, refused),
    orders: 9,
  },
  { what: "a CA's Retry-After", ms: 2 * hour, options: {}, failures: () => [limited()], orders: 1 },
  {
    what: "the wait before the first order",
    ms: 2 * hour,
    options: { firstOrderAfter: 2 * hour },
    failures: () => [],
    orders: 0,
  },
];

for (const [words, jump] of [
  ["five seconds back", -5 * second],
  ["an hour back", -hour],
  ["an hour forth", hour],
] as const) {
  describe(`while the time of day jumps ${words}`, () => {
    for (const { what, ms, options, failures, orders: before } of waits) {
      test(`${what} is as long as ever`, async () => {
        const { clock, manager, orders } = await start(options, failures());
        try {
          await stepUntil(clock, () => clock.sleeping > 0 && manager.status().attempts === before, {
            step: minute / 2,
            pause: 1,
          });
          const begin = clock.elapsed();
          clock.jump(jump);
          await stepUntil(clock, () => orders() > before, { step: ms / 20, limit: 3 * ms, pause: 1 });
          const waited = clock.elapsed() - begin;
          assert.ok(waited >= ms - minute && waited <= ms + ms / 10, `${waited} ms in place of ${ms}`);
        } finally {
          await manager.close();
        }
      });
    }

    test("a question about renewal that got no answer is asked again after a minute", async () => {
      const clock = new TestClock();
      const cas = await fakeCas(clock);
      cas.info.set(directory, new PodtrustError("http-unreachable", "no connection"));
      const authority = cas.open({ directory }, directory, {} as Parameters<typeof cas.open>[2]);
      const watch = new InfoWatch({ clock, logger: new MemoryLog(), random: () => 0.5 });
      const dates = { notBefore: clock.now(), notAfter: clock.now() + 90 * 24 * hour };
      const renewal = { start: 0, end: 0, selected: 0, checkAt: clock.now() };
      const held = { certificate: "", key: "", from: directory, renewal, ...dates };
      const ask = () => watch.ask(held, authority, new AbortController().signal);
      await ask();
      clock.jump(jump);
      await clock.advance(minute - 1);
      await ask();
      assert.equal(cas.asked.length, 1);
      await clock.advance(1);
      await ask();
      assert.equal(cas.asked.length, 2);
    });
  });
}
