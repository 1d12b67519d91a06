/** Backups of a publisher that `manifests publisher` deploys: what of the config its pods are given. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { recordOf, recordsOf } from "../../src/core/base/index.ts";
import { publisherOf } from "../../src/config/index.ts";
import { podtrustHere } from "../support/cli.ts";
import { parse } from "../support/config-text.ts";

const recipients = ["age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"];

async function manifests(t: TestContext, backup: object) {
  const folder = mkdtempSync(join(tmpdir(), "podtrust-backup-in-pods-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "podtrust.yaml");
  const publisher = { https: { acme: { email: "ops@example.com" } }, backup: { recipients, ...backup } };
  writeFileSync(file, JSON.stringify({ stack: "prod", issuer: "https://oidc.example.com", publisher }));
  return podtrustHere(["manifests", "publisher", "--image", "podtrust:1", "--file", file, "--json"]);
}

describe("a publisher in pods with publisher.backup", () => {
  test("has the bucket, the recipients and the time of the config, and what it backs up in its Secret", async (t) => {
    const s3 = {
      bucket: "example-backups",
      region: "eu-central-1",
      prefix: "prod/",
      account: "111122223333",
    };
    const { code, out, err } = await manifests(t, { every: "12h", s3 });
    assert.equal(code, 0, err);
    const map = recordsOf(recordOf(JSON.parse(out))["items"]).find(({ kind }) => kind === "ConfigMap");
    const own = publisherOf(await parse(String(recordOf(map?.["data"])["podtrust.yaml"])));
    assert.deepEqual(own.backup, { recipients, every: 43_200_000, place: { s3 } });
    assert.deepEqual(own.store, { namespace: "podtrust", name: "podtrust-publisher" });
  });

  test("is refused an access key in a file by name: its credentials come from a Secret", async (t) => {
    const s3 = { bucket: "example-backups", region: "eu-central-1", credentialsFile: "key" };
    const { code, out } = await manifests(t, { s3 });
    assert.equal(code, 2);
    assert.match(out, /credentialsFile is not for pods.*AWS_ACCESS_KEY_ID/su);
  });

  test("is refused a folder by name: it would be lost with the pod", async (t) => {
    const { code, out } = await manifests(t, { folder: "/var/backups" });
    assert.equal(code, 2);
    assert.match(out, /publisher\.backup\.folder is lost with the pod.*publisher\.backup\.s3/su);
  });
});
