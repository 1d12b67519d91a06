import assert from "node:assert/strict";
import { chmod, chown, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { PodtrustError } from "../../src/core/base/index.ts";
import { renderDiscovery } from "../../src/rules/oidc/index.ts";
import { renderJwkSet } from "../../src/rules/keys/index.ts";
import { startPublisher } from "../../src/publisher/index.ts";
import { get, jwksPath } from "../publisher/support.ts";
import { newKey, startTestPublisher, type TestPublisher } from "../support/publisher.ts";

const hour = 3_600_000;

async function metric(to: TestPublisher, line: string): Promise<number> {
  const { text } = await to.admin("/metrics");
  const found = text.split("\n").find((one) => one.startsWith(`${line} `));
  assert.ok(found !== undefined, `${line} in\n${text}`);
  return Number(found.slice(line.length));
}

async function served(to: TestPublisher): Promise<string> {
  const answer = await get(to, jwksPath);
  assert.equal(answer.status, 200);
  return answer.body.toString();
}

/** Asserts that a fault leaves what is served as it was, and that metrics, status and log say what is wrong. */
async function staysThrough(
  to: TestPublisher,
  fault: () => { discovery: Buffer; jwks: Buffer },
  expected: { metric: string; reason: string; log: RegExp },
): Promise<void> {
  const before = await served(to);
  to.cluster.fault = fault;
  await to.pass(hour);
  assert.equal(await served(to), before);
  assert.ok((await metric(to, `${expected.metric}{stack="test",reason="${expected.reason}"}`)) > 300);
  assert.ok((await metric(to, 'podtrust_documents_age_seconds{stack="test"}')) >= 3590);
  assert.equal((await to.admin("/readyz")).status, 200);
  const [issuer] = to.publisher.status().issuers;
  assert.equal(issuer?.failing?.reason, expected.reason);
  assert.ok((issuer?.failing?.count ?? 0) > 300);
  const said = to.log.of("error").filter((line) => expected.log.test(line));
  assert.ok(said.length >= 2 && said.length <= 20, `said ${said.length} times`);
  to.cluster.fault = undefined;
  await to.pass(20_000);
  assert.equal(to.publisher.status().issuers[0]?.failing, undefined);
  assert.match(to.log.of("info").join("\n"), /the cluster's documents are good again/u);
}

test("an API server that is gone for an hour leaves the last good documents served", async () => {
  await using to = await startTestPublisher();
  await to.publisher.ready();
  await staysThrough(
    to,
    () => {
      throw new PodtrustError(
        "cluster-unreachable",
        "cluster https://cluster.test:6443: connect ECONNREFUSED",
      );
    },
    { metric: "podtrust_refresh_failures_total", reason: "unreachable", log: /ECONNREFUSED/u },
  );
});

test("an empty JWK Set is never published", async () => {
  await using to = await startTestPublisher();
  await to.publisher.ready();
  const { discovery } = to.cluster.documents();
  await staysThrough(to, () => ({ discovery, jwks: Buffer.from('{"keys":[]}') }), {
    metric: "podtrust_publication_refusals_total",
    reason: "jwks-empty",
    log: /the JWK Set is empty/u,
  });
});

test("a truncated document is never published", async () => {
  await using to = await startTestPublisher();
  await to.publisher.ready();
  const { discovery, jwks } = to.cluster.documents();
  await staysThrough(to, () => ({ discovery, jwks: jwks.subarray(0, jwks.length - 20) }), {
    metric: "podtrust_publication_refusals_total",
    reason: "jwks-invalid",
    log: /the JWK Set is not JSON/u,
  });
});

test("a document of a wrong issuer is never published, and the flag that cures it is named", async () => {
  await using to = await startTestPublisher();
  await to.publisher.ready();
  const { jwks } = to.cluster.documents();
  const issuer = "https://kubernetes.default.svc.cluster.local";
  const discovery = Buffer.from(
    renderDiscovery({ issuer, jwksUri: `${issuer}/openid/v1/jwks`, algorithms: ["RS256"] }),
  );
  await staysThrough(to, () => ({ discovery, jwks }), {
    metric: "podtrust_publication_refusals_total",
    reason: "issuer-mismatch",
    log: /kubernetes\.default\.svc/u,
  });
  const line = to.log.lines.find((one) => one.fields["reason"] === "issuer-mismatch");
  assert.match(String(line?.fields["next"]), /--service-account-issuer=https:\/\/oidc\.example\.test/u);
});

test("a private key in the cluster's answer is never published", async () => {
  await using to = await startTestPublisher();
  await to.publisher.ready();
  const { discovery } = to.cluster.documents();
  const jwks = Buffer.from(JSON.stringify({ keys: [{ ...newKey(), d: "c2VjcmV0" }] }));
  await staysThrough(to, () => ({ discovery, jwks }), {
    metric: "podtrust_publication_refusals_total",
    reason: "jwks-invalid",
    log: /private member/u,
  });
  assert.ok(!JSON.stringify(to.log.lines).includes("c2VjcmV0"));
});

test("a restart with the API server gone serves the documents from the disk, without a distrusted key", async () => {
  const keys = [newKey(), newKey()];
  await using to = await startTestPublisher({ keys });
  await to.publisher.ready();
  await to.publisher.distrust(keys[0]?.kid ?? "", { force: true });
  const before = await served(to);
  await to.publisher.close(0);
  to.cluster.fault = () => {
    throw new PodtrustError("cluster-unreachable", "down");
  };
  const again = await startPublisher(to.options);
  await again.ready();
  const restarted: TestPublisher = Object.assign(Object.create(to) as TestPublisher, {
    port: again.addresses.https[0]?.port,
    publisher: again,
  });
  assert.equal(await served(restarted), before);
  const [issuer] = again.status().issuers;
  assert.equal(issuer?.documents?.from, "disk");
  assert.equal(again.status().ready, true);
  await again.close(0);
  const file = join(to.stateDir, "publisher", "test.json");
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.equal((await stat(join(to.stateDir, "publisher"))).mode & 0o777, 0o700);
});

test("a state folder that others may write to is refused at the start, and so is one of another user", async () => {
  await using to = await startTestPublisher();
  await to.publisher.ready();
  await to.publisher.close(0);
  const refused = { code: "state-permissions", message: new RegExp(`^${to.stateDir} is owned by user`, "u") };
  await chmod(to.stateDir, 0o777);
  await assert.rejects(startPublisher(to.options), refused);
  await chmod(to.stateDir, 0o700);
  if (process.geteuid?.() === 0) {
    await chown(to.stateDir, 1001, 1001);
    await assert.rejects(startPublisher(to.options), refused);
    await chown(to.stateDir, 0, 0);
  }
  await (await startPublisher(to.options)).close(0);
});

test("documents that another user has put into the state folder are never published", async () => {
  await using to = await startTestPublisher();
  await to.publisher.ready();
  await to.publisher.close(0);
  const file = join(to.stateDir, "publisher", "test.json");
  const text = await readFile(file, "utf8");
  const known = to.cluster.keys[0]?.kid ?? "";
  const strange = newKey();
  to.cluster.fault = () => {
    throw new PodtrustError("cluster-unreachable", "down");
  };
  // As a stranger's: anybody could have written it.
  await writeFile(file, text.replaceAll(known, strange.kid));
  await chmod(file, 0o666);
  const publisher = await startPublisher(to.options);
  const at: TestPublisher = Object.assign(Object.create(to) as TestPublisher, {
    port: publisher.addresses.https[0]?.port,
  });
  assert.equal((await get(at, jwksPath)).status, 503);
  assert.match(to.log.of("error").join(), /What the disk holds is not used: .*test\.json is owned by user/u);
  await publisher.close(0);
});

test("a damaged file on disk is set aside and told where a person accepts the cluster's keys, which are read anew", async () => {
  await using to = await startTestPublisher();
  await to.publisher.ready();
  await to.publisher.close(0);
  const file = join(to.stateDir, "publisher", "test.json");
  const text = await readFile(file, "utf8");
  await writeFile(file, text.slice(0, 50));
  const again = await startPublisher({ ...to.options, acceptKeys: true });
  await again.ready();
  await again.refresh();
  await again.close(0);
  assert.match(to.log.of("error").join(), /test\.json is damaged .* set aside/u);
  assert.equal((await readFile(`${file}.damaged`, "utf8")).length, 50);
  assert.match(await readFile(file, "utf8"), /"format": 1/u);
});

test("a full disk does not keep new keys from being published, and status says that they are not kept until they are", async () => {
  await using to = await startTestPublisher();
  await to.publisher.ready();
  const folder = join(to.stateDir, "publisher");
  // A file in the folder's place refuses every write, also root's.
  await to.publisher.refresh();
  await rm(folder, { recursive: true });
  await writeFile(folder, "");
  const added = newKey();
  to.cluster.keys = [...to.cluster.keys, added];
  await to.pass(20_000);
  assert.ok((await served(to)).includes(added.kid));
  assert.ok((await metric(to, 'podtrust_documents_unsaved_total{stack="test"}')) >= 1);
  assert.match(to.publisher.status().issuers[0]?.warnings.join() ?? "", /could not be written/u);
  assert.match(to.log.of("error").join(), /could not be written/u);
  const outcome = await to.publisher.distrust(added.kid, { force: true });
  assert.equal(outcome.persisted, false);
  assert.ok(!(await served(to)).includes(added.kid));
  await rm(folder);
  await mkdir(folder, { mode: 0o755 });
  await to.pass(20_000);
  assert.deepEqual(
    to.publisher.status().issuers[0]?.warnings.filter((one) => one.includes("written")),
    [],
  );
  assert.match(await readFile(join(folder, "test.json"), "utf8"), /"distrustedAt"/u);
});

test("a clock that is an hour off, either way, drops nothing and stops nothing", async () => {
  await using to = await startTestPublisher({
    keys: [newKey(), newKey()],
    issuerOptions: { keyRetention: 4 * hour },
  });
  await to.publisher.ready();
  const before = await served(to);
  to.cluster.keys = to.cluster.keys.slice(1);
  await to.pass(20_000);
  for (const jump of [hour, -2 * hour, hour]) {
    to.clock.jump(jump);
    await to.pass(60_000);
    assert.equal(await served(to), before);
  }
  assert.ok((await metric(to, 'podtrust_documents_age_seconds{stack="test"}')) >= 0);
  assert.equal((await to.admin("/readyz")).status, 200);
  await to.pass(5 * hour);
  assert.equal(await served(to), renderJwkSet(to.cluster.keys));
});

test("a poll that hangs does not stop the serving, and the next one is made", async () => {
  await using to = await startTestPublisher();
  await to.publisher.ready();
  const original = to.cluster.oidcDocuments.bind(to.cluster);
  let hung = 0;
  to.cluster.oidcDocuments = () => {
    hung += 1;
    return hung === 1
      ? to.clock.sleep(10_000).then(() => Promise.reject(new PodtrustError("cluster-unreachable", "timeout")))
      : original();
  };
  await to.pass(15_000);
  assert.equal((await get(to, jwksPath)).status, 200);
  await to.pass(30_000);
  assert.ok(hung >= 2);
  assert.equal(to.publisher.status().issuers[0]?.failing, undefined);
});

test("a publisher without a first good answer serves 503, is not ready, and invents nothing", async () => {
  await using to = await startTestPublisher({ issuer: "https://new.example.test" });
  const { FakeCluster } = await import("../support/publisher.ts");
  const empty = new FakeCluster("https://new.example.test");
  empty.fault = () => {
    throw new PodtrustError("cluster-forbidden", "403");
  };
  const [own] = to.options.issuers;
  assert.ok(own !== undefined);
  await to.publisher.close(0);
  await rm(join(to.stateDir, "publisher"), { recursive: true });
  const publisher = await startPublisher({ ...to.options, issuers: [{ ...own, cluster: empty }] });
  const at: TestPublisher = Object.assign(Object.create(to) as TestPublisher, {
    port: publisher.addresses.https[0]?.port,
  });
  const answer = await get(at, jwksPath);
  assert.equal(answer.status, 503);
  assert.equal(answer.headers["retry-after"], "10");
  assert.equal(publisher.status().ready, false);
  await publisher.close(0);
});
