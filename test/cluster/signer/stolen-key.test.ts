/** The way of docs/how-to/runbooks/stolen-key.md for a key of podtrust's signer, on two API servers, with a thief who has it. */
import assert from "node:assert/strict";
import { createPrivateKey, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { defined, recordOf } from "../../../src/core/base/index.ts";
import { type ControlPlane, leftOut, startControlPlane } from "../harness/index.ts";
import { prepareSigner, type SignerProcess } from "./signer-process.ts";

const partOf = (token: string, index: number) =>
  recordOf(JSON.parse(Buffer.from(token.split(".")[index] ?? "", "base64url").toString()));
const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString("base64url");

describe("a stolen key of the signer, on two API servers", { skip: leftOut() }, () => {
  let cluster: ControlPlane;
  const stolen: SignerProcess[] = [];
  const fresh: SignerProcess[] = [];
  let thief: string;

  const request = (server: number, bearer?: string) =>
    cluster.ask("/api/v1/namespaces/default/serviceaccounts/demo/token", {
      method: "POST",
      body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} },
      server,
      ...defined({ token: bearer }),
    });
  async function tokenOf(server: number): Promise<string> {
    const { status, text } = await request(server);
    assert.equal(status, 201, text);
    return String(recordOf(recordOf(JSON.parse(text))["status"])["token"]);
  }
  async function statusOf(server: number, bearer: string): Promise<number> {
    const body = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
    const path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    return (await cluster.ask(path, { method: "POST", body, token: bearer, server })).status;
  }

  /** A token of the thief's own: the claims of another, with a later end, signed by what he took. */
  function forged(from: string): string {
    const claims = { ...partOf(from, 1), exp: Number(partOf(from, 1)["exp"]) + 600 };
    const { privateFile, kid } = cluster.keys().signer;
    const input = `${encoded({ ...partOf(from, 0), kid })}.${encoded(claims)}`;
    const key = createPrivateKey(readFileSync(privateFile, "utf8"));
    return `${input}.${sign("sha256", Buffer.from(input), { key, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
  }

  before(async () => {
    cluster = await startControlPlane({ issuer: "https://oidc.example.com", servers: 2 });
    await cluster.kubectl(["create", "serviceaccount", "demo"]);
    // What the thief may do is not the question: whatever demo may, he may.
    const binding = ["demo", "--clusterrole=cluster-admin", "--serviceaccount=default:demo"];
    await cluster.kubectl(["create", "clusterrolebinding", ...binding]);
    for (const server of cluster.servers) {
      const signer = await prepareSigner();
      stolen.push(signer);
      await signer.command("import", cluster.keys().signer.privateFile);
      await signer.start("--refresh", "1s");
      await server.restart({ endpoint: signer.socket });
    }
    thief = forged(await tokenOf(0));
  });
  after(async () => {
    for (const signer of [...stolen, ...fresh]) await signer[Symbol.asyncDispose]();
    await cluster?.stop();
  });

  test("is taken by both at first, and gets the thief new tokens", async () => {
    for (const server of [0, 1]) {
      assert.equal(await statusOf(server, thief), 201);
      assert.equal((await request(server, thief)).status, 201);
    }
  });

  test("signs nothing any more once every signer is stopped, though its tokens are still taken", async () => {
    for (const signer of stolen) await signer.kill("SIGTERM");
    for (const server of [0, 1]) {
      assert.equal(await statusOf(server, thief), 201, "API servers keep the keys that they fetched");
      assert.notEqual((await request(server, thief)).status, 201);
    }
  });

  test("is refused by each server that was started anew, and a fresh key signs there alone", async () => {
    const pem = async (): Promise<string> => {
      const [first] = fresh;
      const kid = String(recordOf(await first?.command("create"))["kid"]);
      return join(first?.state ?? "", `${kid}.pem`);
    };
    let file = "";
    for (const [index, server] of cluster.servers.entries()) {
      const signer = await prepareSigner();
      fresh.push(signer);
      if (index === 0) file = await pem();
      else await signer.command("import", file);
      await signer.start("--refresh", "1s");
      await server.restart({ endpoint: signer.socket });
      assert.equal(await statusOf(index, thief), 401);
      const token = await tokenOf(index);
      assert.notEqual(partOf(token, 0)["kid"], cluster.keys().signer.kid);
      assert.equal(await statusOf(index, token), 201);
      // The other still takes the thief's, and gives him nothing that the fresh key signed.
      if (index === 0) assert.notEqual((await request(1, thief)).status, 201);
    }
    assert.equal(await statusOf(1, await tokenOf(0)), 201);
    assert.equal(await statusOf(0, thief), 401);
  });
});
