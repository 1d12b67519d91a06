/** A publisher whose own credential died, or that can read its cluster no more for another reason: it says so. */
import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { type KubernetesApi, openKubernetes } from "../../src/providers/kubernetes/index.ts";
import { type StandInCluster, startStandInCluster } from "../../src/sandbox/index.ts";
import { TestClock } from "../support/clock.ts";
import { startTestPublisher, type TestPublisher } from "../support/publisher.ts";

const issuer = "https://oidc.example.test";
const hour = 3_600_000;

interface World {
  readonly to: TestPublisher;
  readonly cluster: StandInCluster;
  readonly tokenFile: string;
  /** Puts a new token of the publisher's ServiceAccount into its file. */
  renew(seconds?: number): Promise<void>;
  look(): Promise<void>;
}

/** A publisher that reads a stand-in cluster by a token file, as on a machine outside the cluster. */
async function world(t: TestContext): Promise<World> {
  const clock = new TestClock();
  const cluster = await startStandInCluster({ issuer, clock });
  const folder = await mkdtemp(join(tmpdir(), "podtrust-blind-"));
  const [adminFile, tokenFile, caFile] = ["admin", "token", "ca.crt"].map((name) => join(folder, name));
  await writeFile(adminFile ?? "", cluster.kubeconfig("admin"));
  await writeFile(caFile ?? "", cluster.ca);
  cluster.addServiceAccount("podtrust", "podtrust-publisher");
  const admin: KubernetesApi = await openKubernetes({ kubeconfig: adminFile ?? "" });
  const renew = async (seconds = 24 * 3600): Promise<void> => {
    const spec = { audiences: [issuer], expirationSeconds: seconds };
    const { token } = await admin.requestToken("podtrust", "podtrust-publisher", spec);
    await writeFile(tokenFile ?? "", token, { mode: 0o600 });
  };
  await renew();
  const own = await openKubernetes({
    server: cluster.url,
    tokenFile: tokenFile ?? "",
    caFile: caFile ?? "",
  });
  const to = await startTestPublisher({ issuer, clock, issuerOptions: { cluster: own } });
  t.after(async () => {
    await to[Symbol.asyncDispose]();
    await cluster.close();
    await rm(folder, { recursive: true, force: true });
  });
  await to.publisher.ready();
  await to.publisher.refresh();
  return { to, cluster, tokenFile: tokenFile ?? "", renew, look: () => to.publisher.refresh() };
}

const signing = (cluster: StandInCluster): string =>
  cluster.keys.list().find(({ state }) => state === "signing")?.kid ?? "";

const statusOf = ({ to }: World) => to.publisher.status().issuers[0];

async function metric({ to }: World, line: string): Promise<number | undefined> {
  const { text } = await to.admin("/metrics");
  const found = text.split("\n").find((one) => one.startsWith(`${line} `));
  return found === undefined ? undefined : Number(found.slice(line.length));
}

const blindSeconds = 'podtrust_source_blind_seconds{stack="test"}';

test("a signing key that is replaced at once makes the publisher blind, which says so with the cure and sees again by it", async (t) => {
  const at = await world(t);
  const { to, cluster } = at;
  assert.equal(await metric(at, blindSeconds), 0);
  const fresh = await cluster.keys.create();
  const old = signing(cluster);
  cluster.keys.promote(fresh.kid);
  cluster.keys.drop(old);
  await at.look();
  const { blind, failing } = statusOf(at) ?? {};
  assert.equal(blind?.reason, "unauthenticated");
  assert.equal(failing?.reason, "unauthenticated");
  assert.match(blind.message, new RegExp(`has not expired: the key that signed it \\(${old}\\)`, "u"));
  const command = `kubectl create token -n podtrust podtrust-publisher --duration 24h > ${at.tokenFile}`;
  assert.ok(blind.next.includes(command), blind.next);
  to.clock.jump(60_000);
  assert.equal(await metric(at, blindSeconds), 60);
  const counted = 'podtrust_refresh_failures_total{stack="test",reason="unauthenticated"}';
  assert.equal(await metric(at, counted), 1);
  // Relying parties get all they need: it stays in the rotation of a load balancer, and tells its operator.
  const ready = await to.admin("/readyz");
  assert.equal(ready.status, 200);
  assert.match(ready.text, /^ready\ndegraded: test: Blind since .*kubectl create token/u);
  const line = to.log.lines.find(({ message }) => message.startsWith("the cluster cannot be read"));
  assert.equal(line?.level, "error");
  assert.ok(String(line.fields["next"]).includes(command));
  await at.renew();
  await at.look();
  assert.equal(statusOf(at)?.blind, undefined);
  assert.deepEqual(statusOf(at)?.keys.find(({ kid }) => kid === fresh.kid)?.signs?.by, "only-key");
  assert.equal((await to.admin("/readyz")).text, "ready\n");
});

