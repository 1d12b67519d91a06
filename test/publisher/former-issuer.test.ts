/** A publisher of an issuer that its cluster does not name yet. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultPodSettings, publisherOf } from "../../src/config/index.ts";
import { type IssuerOptions, publisherSpec, startPublisher } from "../../src/publisher/index.ts";
import { renderDiscovery } from "../../src/rules/oidc/index.ts";
import { type PublicJwk, renderJwkSet } from "../../src/rules/keys/index.ts";
import { parse, withPublisher } from "../support/config-text.ts";
import { FakeCluster, newKey, startTestPublisher, type TestPublisher } from "../support/publisher.ts";
import { discoveryPath, get, jwksPath } from "./support.ts";

const ours = "https://oidc.example.test";
const old = "https://kubernetes.default.svc.cluster.local";
const third = "https://third.example.test";
const formerIssuers = [old];

/** A cluster's answer where its tokens name `issuer`. */
const naming = (issuer: string, keys: readonly PublicJwk[]) => () => ({
  discovery: Buffer.from(
    renderDiscovery({ issuer, jwksUri: "https://10.0.0.1:6443/openid/v1/jwks", algorithms: ["ES256"] }),
  ),
  jwks: Buffer.from(renderJwkSet(keys)),
});

/** A cluster whose tokens name `issuer` from the start. */
function clusterNaming(issuer: string): FakeCluster {
  const cluster = new FakeCluster(ours);
  cluster.fault = naming(issuer, cluster.keys);
  return cluster;
}

const publisherOn = (cluster: FakeCluster, options: Partial<IssuerOptions> = { formerIssuers }) =>
  startTestPublisher({ issuer: ours, issuerOptions: { cluster, ...options } });

async function metric(to: TestPublisher): Promise<string | undefined> {
  const { text } = await to.admin("/metrics");
  return /^podtrust_cluster_former_issuer\{stack="test"\} (\d)$/mu.exec(text)?.[1];
}

async function kids(to: TestPublisher): Promise<readonly string[]> {
  const { keys } = JSON.parse((await get(to, jwksPath)).body.toString()) as { keys: PublicJwk[] };
  return keys.map(({ kid }) => kid);
}

