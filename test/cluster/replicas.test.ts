/** Replicas of a publisher that share a Secret: a real API server, a real CA, and a front that leads to each in turn. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { systemClock } from "../../src/core/base/index.ts";
import { parseConfig } from "../../src/config/index.ts";
import { request } from "../../src/core/http/index.ts";
import { publisherRbac } from "../../src/providers/kubernetes/index.ts";
import { servePublisher, type Serving } from "../../src/publisher/configs/index.ts";
import { freePort } from "../support/free-port.ts";
import { MemoryLog } from "../support/publisher.ts";
import { storeKey } from "../support/replicas.ts";
import { type ControlPlane, leftOut, type Pebble, startControlPlane, startPebble } from "./harness/index.ts";
import { type Balancer, openBalancer } from "./replicas/balancer.ts";
import { makeSharedStoreAccess, type SharedStoreAccess } from "./replicas/shared.ts";
import { maxWait, until } from "../support/until.ts";

const skip = leftOut();
const host = "oidc.example.com";
const issuer = `https://${host}`;

interface Replica {
  readonly serving: Serving;
  readonly log: MemoryLog;
  readonly https: number;
  readonly http: number;
}

describe("replicas of a publisher", { skip }, () => {
  let plane: ControlPlane;
  let pebble: Pebble;
  let fronts: { readonly https: Balancer; readonly http: Balancer };
  let folder: string;
  const ending = new AsyncDisposableStack();

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "podtrust-replicas-"));
    ending.defer(() => rmSync(folder, { recursive: true, force: true }));
    plane = await startControlPlane({ issuer, jwksUri: `${issuer}/openid/v1/jwks` });
    ending.defer(() => plane.stop());
    fronts = { https: await openBalancer(), http: await openBalancer() };
    ending.defer(async () => {
      await fronts.https[Symbol.asyncDispose]();
      await fronts.http[Symbol.asyncDispose]();
    });
    const profiles = {
      default: { description: "90 days", validityPeriod: 7_776_000 },
      brief: { description: "half a minute", validityPeriod: 30 },
    };
    pebble = await startPebble({ httpPort: fronts.http.port, tlsPort: fronts.https.port, profiles });
    ending.defer(() => pebble.stop());
    writeFileSync(join(folder, "ca.pem"), pebble.tlsCa);
    mkdirSync(join(folder, "store-key"));
    writeFileSync(join(folder, "store-key/key"), storeKey);
    await plane.kubectl(["apply", "-f", "-"], publisherRbac({ namespace: "default" }));
  });
  after(() => ending.disposeAsync());

  /** A Secret with a Lease, and who may use them and read the two documents. */
  async function place(): Promise<SharedStoreAccess> {
    const shared = await makeSharedStoreAccess(plane);
    const binding = {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: shared.name },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "podtrust-publisher" },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: shared.name }],
    };
    await plane.kubectl(["apply", "-f", "-"], JSON.stringify(binding));
    return shared;
  }

  /** Starts a replica with an empty disk. */
  async function replica(
    { namespace, name, kubeconfig }: SharedStoreAccess,
    { challenge = "http-01", profile = "default" } = {},
  ): Promise<Replica> {
    const [https, http] = [await freePort(), await freePort()];
    const log = new MemoryLog();
    const publisher = {
      source: { kubeconfig },
      store: { secret: { namespace, name }, keyFolder: join(folder, "store-key") },
      stateDir: mkdtempSync(join(folder, "state-")),
      pollInterval: "1s",
      admin: false,
      https: {
        listen: [`127.0.0.1:${https}`],
        http: [`127.0.0.1:${http}`],
        acme: { directory: pebble.directoryUrl, caFile: join(folder, "ca.pem"), challenge, profile },
      },
    };
    const text = JSON.stringify({ stack: "prod", issuer, publisher });
    const config = await parseConfig(text, join(folder, "podtrust.yaml"), {});
    const serving = await servePublisher({
      configs: [config],
      clock: systemClock,
      logger: log,
      sockets: new Map(),
      env: {},
    });
    ending.defer(() => serving.close(0));
    return { serving, log, https, http };
  }

  function lead(replicas: readonly Replica[]): void {
    fronts.https.lead(replicas.map(({ https }) => https));
    fronts.http.lead(replicas.map(({ http }) => http));
  }

  /** What a replica serves: its certificate and its JWK Set. */
  async function served({ https }: Replica): Promise<{ certificate: string; kids: readonly string[] }> {
    const answer = await request(`${issuer}/openid/v1/jwks`, {
      ca: pebble.root,
      connectTo: [{ host, port: 443, address: "127.0.0.1", toPort: https }],
    });
    const { keys } = JSON.parse(answer.body.toString()) as { keys: readonly { kid: string }[] };
    return { certificate: answer.tls?.chain[0]?.sha256 ?? "", kids: keys.map(({ kid }) => kid) };
  }

  const ready = (replicas: readonly Replica[]): Promise<unknown> =>
    Promise.all(
      replicas.map(({ serving, log }) =>
        serving.publisher.ready(AbortSignal.timeout(maxWait)).catch((error: unknown) => {
          throw new Error(log.lines.map((line) => JSON.stringify(line)).join("\n"), { cause: error });
        }),
      ),
    );

  const obtained = (replicas: readonly Replica[]): number =>
    replicas.reduce(
      (sum, { log }) =>
        sum + log.of("info").filter((line) => line === "another process has obtained a certificate").length,
      0,
    );

  for (const challenge of ["http-01", "tls-alpn-01"]) {
    test(`have one certificate by ${challenge}, whichever of them the CA asks`, async () => {
      const shared = await place();
      const [one, two] = [await replica(shared, { challenge }), await replica(shared, { challenge })];
      const both = [one, two];
      lead(both);
      await ready(both);
      const [first, second] = [await served(one), await served(two)];
      assert.deepEqual(first, second);
      assert.equal(obtained(both), 1);
      await Promise.all(both.map(({ serving }) => serving.close(0)));
    });
  }

  test("a renewal by one is served by all, and none of the others asks the CA", async () => {
    const shared = await place();
    const [one, two] = [
      await replica(shared, { profile: "brief" }),
      await replica(shared, { profile: "brief" }),
    ];
    const both = [one, two];
    lead(both);
    await ready(both);
    const uses = (of: Replica): number =>
      of.log.of("info").filter((line) => line === "certificate in use").length;
    // When is chance: Pebble suggests two days for a renewal, of which these seconds are a part.
    await until("the renewal", () => both.every((each) => uses(each) >= 2));
    // The moment of a change, or of an expiry, is of neither.
    await until("the same of both", async () => {
      const [first, second] = await Promise.all(both.map((each) => served(each).catch(() => undefined)));
      return first !== undefined && first.certificate === second?.certificate;
    });
    // Each was ordered by one of them, and taken from the store by the other.
    assert.ok(obtained(both) >= 2 && obtained(both) <= Math.max(...both.map(uses)), both.map(uses).join());
    await Promise.all(both.map(({ serving }) => serving.close(0)));
  });

  test("a replica that begins with an empty disk serves what the others do, with keys that the cluster no longer shows, and asks no CA", async () => {
    const shared = await place();
    const [one, two] = [await replica(shared), await replica(shared)];
    lead([one, two]);
    await ready([one, two]);
    const old = plane.keys().signer;
    const fresh = plane.createKey("ES256");
    await plane.useKeys({ signer: fresh, verifiers: [fresh] });
    await until("the new key", async () => (await served(one)).kids.length === 2);
    assert.notEqual(old.kid, fresh.kid);
    await until("the Secret", async () => {
      const { text } = await plane.ask(`/api/v1/namespaces/default/secrets/${shared.name}`);
      const { data } = JSON.parse(text) as { data: Record<string, string> };
      return Buffer.from(data["documents.prod"] ?? "", "base64")
        .toString()
        .includes("absentSince");
    });
    // Nobody answers the CA from here on.
    fronts.http.lead([]);
    const three = await replica(shared);
    const all = await served(three);
    assert.deepEqual(all.kids, [old.kid, fresh.kid].sort());
    assert.deepEqual(all, await served(one));
    await ready([three]);

    // What an operator says to one holds for all.
    await three.serving.publisher.distrust(old.kid);
    for (const other of [one, two])
      await until("the distrust", async () => !(await served(other)).kids.includes(old.kid));
    const four = await replica(shared);
    assert.deepEqual((await served(four)).kids, [fresh.kid]);
    await one.serving.publisher.restore(old.kid);
    await until("the trust", async () => (await served(three)).kids.length === 2);
    await Promise.all([one, two, three, four].map(({ serving }) => serving.close(0)));
  });
});
