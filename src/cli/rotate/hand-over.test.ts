import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PodtrustError } from "../../core/base/index.ts";
import { orSeen } from "./hand-over.ts";

const notHere = (): Promise<void> =>
  Promise.reject(new PodtrustError("publisher-not-running", "no publisher answers here"));
const refused = (): Promise<void> => Promise.reject(new PodtrustError("publisher-last-key", "the last one"));
const seen = (is: boolean) => () => Promise.resolve(is);

describe("what a person did where the publisher runs", () => {
  test("counts as done by what is published, so that the same command goes on", async () => {
    await orSeen(notHere, seen(true));
    await assert.rejects(orSeen(notHere, seen(false)), { code: "publisher-not-running" });
  });

  test("is not asked for where a publisher answers, whatever it says", async () => {
    await orSeen(() => Promise.resolve(), seen(false));
    await assert.rejects(orSeen(refused, seen(true)), { code: "publisher-last-key" });
  });
});
