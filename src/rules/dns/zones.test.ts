import assert from "node:assert/strict";
import { test } from "node:test";
import { type DnsZone, innermostZone } from "./index.ts";

const named = (name: string): DnsZone => ({ name }) as DnsZone;

test("of several zones that hold a name the innermost is taken, and none outside it is asked for", async () => {
  const asked: string[] = [];
  const zone = await innermostZone("oidc.prod.example.com", "the token sees no zone", (candidate) => {
    asked.push(candidate);
    return Promise.resolve(candidate.endsWith("prod.example.com") ? undefined : named(candidate));
  });
  assert.equal(zone.name, "example.com");
  assert.deepEqual(asked, ["oidc.prod.example.com", "prod.example.com", "example.com"]);
});

test("a name without a zone is an error that names each zone that would have done, and never one of a single label", async () => {
  const asked = ["oidc.example.com", "example.com"];
  await assert.rejects(
    innermostZone("oidc.example.com", "the token sees no zone", () => Promise.resolve(undefined)),
    {
      code: "dns-zone-missing",
      message: "the token sees no zone that holds oidc.example.com (asked for oidc.example.com, example.com)",
      detail: { name: "oidc.example.com", asked },
    },
  );
});
