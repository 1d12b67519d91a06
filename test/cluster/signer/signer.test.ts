/** The signer in front of a real API server: adoption, rotation, absence. What it refuses: test/signer/. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { isRecord, recordOf, recordsOf } from "../../../src/core/base/index.ts";
import { claimsOfToken, GrpcClient, signRequest } from "../../signer/grpc-client.ts";
import { isAtLength } from "../../support/runs.ts";
import { until } from "../../support/until.ts";
import {
  type ControlPlane,
  leftOut,
  type SigningKey,
  startControlPlane,
  testedVersions,
} from "../harness/index.ts";
import { apiServerMetrics } from "./api-server-metrics.ts";
import { prepareSigner, type SignerProcess } from "./signer-process.ts";

const year = 365 * 24 * 3600;

/** How many signatures are asked for in a row, where growth is looked for. */
const calls = isAtLength ? 24_000 : 6000;

const partOf = (token: string, index: number): Readonly<Record<string, unknown>> =>
  recordOf(JSON.parse(Buffer.from(token.split(".")[index] ?? "", "base64url").toString()));

const kidOf = (token: string): unknown => partOf(token, 0)["kid"];

for (const version of testedVersions)
  describe(`the signer and a real API server of ${version}`, { skip: leftOut(testedVersions) }, () => {
    let cluster: ControlPlane;
    let signer: SignerProcess;
    /** Tokens that have to be good throughout, by what they are. */
    const tokens = new Map<string, string>();
    let asked = 0;
    let first: SigningKey;

    const token = (audience = "https://kubernetes.example.com", seconds = 3600): Promise<string> =>
      cluster.requestToken("default", "demo", audience, seconds);

    let pod: { readonly name: string; readonly uid: unknown };

    /** A token for the API server itself, as a kubelet asks for it. */
    async function apiToken(): Promise<string> {
      const path = "/api/v1/namespaces/default/serviceaccounts/demo/token";
      const body = {
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenRequest",
        spec: { expirationSeconds: 3607, boundObjectRef: { apiVersion: "v1", kind: "Pod", ...pod } },
      };
      const { status, text } = await cluster.ask(path, { method: "POST", body });
      assert.equal(status, 201, text);
      return String(recordOf(recordOf(JSON.parse(text))["status"])["token"]);
    }

    async function isAccepted(bearer: string): Promise<boolean> {
      asked += 1;
      const body = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
      const path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
      const { status } = await cluster.ask(path, { method: "POST", body, token: bearer });
      return status === 201;
    }

    async function allAccepted(): Promise<void> {
      for (const [name, bearer] of tokens)
        assert.ok(await isAccepted(bearer), `the token ${name} is refused`);
    }

    async function jwks(): Promise<readonly Readonly<Record<string, unknown>>[]> {
      const { text } = await cluster.ask("/openid/v1/jwks");
      const read: unknown = JSON.parse(text);
      return isRecord(read) ? recordsOf(read["keys"]) : [];
    }

    const kids = async (): Promise<readonly unknown[]> => (await jwks()).map(({ kid }) => kid);

    before(async () => {
      cluster = await startControlPlane({ issuer: "https://oidc.example.com", version });
      signer = await prepareSigner();
      first = cluster.keys().signer;
      await cluster.kubectl(["create", "serviceaccount", "demo"]);
      const spec = { serviceAccountName: "demo", containers: [{ name: "demo", image: "none" }] };
      const manifest = { apiVersion: "v1", kind: "Pod", metadata: { name: "demo" }, spec };
      const made = await cluster.kubectl(["create", "-f", "-", "-o", "json"], JSON.stringify(manifest));
      pod = { name: "demo", uid: recordOf(recordOf(JSON.parse(made))["metadata"])["uid"] };
    });

    after(async () => {
      await signer[Symbol.asyncDispose]();
      await cluster.stop();
    });

    test("takes a cluster's key over: the same JWKS, and every token from before is good", async () => {
      const inTree = await jwks();
      tokens.set("of before", await apiToken());
      await signer.command("import", first.privateFile);
      await signer.start("--refresh", "1s");
      await cluster.servers[0]?.restart({ endpoint: signer.socket });
      assert.deepEqual(await jwks(), inTree);
      tokens.set("of the signer", await apiToken());
      const signed = tokens.get("of the signer") ?? "";
      assert.deepEqual(partOf(signed, 0), { alg: "RS256", kid: first.kid, typ: "JWT" });
      const { exp, iat, "kubernetes.io": bound } = partOf(signed, 1);
      // As in-tree: the kubelet's 3607 seconds become a year, and the token says when to warn.
      assert.equal(Number(exp) - Number(iat), year);
      assert.equal(Number(recordOf(bound)["warnafter"]) - Number(iat), 3607);
      await allAccepted();
      // What alerts and dashboard ask for.
      const { text } = await cluster.ask("/metrics");
      for (const { name, type, labels } of Object.values(apiServerMetrics)) {
        assert.ok(text.includes(`# TYPE ${name} ${type}`), name);
        const [, given = ""] = new RegExp(`^${name}(?:_bucket)?\\{([^}]*)\\}`, "mu").exec(text) ?? [];
        for (const label of Object.keys(labels)) assert.ok(given.includes(`${label}="`), `${name} ${label}`);
      }
      assert.match(
        text,
        /^apiserver_externaljwt_request_duration_seconds_count\{.*method="\/v1\.ExternalJWTSigner\/Sign"/mu,
      );
    });

    test("serves the next key within its hint, and signs the first token after promote with it", async () => {
      const { kid } = recordOf(await signer.command("create", "--type", "ES256"));
      await until("the JWKS has the next key", async () => (await kids()).includes(kid), {
        detail: signer.output,
      });
      assert.equal(kidOf(await token()), first.kid);
      await signer.command("promote", "--now");
      assert.equal(kidOf(await token()), kid);
      tokens.set("of the new key", await apiToken());
      await allAccepted();
    });

    test("leaves an excluded key out of the JWKS, and its tokens are good inside the cluster", async () => {
      await signer.command("exclude", first.kid);
      await until("the JWKS has the new key alone", async () => (await kids()).length === 1);
      await allAccepted();
      await signer.command("include", first.kid);
      await until("the JWKS has both keys", async () => (await kids()).length === 2);
    });

    test("while it is gone tokens are good and the API server says it is well; it mints again once it is back", async () => {
      await signer.kill("SIGKILL");
      await allAccepted();
      for (const path of ["/livez", "/readyz"]) assert.equal((await cluster.ask(path)).status, 200, path);
      let isMinted = false;
      const waiting = token().then(
        () => (isMinted = true),
        () => {},
      );
      await allAccepted();
      assert.equal(isMinted, false);
      await signer.start("--refresh", "1s");
      await waiting;
      await until("a token is minted again", async () => token().catch(() => undefined));
    });

    test("goes back to files with no token refused", async () => {
      const second = String((await kids()).find((kid) => kid !== first.kid));
      const now: SigningKey = {
        kid: second,
        privateFile: join(signer.state, `${second}.pem`),
        publicFile: join(signer.state, `${second}.pub`),
      };
      await cluster.useKeys({ signer: now, verifiers: [now, first] });
      tokens.set("of files again", await apiToken());
      assert.equal(kidOf(tokens.get("of files again") ?? ""), second);
      await allAccepted();
      // As k3s and RKE2 would have it: they cannot leave out the flags that they write themselves.
      const empty = ["--service-account-signing-key-file=", "--service-account-key-file="];
      const flags = ["--service-account-issuer=https://oidc.example.com"];
      const asRancher = [...flags, ...empty];
      await assert.rejects(async () => cluster.servers[0]?.restart({ endpoint: signer.socket }, asRancher), {
        message: /mutually exclusive/u,
      });
      await cluster.servers[0]?.restart({ endpoint: signer.socket }, flags);
      await allAccepted();
      assert.ok(asked >= 15);
    });

    test("a removed key's tokens are refused after one hint, and no other's", async () => {
      const old = [tokens.get("of before") ?? "", tokens.get("of the signer") ?? ""];
      await signer.command("remove", first.kid);
      for (const bearer of old) {
        tokens.forEach((one, name) => one === bearer && tokens.delete(name));
        await until("the removed key's token is refused", async () => !(await isAccepted(bearer)));
      }
      await allAccepted();
    });

    test("does not grow with the signatures that it makes", async () => {
      const client = new GrpcClient(signer.socket);
      const round = async (count: number): Promise<void> => {
        const ask = async (): Promise<void> => {
          for (let left = count / 50; left > 0; left -= 1)
            assert.equal((await client.call("Sign", signRequest(claimsOfToken()))).status, "0");
        };
        await Promise.all(Array.from({ length: 50 }, ask));
      };
      try {
        await round(calls / 2);
        const warm = await signer.megabytes();
        await round(calls / 2);
        const then = await signer.megabytes();
        console.log(`${calls} signatures: ${warm.toFixed(1)} MB halfway, ${then.toFixed(1)} MB at the end`);
        assert.ok(then < warm + 12, `${warm} MB, then ${then} MB`);
      } finally {
        client.close();
      }
    });
  });
