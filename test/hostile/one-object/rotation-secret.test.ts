/**
 * Somebody may write the Secret kube-system/podtrust-rotation, and nothing else: a backup tool, a syncer, a former administrator. He
 * writes it for an hour, while administrators prepare, promote, and answer a theft.
 */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, test, type TestContext } from "node:test";
import { newIdentity, readIdentities } from "../../../src/core/age/index.ts";
import { kubernetesKid } from "../../../src/rules/keys/index.ts";
import { answerTheft, theftOf } from "../../../src/control-plane/rotation/index.ts";
import { cacheMs, podWith, RotationCluster } from "../../support/rotation-cluster.ts";

const hour = 3_600_000;
const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const planted = kubernetesKid(publicKey);
const pem = publicKey.export({ type: "spki", format: "pem" });

/** What he writes, one after the other: a next key of his, waits that are long over, nothing at all, and what no reader takes. */
function writings(kids: readonly string[], now: number): readonly (string | undefined)[] {
  const sealed = { publicKey: pem, file: Buffer.from("garbage").toString("base64") };
  const long = { everywhereSince: now - 90 * 24 * hour, signsSince: now - 80 * 24 * hour, retiredAt: 1 };
  const keys = [...kids, planted].map((kid) => ({ kid, ...long }));
  const quiet = ["a", "b"].map((server) => ({ server, count: 0, startedAt: 0, since: 0 }));
  return [
    JSON.stringify({ version: 1, next: planted, sealed, keys, quiet }),
    JSON.stringify({ version: 1, next: planted, before: planted, keys, quiet }),
    JSON.stringify({ version: 1, next: kids[0], before: kids[1], keys, quiet }),
    '{"version":2}',
    "x".repeat(100_000),
    undefined,
  ];
}

/** Has him write it whenever time goes on, and before anything of the cluster is read. */
function writeAlways(world: RotationCluster): { readonly count: () => number } {
  let count = 0;
  const write = (): void => {
    const all = writings([...world.keys.keys()], world.clock.now());
    const text = all[(count += 1) % all.length];
    world.secret =
      text === undefined
        ? undefined
        : {
            apiVersion: "v1",
            kind: "Secret",
            metadata: { name: "podtrust-rotation", namespace: "kube-system", resourceVersion: String(count) },
            data: { "record.json": Buffer.from(text).toString("base64") },
          };
  };
  const { tick } = world.clock;
  world.clock.tick = async () => {
    write();
    await tick();
  };
  const { read } = world.cluster;
  world.cluster = {
    ...world.cluster,
    read: (...args) => {
      write();
      return read(...args);
    },
  };
  return { count: () => count };
}

async function attacked(t: TestContext): Promise<RotationCluster> {
  const world = await RotationCluster.start();
  t.after(() => world.close());
  return world;
}

function assertNothingGained(world: RotationCluster): void {
  for (const { name, running, files } of world.servers) {
    assert.ok(![...running.verify, ...files.verify].includes(planted), `${name} verifies his key`);
    assert.notEqual(running.signing, planted);
  }
  assert.deepEqual(world.refused, []);
}

describe("who writes the Secret of a rotation for an hour", () => {
  test("has no key verified, published or signed with, and neither hastens nor stops the move of an administrator", async (t) => {
    const world = await attacked(t);
    const writer = writeAlways(world);
    const begun = world.clock.elapsed();
    await world.rotation().prepare("ES256", [newIdentity().recipient]);
    await world.rotation().abort();
    await world.rotation().prepare("ES256");
    await assert.rejects(world.rotation().promote(), {
      code: "rotation-refused",
      message: /everywhere since/u,
    });
    await world.clock.sleep(3 * cacheMs);
    await world.rotation().promote();
    // Tokens of the key of before live: none of his times counts.
    await assert.rejects(world.rotation().finishPublication(), {
      code: "rotation-refused",
      message: /a token of .* may be in use/u,
    });
    while (world.clock.elapsed() - begun < hour) await world.clock.sleep(600_000);
    await world.rotation().finishPublication();
    assert.ok(writer.count() > 100, String(writer.count()));
    assertNothingGained(world);
    assert.deepEqual(
      world.servers.map(({ running }) => world.key(running.signing).jwk.alg),
      ["ES256", "ES256"],
    );
  });

  test("does not stop or delay the answer to a theft", async (t) => {
    const world = await attacked(t);
    const { identity, recipient } = newIdentity();
    await world.rotation().prepare("ES256", [recipient]);
    await world.clock.sleep(3 * cacheMs);
    writeAlways(world);
    world.pods = [podWith("web", 24 * hour)];
    const [stolen = ""] = world.servers.map(({ running }) => running.signing);
    const rotation = world.rotation({ identities: readIdentities(identity) });
    const theft = theftOf(await rotation.look(), stolen);
    assert.equal(theft.answer.way, "promote");
    world.lost.add(stolen);
    await answerTheft(rotation, theft, false);
    assertNothingGained(world);
    assert.ok(world.servers.every(({ running }) => running.signing !== stolen));
  });

  test("plants nothing in a cluster whose servers remember nothing yet", async (t) => {
    const world = await attacked(t);
    writeAlways(world);
    for (let looks = 0; looks < 12; looks += 1) {
      for (const { record } of world.servers) record.empty();
      const { record } = (await world.rotation().look()).facts;
      assert.notEqual(record.next, planted);
      assert.notEqual(record.before, planted);
      assert.equal(record.sealed, undefined);
    }
    await world.rotation().prepare("RS256");
    assertNothingGained(world);
  });
});
