import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { podtrustHere } from "../support/cli.ts";

async function configFile(t: TestContext, publisher: object, issuer: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-cli-s3-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "podtrust.yaml");
  await writeFile(file, JSON.stringify({ stack: "prod", issuer, publisher }));
  return file;
}

const issuer = "https://example-oidc.s3.eu-central-1.amazonaws.com";
const s3 = { bucket: "example-oidc", region: "eu-central-1" };

interface Policy {
  readonly Statement: readonly { readonly Action: readonly string[]; readonly Resource: readonly string[] }[];
}

describe("publishing to S3", () => {
  test("both policies are printed as IAM takes them, for the keys of the config alone", async (t) => {
    const file = await configFile(t, { s3 }, issuer);
    for (const [command, actions] of [
      ["s3-policy", ["s3:GetObject"]],
      ["s3-publisher-policy", ["s3:GetObject", "s3:PutObject"]],
    ] as const) {
      const { code, out } = await podtrustHere(["manifests", command, "-f", file]);
      assert.equal(code, 0);
      const [first] = (JSON.parse(out) as Policy).Statement;
      assert.deepEqual(first?.Action, actions);
      assert.deepEqual(first.Resource, [
        "arn:aws:s3:::example-oidc/.well-known/openid-configuration",
        "arn:aws:s3:::example-oidc/openid/v1/jwks",
      ]);
    }
  });

  test("a config that serves by itself is refused as such, and nothing is called", async (t) => {
    const https = { certificateFile: "a", keyFile: "b" };
    const file = await configFile(t, { https }, "https://oidc.example.com");
    for (const args of [
      ["publish", "s3"],
      ["manifests", "s3-policy"],
    ]) {
      const { code, out, err } = await podtrustHere([...args, "-f", file, "--json"]);
      assert.notEqual(code, 0);
      assert.match(out + err, /config-without-s3/u);
    }
  });

  test("an issuer that leads to another bucket is a mistake of the config", async (t) => {
    const file = await configFile(t, { s3 }, "https://other.s3.eu-central-1.amazonaws.com");
    const { code, out, err } = await podtrustHere(["publish", "s3", "-f", file]);
    assert.notEqual(code, 0);
    assert.match(out + err, /leads to the bucket other, and s3\.bucket is example-oidc/u);
    assert.match(out + err, /Use https:\/\/example-oidc\.s3\.eu-central-1\.amazonaws\.com/u);
  });
});