test("the issuer of the config is published with the cluster's keys while tokens name a listed former issuer, and status, metric and log say so", async () => {
  const cluster = clusterNaming(old);
  await using to = await publisherOn(cluster);
  await to.publisher.ready();
  const discovery = await get(to, discoveryPath);
  assert.equal(discovery.status, 200);
  const { issuer, jwks_uri: uri } = JSON.parse(discovery.body.toString()) as Record<string, unknown>;
  assert.deepEqual([issuer, uri], [ours, `${ours}/openid/v1/jwks`]);
  assert.deepEqual(
    await kids(to),
    cluster.keys.map(({ kid }) => kid),
  );
  const since = to.publisher.status().issuers[0]?.formerIssuer?.since;
  await to.pass(60_000);
  const { formerIssuer, warnings, failing } = to.publisher.status().issuers[0] ?? {};
  assert.deepEqual([formerIssuer, failing], [{ issuer: old, since }, undefined]);
  assert.match(
    warnings?.join() ?? "",
    /tokens name https:\/\/kubernetes.*--service-account-issuer=https:\/\/oidc/u,
  );
  assert.equal(warnings?.length, 1, "of the former issuer's jwks_uri nothing need be done");
  assert.match((await to.admin("/status")).text, /"formerIssuer":\s*\{\s*"issuer":\s*"https:\/\/kubernetes/u);
  assert.equal(await metric(to), "1");
  assert.equal(to.log.of("warn").filter((line) => line.includes(old)).length, 1, "it is said once");

  cluster.fault = undefined;
  await to.pass(20_000);
  const after = to.publisher.status().issuers[0];
  assert.deepEqual([after?.formerIssuer, after?.warnings], [undefined, []]);
  assert.equal(await metric(to), "0");
  const line = to.log.lines.find(({ message }) => message === "the cluster's tokens name this issuer now");
  assert.deepEqual(line?.fields["former"], old);
});

test("keys of a cluster whose issuer is neither the config's nor a listed one are never published", async () => {
  for (const issuer of [third, `${old}/`, old.toUpperCase()]) {
    await using to = await publisherOn(clusterNaming(issuer));
    await to.pass(30_000);
    for (const path of [discoveryPath, jwksPath]) assert.equal((await get(to, path)).status, 503);
    const { failing, formerIssuer } = to.publisher.status().issuers[0] ?? {};
    assert.deepEqual([failing?.reason, formerIssuer], ["issuer-mismatch", undefined]);
    assert.match(failing?.next ?? "", /publisher\.formerIssuers/u);
    if (issuer === `${old}/`) assert.match(failing?.message ?? "", /formerIssuers lists.* ends in a slash/u);
  }
});

test("without the list a cluster has to name the issuer of the config first", async () => {
  await using to = await publisherOn(clusterNaming(old), {});
  await to.pass(30_000);
  for (const path of [discoveryPath, jwksPath]) assert.equal((await get(to, path)).status, 503);
});

test("a cluster that names a former issuer, as many do, and shows none of the published keys is another one: its keys stay out", async () => {
  await using to = await startTestPublisher({ issuerOptions: { formerIssuers } });
  await to.publisher.ready();
  const before = await kids(to);
  const foreign = newKey();
  to.cluster.fault = naming(old, [foreign]);
  await to.pass(3_600_000);
  assert.deepEqual(await kids(to), before);
  const { failing } = to.publisher.status().issuers[0] ?? {};
  assert.equal(failing?.reason, "issuer-mismatch");
  assert.match(failing?.message ?? "", /none of the keys that are published/u);

  to.cluster.fault = naming(old, [...to.cluster.keys, foreign]);
  await to.pass(20_000);
  assert.deepEqual(new Set(await kids(to)), new Set([...before, foreign.kid]), "a rotation overlaps");
});

test("the keys of a cluster that is lost hold the next one's back for as long as its tokens live, or until --accept-keys", async () => {
  await using to = await startTestPublisher({ issuerOptions: { formerIssuers } });
  await to.publisher.ready();
  const [lost] = to.cluster.keys;
  const next = newKey();
  to.cluster.fault = naming(old, [next]);
  await to.pass(60_000);
  assert.deepEqual(await kids(to), [lost?.kid]);
  await to.publisher.close(0);

  const accepting = await startPublisher({ ...to.options, acceptKeys: true });
  await accepting.ready();
  await accepting.refresh();
  const shown = accepting.status().issuers[0]?.keys.map(({ kid, state }) => [kid, state]);
  assert.deepEqual(new Map(shown as [string, string][]).get(next.kid), "current");
  await accepting.close(0);
});

test("after the longest token of the keys that were published, those of another cluster are taken", async () => {
  await using to = await startTestPublisher({ issuerOptions: { formerIssuers, keyRetention: 600_000 } });
  await to.publisher.ready();
  const next = newKey();
  to.cluster.fault = naming(old, [next]);
  await to.pass(590_000);
  assert.ok(!(await kids(to)).includes(next.kid));
  await to.pass(60_000);
  assert.ok((await kids(to)).includes(next.kid));
});

test("a reload that lists a former issuer, or lists it no more, holds at the next look", async () => {
  await using to = await publisherOn(clusterNaming(old), {});
  await to.pass(20_000);
  assert.equal((await get(to, jwksPath)).status, 503);
  const [issuer] = to.options.issuers;
  assert.ok(issuer !== undefined);
  await to.publisher.reload({ ...to.options, issuers: [{ ...issuer, formerIssuers }] });
  await to.publisher.refresh();
  assert.equal((await get(to, jwksPath)).status, 200);
  await to.publisher.reload(to.options);
  await to.publisher.refresh();
  assert.equal((await get(to, jwksPath)).status, 200, "the last good documents stay");
  assert.equal(to.publisher.status().issuers[0]?.failing?.reason, "issuer-mismatch");
});

test("the config of a publisher in the cluster lists the former issuers of the config that it is made of", async () => {
  const listed = await parse(withPublisher(`https: {acme: {}}\nformerIssuers: [${old}]`));
  assert.deepEqual(publisherOf(listed).formerIssuers, [old]);
  const choice = {
    namespace: "podtrust",
    name: "podtrust-publisher",
    image: "podtrust",
    replicas: 2,
    pods: defaultPodSettings,
  } as const;
  const spec = await publisherSpec(listed, { ...choice } as Parameters<typeof publisherSpec>[1]);
  assert.match(spec.config, /formerIssuers:\s+- "?https:\/\/kubernetes\.default\.svc\.cluster\.local/u);
  const none = await parse(withPublisher("https: {acme: {}}"));
  const plain = await publisherSpec(none, { ...choice } as Parameters<typeof publisherSpec>[1]);
  assert.doesNotMatch(plain.config, /formerIssuers/u);
});
