import assert from "node:assert/strict";
import { test } from "node:test";
import { PodtrustError } from "../../core/base/index.ts";
import { sightsOf } from "./sights.ts";

const issuer = "https://oidc.example.invalid";

test("keys that are given to relying parties are seen there, and one that cannot be read is an unknown place", async () => {
  const { signal } = new AbortController();
  const given = [
    { place: "Google project a", look: () => Promise.resolve(["new"]) },
    {
      place: "Google project b",
      look: () => Promise.reject(new PodtrustError("gcp-credentials-missing", "GOOGLE is not set")),
    },
  ];
  assert.deepEqual(await sightsOf(issuer, { route: {}, given, isFetched: false }, signal), {
    seen: [
      { where: "at Google project a", kids: ["new"] },
      { where: "at Google project b", kids: undefined },
    ],
    failures: ["Google project b: GOOGLE is not set"],
  });
});

test("ends with the signal while a place is looked at", async () => {
  const over = new AbortController();
  const look = (): Promise<never> => {
    over.abort(new Error("ended"));
    return Promise.reject(new Error("cut"));
  };
  const given = [{ place: "Google project a", look }];
  await assert.rejects(sightsOf(issuer, { route: {}, given, isFetched: false }, over.signal), /ended/u);
});
