import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FakeCertificates, FakeCluster, MemoryLog } from "../../test/support/publisher.ts";
import { TestClock } from "../../test/support/clock.ts";
import { Generation, type GenerationPart } from "./generation.ts";
import { Pool } from "./pool.ts";
import type { PublisherOptions } from "./contract.ts";

const issuer = "https://oidc.example.test";
const options: PublisherOptions = {
  issuers: [
    { stack: "test", issuer, cluster: new FakeCluster(issuer), certificates: new FakeCertificates() },
  ],
  listen: { https: [{ host: "127.0.0.1", port: 0 }] },
  stateDir: "/nonexistent",
  clock: new TestClock(),
  logger: new MemoryLog(),
};

function part(name: string, done: string[], fault?: string): GenerationPart {
  return {
    prepare: () => {
      done.push(`prepare ${name}`);
      if (fault !== undefined) throw new Error(fault);
    },
    commit: () => void done.push(`commit ${name}`),
    cancel: () => void done.push(`cancel ${name}`),
  };
}

describe("a generation", () => {
  test("is prepared whole before any part of it is committed", async () => {
    const done: string[] = [];
    const generation = new Generation([part("a", done), part("b", done)]);
    await generation.prepare(() => options, 0);
    await generation.commit();
    assert.deepEqual(done, ["prepare a", "prepare b", "commit a", "commit b"]);
  });

  test("cancels every part, the failed one too, when one cannot be prepared, and rejects with its fault", async () => {
    const done: string[] = [];
    const generation = new Generation([part("a", done), part("b", done, "no"), part("c", done)]);
    await assert.rejects(
      generation.prepare(() => options, 0),
      /^Error: no$/u,
    );
    assert.deepEqual(done, ["prepare a", "prepare b", "cancel c", "cancel b", "cancel a"]);
  });

  test("cancels what was opened for options that turn out bad", async () => {
    const done: string[] = [];
    const generation = new Generation([part("a", done)]);
    await assert.rejects(
      generation.prepare(
        () => ({
          ...options,
          issuers: [{ ...options.issuers[0]!, jwksUri: "http://a.test" }],
        }),
        0,
      ),
      { code: "publisher-issuer-invalid" },
    );
    assert.deepEqual(done, ["cancel a"]);
  });
});

describe("a pool", () => {
  const opening = (text: string, opened: string[]) => (): string => {
    opened.push(text);
    return text;
  };

  test("opens once for a key, hands on what is asked for again, and gives what is not", async () => {
    const opened: string[] = [];
    const pool = new Pool<string>(() => {});
    for (const key of ["a", "b", "a"]) await pool.take(key, opening(key, opened));
    assert.deepEqual(pool.commit(), { fresh: ["a", "b"], gone: [] });
    for (const key of ["c", "a"]) await pool.take(key, opening(key, opened));
    assert.deepEqual(pool.held, ["a", "b"]);
    assert.deepEqual(pool.commit(), { fresh: ["c"], gone: ["b"] });
    assert.deepEqual(pool.held, ["c", "a"]);
    assert.deepEqual(opened, ["a", "b", "c"]);
  });

  test("closes at a cancel what was opened for it and nothing that is in use", async () => {
    const closed: string[] = [];
    const pool = new Pool<string>((thing) => void closed.push(thing));
    await pool.take("a", () => "a");
    pool.commit();
    await pool.take("a", () => "another");
    await pool.take("b", () => "b");
    await pool.cancel();
    assert.deepEqual(closed, ["b"]);
    assert.deepEqual(pool.held, ["a"]);
    await pool.close();
    assert.deepEqual(closed, ["b", "a"]);
  });
});
