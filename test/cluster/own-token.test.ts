/** The token of a publisher on a machine, of a real API server: made, taken by it, and made anew when its key is gone. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { systemClock } from "../../src/core/base/index.ts";
import { parseJws } from "../../src/rules/oidc/index.ts";
import { podtrustHere } from "../support/cli.ts";
import { type ControlPlane, leftOut, startControlPlane } from "./harness/index.ts";

const issuer = "https://oidc.example.com";

describe("a publisher's own token, of a real API server", { skip: leftOut() }, () => {
  let cluster: ControlPlane;
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "podtrust-own-token-"));
    cluster = await startControlPlane({ issuer, jwksUri: `${issuer}/openid/v1/jwks` });
    const source = { server: cluster.server, tokenFile: "token", caFile: "ca.crt" };
    const config = { stack: "prod", issuer, publisher: { source, https: { acme: {} } } };
    await writeFile(join(folder, "publisher.yaml"), JSON.stringify(config));
  });
  after(async () => {
    await cluster.stop();
    await rm(folder, { recursive: true });
  });

  async function renew(): Promise<unknown> {
    const files = ["-f", join(folder, "publisher.yaml"), "--kubeconfig", cluster.adminKubeconfig];
    const { code, out } = await podtrustHere(["renew-token", ...files, "--json"], { clock: systemClock });
    assert.equal(code, 0, out);
    return (JSON.parse(out) as { outcome: unknown }).outcome;
  }

  test("the token is for that API alone, carries the stack's mark, and is replaced once its signing key is gone", async () => {
    assert.equal(await renew(), "absent");
    assert.equal(await renew(), "kept");
    const { claims } = parseJws((await readFile(join(folder, "token"), "utf8")).trim());
    assert.deepEqual(claims["aud"], [issuer]);
    const account = await cluster.kubectl([
      "-n",
      "podtrust",
      "get",
      "sa",
      "podtrust-publisher",
      "-o",
      "json",
    ]);
    const { metadata } = JSON.parse(account) as { metadata: { labels: Record<string, string> } };
    assert.equal(metadata.labels["podtrust/stack"], "prod");

    const key = cluster.createKey();
    await cluster.useKeys({ signer: key, verifiers: [key] });
    assert.equal(await renew(), "refused");
    assert.equal(await renew(), "kept");
  });
});
