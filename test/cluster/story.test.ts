/**
 * The main job on real input: a real API server's keys, published by `podtrust serve` with a certificate from a
 * real ACME server, let a real token into a role; everybody else is refused; and the API server's key is rotated
 * without a valid token being refused on the way.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type HttpResponse, request } from "../../src/core/http/index.ts";
import { type Sandbox, startSandbox } from "../../src/sandbox/index.ts";
import { signedByForeignKey } from "../../src/demo/foreign-token.ts";
import {
  type ControlPlane,
  freePorts,
  leftOut,
  type Pebble,
  startControlPlane,
  startPebble,
} from "./harness/index.ts";
import { type AwsAccount, LiveTokens, trustingAccount } from "./story/aws-account.ts";
import { podtrust, serve, type Serving } from "./story/podtrust.ts";
import { until } from "../support/until.ts";

const skip = leftOut();
const name = `${randomUUID()}.cluster.example`;
const issuer = `https://${name}`;
const audience = "sts.amazonaws.com";
const cacheSeconds = 2;

let folder: string;
let plane: ControlPlane;
let pebble: Pebble;
let serving: Serving;
let sandbox: Sandbox;
let account: AwsAccount;
let httpsPort: number;
let adminPort: number;
let config: string;

const tokenFile = (): string => join(folder, "publisher-token");
const connectTo = () => [{ host: name, port: 443, address: "127.0.0.1", toPort: httpsPort }];
const fetched = (path: string): Promise<HttpResponse> =>
  request(`${issuer}${path}`, { ca: pebble.root, connectTo: connectTo() });

async function publishedKids(): Promise<string[]> {
  const { keys } = JSON.parse((await fetched("/openid/v1/jwks")).body.toString()) as {
    keys: { kid: string }[];
  };
  return keys.map((key) => key.kid).sort();
}

const untilHere = (what: string, holds: () => Promise<boolean>): Promise<boolean> =>
  until(what, holds, { everyMs: 100, detail: () => serving.log() });

/** What a counter of the publisher has reached. */
async function counted(sample: string): Promise<number> {
  const { text } = await serving.admin("/metrics");
  const line = text.split("\n").find((one) => one.startsWith(sample));
  return Number(line?.slice(line.lastIndexOf(" ")) ?? 0);
}

/** Waits until a counter has grown by so much. */
async function untilCounted(what: string, sample: string, more: number): Promise<void> {
  const wanted = (await counted(sample)) + more;
  await untilHere(what, async () => (await counted(sample)) >= wanted);
}

/** Waits until AWS has fetched the keys anew: what it kept has run out. Nobody else may fetch them meanwhile. */
const untilFetchedAgain = (): Promise<void> =>
  untilCounted(
    "another fetch of the keys",
    'podtrust_http_requests_total{stack="story",path="jwks",status="200"}',
    1,
  );

/** The publisher's own ServiceAccount, made by the manifests that podtrust prints. */
async function makePublisherAccount(): Promise<void> {
  const manifests = await podtrust(
    "manifests",
    "publisher-rbac",
    "--namespace",
    "podtrust",
    "--name",
    "publisher",
  );
  assert.equal(manifests.code, 0, manifests.err);
  await plane.kubectl(["create", "namespace", "podtrust"]).catch(() => "exists");
  await plane.kubectl(["apply", "-f", "-"], manifests.out);
}

/** Puts a fresh token of it into the file that the publisher reads, as a kubelet does at 80 % of a token's life. */
async function renewPublisherToken(): Promise<void> {
  writeFileSync(tokenFile(), await plane.requestToken("podtrust", "publisher", issuer, 3600), {
    mode: 0o600,
  });
}

