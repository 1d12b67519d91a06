import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { Resolver } from "node:dns/promises";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from "jose";
import { parseDiscovery, parseJws, renderDiscovery } from "../../src/rules/oidc/index.ts";
import { parseJwkSet, verifyJws } from "../../src/rules/keys/index.ts";
import {
  type ControlPlane,
  freePorts,
  leftOut,
  type Pebble,
  startControlPlane,
  startPebble,
} from "./harness/index.ts";
import { isAlive, untilGone, untilRemoved } from "./harness/endings.ts";
import { ask } from "./harness/https.ts";

const skip = leftOut();
const issuer = "https://oidc.example.com";
const jwksUri = `${issuer}/openid/v1/jwks`;

async function firstLine(stream: Readable): Promise<string> {
  for await (const line of createInterface(stream)) return line;
  throw new Error("the process ended without a line");
}

async function documents(cluster: ControlPlane): Promise<{ discovery: string; jwks: string }> {
  const discovery = await cluster.ask("/.well-known/openid-configuration");
  const jwks = await cluster.ask("/openid/v1/jwks");
  assert.deepEqual([discovery.status, jwks.status], [200, 200]);
  return { discovery: discovery.text, jwks: jwks.text };
}

describe("a real control plane", { skip }, () => {
  let cluster: ControlPlane;
  before(async () => {
    cluster = await startControlPlane({ issuer, jwksUri, servers: 2 });
  });
  after(async () => {
    const pids = cluster.pids();
    assert.ok(pids.length === 3 && pids.every(isAlive));
    await cluster.stop();
    await untilGone(pids);
    await untilRemoved(cluster.folder);
  });

  test("is ready and says its version", async () => {
    assert.equal((await cluster.ask("/readyz")).text, "ok");
    const { status, text } = await cluster.ask("/version");
    assert.equal(status, 200);
    assert.equal((JSON.parse(text) as { gitVersion: string }).gitVersion, "v1.36.3");
  });

  test("serves its OIDC documents, of which ours is the same to the byte", async () => {
    const { discovery, jwks } = await documents(cluster);
    const { keys, warnings, leftOut: unusable } = parseJwkSet(jwks);
    assert.deepEqual([keys.length, warnings, unusable], [1, [], []]);
    assert.equal(keys[0]?.kid, cluster.keys().signer.kid);
    assert.equal(parseDiscovery(discovery).issuer, issuer);
    assert.equal(renderDiscovery({ issuer, jwksUri, algorithms: keys.map(({ alg }) => alg) }), discovery);
  });

  test("knows by RBAC who may read them", async () => {
    const path = ["get", "--raw", "/openid/v1/jwks"];
    const stranger = await cluster.kubeconfigFor("stranger", ["strangers"]);
    const asStranger = promisify(execFile)(cluster.kubectlPath, [`--kubeconfig=${stranger}`, ...path]);
    await assert.rejects(asStranger, /Forbidden|cannot get path/u);
    await cluster.kubectl([
      "create",
      "clusterrolebinding",
      "issuer-readers",
      "--clusterrole=system:service-account-issuer-discovery",
      "--group=strangers",
    ]);
    const { stdout } = await promisify(execFile)(cluster.kubectlPath, [`--kubeconfig=${stranger}`, ...path]);
    assert.equal(stdout, (await documents(cluster)).jwks);
  });

  test("mints tokens that two libraries verify, and that it takes for a bearer's", async () => {
    await cluster.kubectl(["create", "namespace", "aws-test"]);
    await cluster.kubectl(
      ["apply", "-f", "-"],
      JSON.stringify({
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: { name: "demo", namespace: "aws-test" },
      }),
    );
    const token = await cluster.requestToken("aws-test", "demo", "sts.amazonaws.com", 900);
    const jws = parseJws(token);
    assert.equal(jws.claims["iss"], issuer);
    assert.equal(jws.claims["sub"], "system:serviceaccount:aws-test:demo");
    const { keys } = parseJwkSet((await documents(cluster)).jwks);
    assert.equal(
      verifyJws(
        jws,
        keys.find(({ kid }) => kid === jws.kid),
      ),
      true,
    );
    assert.equal(await joseVerifies(cluster, token), true);
    const own = await cluster.requestToken("aws-test", "demo", issuer);
    const whoami = await cluster.ask("/apis/authentication.k8s.io/v1/selfsubjectreviews", {
      method: "POST",
      token: own,
      body: { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" },
    });
    assert.match(whoami.text, /"username":"system:serviceaccount:aws-test:demo"/u);
  });

  test("rotates its key: both published, then the new one signing, then the old one gone", async () => {
    const old = cluster.keys().signer;
    const oldToken = await cluster.requestToken("aws-test", "demo", "sts.amazonaws.com");
    const fresh = cluster.createKey("ES256");
    const kids = async (): Promise<readonly string[]> =>
      parseJwkSet((await documents(cluster)).jwks).keys.map(({ kid }) => kid);
    const signs = async (): Promise<string | undefined> =>
      decodeProtectedHeader(await cluster.requestToken("aws-test", "demo", "sts.amazonaws.com")).kid;

    await cluster.useKeys({ signer: old, verifiers: [old, fresh] });
    assert.deepEqual(await kids(), [old.kid, fresh.kid].sort());
    assert.equal(await signs(), old.kid);

    await cluster.useKeys({ signer: fresh, verifiers: [old, fresh] });
    assert.deepEqual(await kids(), [old.kid, fresh.kid].sort());
    assert.equal(await signs(), fresh.kid);
    assert.equal(await joseVerifies(cluster, oldToken), true);

    await cluster.useKeys({ signer: fresh, verifiers: [fresh] });
    assert.deepEqual(await kids(), [fresh.kid]);
    assert.equal(await joseVerifies(cluster, oldToken), false);
    assert.deepEqual(parseDiscovery((await documents(cluster)).discovery).algorithms, ["ES256"]);
  });

  test("has servers that may disagree in the middle of a rotation", async () => {
    const { signer } = cluster.keys();
    const fresh = cluster.createKey();
    await cluster.useKeysOn(1, { signer, verifiers: [signer, fresh] });
    const sets = await Promise.all(
      [0, 1].map(async (index) => (await cluster.ask("/openid/v1/jwks", { server: index })).text),
    );
    assert.deepEqual(
      sets.map((text) => parseJwkSet(text).keys.length),
      [1, 2],
    );
  });

  test("says at once, with the server's own words, why it cannot start", async () => {
    const start = startControlPlane({ issuer, jwksUri: "http://oidc.example.com/jwks" });
    await assert.rejects(
      start,
      /kube-apiserver0 ended \(exit code 1\) before it was ready[^]*requires https scheme/u,
    );
  });
});

/** Whether jose verifies the token with the set that the cluster publishes now, over a server of its own. */
async function joseVerifies(cluster: ControlPlane, token: string): Promise<boolean> {
  const { jwks } = await documents(cluster);
  const server = createServer((_, answer) => answer.end(jwks)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  try {
    const keys = createRemoteJWKSet(new URL(`http://127.0.0.1:${port}/`));
    await jwtVerify(token, keys, { issuer, audience: "sts.amazonaws.com" });
    return true;
  } catch (error) {
    assert.equal((error as { code?: string }).code, "ERR_JWKS_NO_MATCHING_KEY");
    return false;
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe("a real ACME server", { skip }, () => {
  let pebble: Pebble;
  before(async () => {
    const [httpPort = 0, tlsPort = 0] = await freePorts(2);
    pebble = await startPebble({ httpPort, tlsPort, nonceReject: 100 });
  });
  after(async () => {
    const pids = pebble.pids();
    assert.ok(pids.length === 2 && pids.every(isAlive));
    await pebble.stop();
    await untilGone(pids);
    await untilRemoved(pebble.folder);
  });

  test("has a directory with ARI and profiles behind its CA, and a root", async () => {
    const { status, text } = await pebble.ask(pebble.directoryUrl);
    assert.equal(status, 200);
    const directory = JSON.parse(text) as { renewalInfo: string; meta: { profiles: object } };
    assert.match(directory.renewalInfo, /^https:\/\//u);
    assert.deepEqual(Object.keys(directory.meta.profiles), ["default", "shortlived"]);
    assert.match(pebble.root, /^-----BEGIN CERTIFICATE-----/u);
  });

  test("is not reached without its CA", async () => {
    await assert.rejects(ask(pebble.directoryUrl, pebble.root), /certificate/u);
  });

  test("has a name service that answers what it is told", async () => {
    const resolver = new Resolver();
    resolver.setServers([pebble.dns.address]);
    assert.deepEqual(await resolver.resolve4("any.example"), ["127.0.0.1"]);
    await pebble.dns.setAddresses("other.example", ["127.0.0.2"]);
    assert.deepEqual(await resolver.resolve4("other.example"), ["127.0.0.2"]);
    await pebble.dns.setTxt("_acme-challenge.any.example", "value");
    assert.deepEqual(await resolver.resolveTxt("_acme-challenge.any.example"), [["value"]]);
    await pebble.dns.clearTxt("_acme-challenge.any.example");
    await assert.rejects(resolver.resolveTxt("_acme-challenge.any.example"));
    await pebble.dns.setServfail("any.example");
    await assert.rejects(resolver.resolve4("any.example"), { code: "ESERVFAIL" });
    await pebble.dns.clearServfail("any.example");
    await pebble.dns.setCname("alias.example", "other.example");
    assert.deepEqual(await resolver.resolveCname("alias.example"), ["other.example"]);
  });
});

test("a test process that is killed leaves no program and no file behind", { skip }, async () => {
  const file = fileURLToPath(new URL("crashing.ts", import.meta.url));
  const crashing = spawn(process.execPath, [file], { stdio: ["ignore", "pipe", "inherit"] });
  const { pids, folder } = JSON.parse(await firstLine(crashing.stdout)) as {
    pids: readonly number[];
    folder: string;
  };
  assert.ok(pids.length === 2 && pids.every(isAlive) && existsSync(folder));
  crashing.kill("SIGKILL");
  await untilGone(pids);
  await untilRemoved(folder);
});

test("programs do not outlive their guard either", { skip }, async () => {
  const [httpPort = 0, tlsPort = 0] = await freePorts(2);
  const pebble = await startPebble({ httpPort, tlsPort });
  const pids = pebble.pids();
  const status = readFileSync(`/proc/${pids[0]}/status`, "utf8");
  const guard = Number(/^PPid:\s+(\d+)$/mu.exec(status)?.[1]);
  assert.notEqual(guard, process.pid);
  process.kill(guard, "SIGKILL");
  await untilGone([guard, ...pids]);
  await pebble.stop();
  await untilRemoved(pebble.folder);
});
