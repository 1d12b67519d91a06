import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig } from "../../config/index.ts";
import { openingText } from "./closing.ts";

const cluster = `cluster: {server: "https://127.0.0.1:1", caFile: ca.pem, tokenFile: token}`;
const publisher = "publisher: {https: {acme: {}}}";
const machine = "machine: {ssh: {address: 192.0.2.1, user: root}}";

/** What of publishers in pods is said before roles are opened again. */
async function said(pods: readonly string[] | undefined, ...sections: readonly string[]): Promise<string> {
  const text = ["stack: prod", "issuer: https://oidc.example.com", ...sections, ""].join("\n");
  return openingText({ config: await parseConfig(text, "podtrust.yaml", {}) }, pods).join("\n");
}

test("before an opening a publisher's pods from before the key's end are named, or that nobody looked at them", async () => {
  assert.match(await said(["ns/p is old"], cluster, publisher), /^Open: ns\/p is old\.$/mu);
  assert.match(
    await said([], cluster, publisher),
    /^No pod of a publisher is from before the key had ended\.$/mu,
  );
  assert.match(
    await said(undefined, cluster, publisher),
    /has to be made anew before this: kubectl rollout restart/u,
  );
});

test("before an opening nothing is said of pods where the publisher is on a machine, or the config has none", async () => {
  for (const pods of [undefined, ["ns/p is old"]]) {
    assert.doesNotMatch(await said(pods, publisher, machine), /ns\/p|in pods/u);
    assert.equal(await said(pods, cluster), "");
  }
});
