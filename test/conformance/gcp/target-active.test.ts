import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { accepts, refusalOf, refuses } from "../gcp-fixture.ts";
import { providerName } from "../gcp-fixture.ts";

describe("Google's rule target-active", () => {
  const text =
    'The target service indicated by the "audience" parameters is invalid. This might either be because the pool or provider is disabled or deleted or because it doesn\'t exist.';
  const expected = { rule: "target-active", code: "invalid_target", text };
  for (const [name, change] of [
    ["a provider that does not exist", { isMissing: true }],
    ["a pool that is deleted", { pool: { state: "DELETED" } }],
    ["a pool that is disabled", { pool: { disabled: true } }],
    ["a provider that is deleted", { provider: { state: "DELETED" } }],
    ["a provider that is disabled", { provider: { disabled: true } }],
  ] as const)
    test(`refuses ${name}`, () => refuses(change, expected));

  test("names the project's id where its number is wanted", async () => {
    const audience = `//iam.googleapis.com/${providerName.replace("123456789012", "my-project")}`;
    const { why, next } = await refusalOf({ request: { audience }, isMissing: true }, expected);
    assert.match(why, /my-project is a project's id, and its number is wanted/u);
    assert.match(next, /gcloud projects describe my-project/u);
  });

  test("accepts what is in use", () => accepts());
});
