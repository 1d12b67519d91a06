import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { systemClock } from "../../src/core/base/index.ts";
import { startStandInCloudflare } from "../../src/sandbox/index.ts";
import { openChallengeRecords } from "../../src/stack/index.ts";
import { serveByAcme } from "../support/acme-publisher.ts";
import { maxWait } from "../support/until.ts";

interface Txt {
  readonly name: string;
  readonly content: string;
  readonly comment: string | null;
}

describe("the challenge dns-01", () => {
  for (const mischief of ["off", { rate: 0.4, seed: 3 }] as const) {
    test(`gets the publisher a certificate without port 80, by a token of its own, and leaves no record behind; requests ${mischief === "off" ? "well answered" : "gone wrong by the dozen"}`, async (t) => {
      const zone = "example.test";
      const api = await startStandInCloudflare({ zones: [{ name: zone }], mischief });
      t.after(() => api.close());
      const texts = (): readonly Txt[] => api.records(zone) as readonly Txt[];
      const seen = new Set<string>();
      const valuesOf = (name: string): readonly string[] =>
        texts().flatMap((record) => {
          if (record.name !== name) return [];
          seen.add(record.comment ?? "");
          return [record.content.slice(1, -1)];
        });
      const env = { CLOUDFLARE_BASE_URL: api.url };
      const folder = await mkdtemp(join(tmpdir(), "podtrust-dns-01-"));
      t.after(() => rm(folder, { recursive: true }));
      const publisherTokenFile = join(folder, "own");
      await writeFile(publisherTokenFile, api.tokens.edit);
      let looks = 0;
      const { start, fetchKeys, logger } = await serveByAcme(t, "dns-01", {
        // What podtrust up works with is not here.
        dns: { cloudflare: { tokenFile: join(folder, "another"), publisherTokenFile } },
        resolveTxt: (name) => Promise.resolve(valuesOf(name)),
        openTxtRecords: ({ dns, ...stack }, waiting) =>
          openChallengeRecords({
            dns,
            ...stack,
            env,
            clock: { ...systemClock, sleep: () => new Promise((resolve) => setTimeout(resolve, 5)) },
            waiting,
            // The servers are late: the CA must not be told before they have it.
            ask: (_, name) =>
              Promise.resolve([{ server: "ns", values: (looks += 1) < 3 ? [] : valuesOf(name) }]),
          }),
      });
      const served = await start();
      await served.publisher.ready(AbortSignal.timeout(maxWait));
      assert.match(await fetchKeys(), /^[0-9A-Fa-f:]+$/u);
      assert.deepEqual(texts(), [], "the proof was taken back");
      const [mark = "", ...more] = seen;
      assert.match(mark, /^podtrust stack=prod format=1 id=[0-9a-f]{8}$/u);
      assert.deepEqual(more, []);
      const waits = logger.lines.filter(({ message }) =>
        message.includes("do not answer with the TXT record"),
      );
      assert.equal(waits.length, 2);
      assert.ok(waits.every(({ fields }) => typeof fields?.["until"] === "string"));
      await served.close(0);
    });
  }
});
