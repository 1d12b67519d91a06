/** Two API servers, each with a signer of its own: none signs with a key that the other does not serve. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { recordOf } from "../../../src/core/base/index.ts";
import { tokenIssuer } from "../../signer/grpc-client.ts";
import { podtrustHere } from "../../support/cli.ts";
import { until } from "../../support/until.ts";
import { type ControlPlane, leftOut, startControlPlane } from "../harness/index.ts";
import { prepareSigner, type SignerProcess } from "./signer-process.ts";

const kidOf = (token: string): unknown =>
  recordOf(JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()))["kid"];

describe("two API servers with signers", { skip: leftOut() }, () => {
  let cluster: ControlPlane;
  const signers: SignerProcess[] = [];
  let next: string;
  let asked = 0;
  let refused = 0;

  async function token(server: number): Promise<string> {
    const path = "/api/v1/namespaces/default/serviceaccounts/demo/token";
    const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} };
    const { status, text } = await cluster.ask(path, { method: "POST", body, server });
    assert.equal(status, 201, text);
    return String(recordOf(recordOf(JSON.parse(text))["status"])["token"]);
  }

  async function isAccepted(server: number, bearer: string): Promise<boolean> {
    const body = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
    const path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    const isGood = (await cluster.ask(path, { method: "POST", body, token: bearer, server })).status === 201;
    asked += 1;
    if (!isGood) refused += 1;
    return isGood;
  }

  /** A new token of each server, shown to both. */
  async function allAccepted(): Promise<void> {
    for (const bearer of [await token(0), await token(1)])
      for (const server of [0, 1]) assert.ok(await isAccepted(server, bearer), `server ${server} refused`);
  }

  before(async () => {
    cluster = await startControlPlane({ issuer: "https://oidc.example.com", servers: 2 });
    await cluster.kubectl(["create", "serviceaccount", "demo"]);
    const peers = cluster.servers.flatMap(({ url }) => ["--peer", url]);
    const printing = ["manifests", "signer", "--distribution", "other", "--issuer", tokenIssuer];
    const printed = await podtrustHere([...printing, ...peers]);
    const [rights = ""] = printed.out.split("# /etc/systemd");
    await cluster.kubectl(["apply", "-f", "-"], rights);
    const client = await cluster.issue({ commonName: "podtrust-signer" });
    const file = (name: string, text: string): string => {
      const path = join(cluster.folder, name);
      writeFileSync(path, text, { mode: 0o600 });
      return path;
    };
    const options = [
      ...peers,
      "--peer-ca",
      file("peers-ca.crt", cluster.ca),
      "--peer-certificate",
      file("signer.crt", client.certificate),
      "--peer-key",
      file("signer.key", client.key),
    ];
    for (const server of cluster.servers) {
      const signer = await prepareSigner();
      signers.push(signer);
      await signer.command("import", cluster.keys().signer.privateFile);
      await signer.start("--refresh", "1s", ...options);
      await server.restart({ endpoint: signer.socket });
    }
  });

  after(async () => {
    for (const signer of signers) await signer[Symbol.asyncDispose]();
    await cluster.stop();
  });

  const onBoth = async (...args: readonly string[]): Promise<void> => {
    for (const signer of signers) await signer.command(...args);
  };

  test("a certificate of the signer's user reads the keys, and nothing else", async () => {
    const client = await cluster.issue({ commonName: "podtrust-signer" });
    const status = async (path: string): Promise<number> => (await cluster.ask(path, { client })).status;
    assert.equal(await status("/openid/v1/jwks"), 200);
    assert.equal(await status("/api/v1/secrets"), 403);
    assert.equal(await status("/api/v1/namespaces"), 403);
  });

  test("a key that one server alone serves is not promoted, and the old one signs on with none refused", async () => {
    const old = cluster.keys().signer.kid;
    next = String(recordOf(await signers[0]?.command("create"))["kid"]);
    await until("the first server shows the key", async () =>
      (await cluster.ask("/openid/v1/jwks")).text.includes(next),
    );
    await assert.rejects(async () => signers[0]?.command("promote", "--now"), /does not have it/u);
    assert.equal(kidOf(await token(0)), old);
    await allAccepted();
  });

  test("a key that both serve signs on both at once, and no token is refused by the other meanwhile", async () => {
    const pem = join(signers[0]?.state ?? "", `${next}.pem`);
    assert.match(readFileSync(pem, "utf8"), /PRIVATE KEY/u);
    await signers[1]?.command("import", pem);
    await until("the second server shows the key", async () =>
      (await cluster.ask("/openid/v1/jwks", { server: 1 })).text.includes(next),
    );
    for (const signer of signers) {
      await signer.command("promote", "--now");
      await allAccepted();
    }
    assert.deepEqual([kidOf(await token(0)), kidOf(await token(1))], [next, next]);
    for (let round = 0; round < 10; round += 1) await allAccepted();
    console.log(`${asked} asked, ${refused} refused`);
    assert.equal(refused, 0);
  });

  test("a server that does not answer keeps the old key, until it is left out by its address", async () => {
    await onBoth("create");
    const [first] = signers;
    const gone = cluster.servers[1]?.url ?? "";
    await cluster.servers[1]?.stop();
    await assert.rejects(async () => first?.command("promote", "--now"), /could not be asked/u);
    await assert.rejects(
      async () => first?.command("promote", "--now", "--without", "https://10.9.9.9:6443"),
      /is none of/u,
    );
    await until("the first server shows its key", async () => {
      const keys = (await cluster.ask("/openid/v1/jwks")).text;
      return (JSON.parse(keys) as { keys: readonly unknown[] }).keys.length === 3;
    });
    await first?.command("promote", "--now", "--without", gone);
    assert.notEqual(kidOf(await token(0)), next);
  });
});