test("a token that expired makes the publisher blind and is named as expired, after a warning ahead of it", async (t) => {
  const at = await world(t);
  await at.renew(3600);
  await at.look();
  assert.deepEqual(statusOf(at)?.warnings, []);
  const expiry = statusOf(at)?.credential?.expiresAt ?? 0;
  assert.equal(
    await metric(at, 'podtrust_source_credential_expiry_timestamp_seconds{stack="test"}'),
    expiry / 1000,
  );
  at.to.clock.jump(0.9 * hour);
  await at.look();
  assert.match(statusOf(at)?.warnings.join() ?? "", /expires at .*blind from then on.*kubectl create token/u);
  at.to.clock.jump(0.2 * hour);
  await at.look();
  assert.match(statusOf(at)?.blind?.message ?? "", /^token file .* expired at /u);
});

test("an API server that is starting is waited for: nobody is told to give rights, and nothing is logged as an error", async (t) => {
  const at = await world(t);
  at.cluster.misbehave("starting");
  await at.look();
  const { blind } = statusOf(at) ?? {};
  assert.equal(blind?.reason, "not-ready");
  assert.doesNotMatch(blind.next, /[Gg]ive these credentials/u);
  assert.deepEqual(at.to.log.of("error"), []);
  assert.match(at.to.log.of("warn").join("\n"), /the cluster cannot be read: .*not ready/u);
  at.cluster.misbehave("forbidden");
  await at.look();
  assert.equal(statusOf(at)?.blind?.reason, "forbidden");
  assert.match(statusOf(at)?.blind?.next ?? "", /^Give these credentials the right to get/u);
});

test("a token file that others may read is warned of, and a missing one makes the publisher blind for that reason", async (t) => {
  const at = await world(t);
  await chmod(at.tokenFile, 0o644);
  await at.look();
  assert.match(statusOf(at)?.warnings.join() ?? "", /Others on this machine may read .*chmod 600/u);
  await rm(at.tokenFile);
  await at.look();
  assert.equal(statusOf(at)?.blind?.reason, "credentials");
  assert.match(statusOf(at)?.blind?.message ?? "", /ENOENT/u);
});

test("the publisher's own token shows which of the cluster's keys signs", async (t) => {
  const at = await world(t);
  const old = signing(at.cluster);
  at.to.clock.jump(60_000);
  const fresh = await at.cluster.keys.create();
  await at.look();
  const key = (kid: string) => statusOf(at)?.keys.find((one) => one.kid === kid);
  assert.equal(key(old)?.signs?.by, "token");
  assert.equal(key(old)?.maySignFrom, undefined);
  assert.ok((key(fresh.kid)?.maySignFrom ?? 0) > at.to.clock.now());
  await assert.rejects(at.to.publisher.distrust(old), {
    code: "publisher-key-signs",
    detail: { kid: old, signs: "yes" },
  });
  at.cluster.keys.promote(fresh.kid);
  at.to.clock.jump(60_000);
  await at.renew();
  await at.look();
  assert.equal(key(fresh.kid)?.signs?.by, "token");
  assert.ok((key(old)?.mayDistrustFrom ?? 0) > at.to.clock.now());
  assert.equal((await at.to.publisher.distrust(old)).changed, true);
});