describe("the story on a real API server and a real ACME server", { skip }, () => {
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "podtrust-story-"));
    const ports = await freePorts(3);
    const [httpPort = 0] = ports;
    [, httpsPort = 0, adminPort = 0] = ports;
    [plane, pebble] = await Promise.all([
      startControlPlane({ issuer, jwksUri: `${issuer}/openid/v1/jwks` }),
      startPebble({ httpPort, tlsPort: httpsPort }),
    ]);
    await plane.kubectl(["create", "serviceaccount", "demo-service-account"]);
    await plane.kubectl(["create", "serviceaccount", "another-service-account"]);
    writeFileSync(join(folder, "acme-roots.pem"), pebble.tlsCa);
    writeFileSync(join(folder, "cluster-ca.pem"), plane.ca);
    await makePublisherAccount();
    await renewPublisherToken();
    config = join(folder, "podtrust.yaml");
    writeFileSync(
      config,
      JSON.stringify({
        stack: "story",
        issuer,
        publisher: {
          source: { server: plane.server, tokenFile: tokenFile(), caFile: join(folder, "cluster-ca.pem") },
          pollInterval: "1s",
          cacheControl: `public, max-age=${cacheSeconds}`,
          admin: `127.0.0.1:${adminPort}`,
          stateDir: join(folder, "state"),
          https: {
            listen: [`127.0.0.1:${httpsPort}`],
            http: [`127.0.0.1:${httpPort}`],
            acme: {
              email: "ops@example.com",
              directory: pebble.directoryUrl,
              caFile: join(folder, "acme-roots.pem"),
            },
          },
        },
      }),
    );
    serving = await serve(config, adminPort);
    sandbox = await startSandbox({ connectTo: connectTo(), ca: pebble.root, propagationMs: 0 });
    account = await trustingAccount(sandbox, issuer, "default/demo-service-account");
  });

  after(async () => {
    account?.session.close();
    await sandbox?.close();
    await serving?.stop();
    await Promise.all([plane?.stop(), pebble?.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });

  test("what is published is what the API server renders, under a certificate that Pebble issued", async () => {
    const [discovery, jwks] = await Promise.all([
      fetched("/.well-known/openid-configuration"),
      fetched("/openid/v1/jwks"),
    ]);
    const own = await plane.ask("/openid/v1/jwks");
    assert.deepEqual(JSON.parse(jwks.body.toString()), JSON.parse(own.text));
    assert.equal((JSON.parse(discovery.body.toString()) as { issuer: string }).issuer, issuer);
    assert.match(discovery.tls?.chain[0]?.issuer ?? "", /Pebble/u);
    assert.equal(discovery.headers["cache-control"], `public, max-age=${cacheSeconds}`);
  });

  test("the publisher's own rights are the two paths and nothing else", async () => {
    const token = await plane.requestToken("podtrust", "publisher", issuer, 3600);
    for (const [path, status] of [
      ["/.well-known/openid-configuration", 200],
      ["/openid/v1/jwks", 200],
      ["/api/v1/namespaces/default/secrets", 403],
      ["/api/v1/namespaces/podtrust/serviceaccounts", 403],
      ["/metrics", 403],
    ] as const) {
      assert.equal((await plane.ask(path, { token })).status, status, path);
    }
  });

  test("serve refuses the administrator's kubeconfig", async () => {
    const admin = join(folder, "admin.yaml");
    const [http, https, other] = await freePorts(3);
    writeFileSync(
      admin,
      JSON.stringify({
        stack: "admin",
        issuer,
        publisher: {
          source: { kubeconfig: plane.adminKubeconfig },
          admin: `127.0.0.1:${other}`,
          stateDir: join(folder, "admin-state"),
          https: {
            listen: [`127.0.0.1:${https}`],
            http: [`127.0.0.1:${http}`],
            acme: { directory: pebble.directoryUrl, caFile: join(folder, "acme-roots.pem") },
          },
        },
      }),
    );
    const root = process.getuid?.() === 0 ? ["--insecure-run-as-root"] : [];
    const { code, out } = await podtrust("serve", "-f", admin, ...root, "--json");
    assert.equal(code, 1, out);
    assert.match(out, /publisher-admin-credentials/u);
  });

  test("a token of the real TokenRequest is let in", async () => {
    const answer = await account.ask(
      await plane.requestToken("default", "demo-service-account", audience, 600),
    );
    assert.deepEqual(answer, { arn: `arn:aws:sts::${sandbox.account}:assumed-role/story/story` });
  });

  test("everybody else is refused, each for the right reason", async () => {
    const good = await plane.requestToken("default", "demo-service-account", audience, 600);
    const tokens: [string, string, RegExp][] = [
      [
        await plane.requestToken("default", "another-service-account", audience, 600),
        "AccessDenied",
        /^Not authorized to perform sts:AssumeRoleWithWebIdentity$/u,
      ],
      [
        await plane.requestToken("default", "demo-service-account", "vault.example", 600),
        "InvalidIdentityToken",
        /could not be validated/u,
      ],
      [await signedByForeignKey(good), "InvalidIdentityToken", /could not be validated/u],
      ["not a token at all", "InvalidIdentityToken", /not a valid JWT/u],
    ];
    for (const [token, code, text] of tokens) {
      const answer = await account.ask(token);
      assert.ok("code" in answer, JSON.stringify(answer));
      assert.equal(answer.code, code);
      assert.match(answer.message, text);
    }
  });

  test("the signing key is rotated with an overlap, and no valid token is refused; a distrusted key is", async () => {
    const old = plane.keys().signer;
    const live = new LiveTokens(account);
    const mint = (): Promise<string> => plane.requestToken("default", "demo-service-account", audience, 600);
    const oldToken = await mint();
    live.add("old key", oldToken);
    try {
      const fresh = plane.createKey();
      await plane.useKeys({ signer: old, verifiers: [old, fresh] });
      await untilHere("the new key's publication", async () => (await publishedKids()).includes(fresh.kid));
      await untilFetchedAgain();
      await plane.useKeys({ signer: fresh, verifiers: [fresh, old] });
      live.add("new key", await mint());
      await renewPublisherToken();
      // The first may have been under way before it was renewed.
      await untilCounted("looks at the cluster with it", "podtrust_refreshes_total", 2);
      await plane.useKeys({ signer: fresh, verifiers: [fresh] });
      // The cluster shows one key; the publisher keeps both, since tokens of the old one are still good.
      await untilHere("a look at the cluster without the old key", async () =>
        /"state":\s*"retained"/u.test((await serving.admin("/status")).text),
      );
      assert.deepEqual(await publishedKids(), [old.kid, fresh.kid].sort());
      await untilFetchedAgain();
      const earlier = live.asked;
      await untilHere(
        "tokens of both keys are asked with",
        async () => live.asked >= Math.max(50, earlier + 4),
      );
      live.remove("old key");
      const distrust = await podtrust("rotate", "distrust", old.kid, "-f", config, "--json");
      assert.equal(distrust.code, 0, distrust.err + distrust.out);
      assert.deepEqual(await publishedKids(), [fresh.kid]);
      await untilHere("the refusal of its token", async () => "code" in (await account.ask(oldToken)));
      const refused = await account.ask(oldToken);
      assert.ok("code" in refused, "a token of the distrusted key was let in");
      assert.equal(refused.code, "InvalidIdentityToken");
      const status = await podtrust("rotate", "status", "-f", config);
      assert.equal(status.code, 0, status.err);
      assert.match(status.out, /distrusted/u);
    } finally {
      await live.stop();
    }
    assert.deepEqual(live.refusals, []);
  });

  test("an outage of the API server takes nothing off the net, and metrics tell", async () => {
    const published = await publishedKids();
    for (const server of plane.servers) await server.stop();
    await untilHere("a failed look", async () =>
      /podtrust_\w*(?:fail|refus)\w*\{[^}]*reason="unreachable"[^}]*\} [1-9]/u.test(
        (await serving.admin("/metrics")).text,
      ),
    );
    assert.equal((await serving.admin("/readyz")).status, 200);
    assert.deepEqual(await publishedKids(), published);
  });

  test("ends on SIGTERM with 0", async () => {
    assert.equal(await serving.stop(), 0);
    assert.doesNotMatch(serving.log(), /eyJ[\w-]+\.eyJ/u, "no token in the log");
  });
});
