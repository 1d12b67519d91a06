import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { lookAtResident, startResident, untilResident } from "./resident.ts";
import { cacheSeconds, type Guide } from "./world.ts";

interface Keys {
  readonly kid: string;
  readonly state: string;
  readonly visibleAt: number;
}

async function keysOf(guide: Guide): Promise<readonly Keys[]> {
  const { out } = await guide.podtrust(["rotate", "status", "--json"]);
  return (JSON.parse(out) as { issuers: { keys: Keys[] }[] }).issuers[0]?.keys ?? [];
}

const stateOf = async (guide: Guide, kid: string): Promise<string | undefined> =>
  (await keysOf(guide)).find((key) => key.kid === kid)?.state;

/** The new key is published, and every cache that keeps to Cache-Control, as the sandbox's AWS does, has it. */
async function publish(guide: Guide, kid: string): Promise<void> {
  await guide.until("the new key's publication", async () => (await stateOf(guide, kid)) !== undefined);
  const key = (await keysOf(guide)).find((one) => one.kid === kid);
  await sleep(Math.max(0, (key?.visibleAt ?? 0) - Date.now()));
}

/**
 * The API server's key is replaced with an overlap while a pod runs. The pod, and a checker with a token of each key,
 * ask STS several times a second all the while. At the end the old key is distrusted, and nobody gets in by it.
 */
export async function step(guide: Guide): Promise<void> {
  const [cluster, live, account] = [guide.the("cluster"), guide.the("live"), guide.the("account")];
  guide.closing.defer(() => live.stop());
  const old = cluster.keys().signer;
  const oldToken = await guide.mint();
  live.add("old key", oldToken);
  await startResident(guide);
  await untilResident(guide, "the pod's first questions", ({ asked }) => asked > 0);

  const fresh = cluster.createKey();
  await cluster.useKeys({ signer: old, verifiers: [old, fresh] });
  await publish(guide, fresh.kid);
  await cluster.useKeys({ signer: fresh, verifiers: [fresh, old] });
  live.add("new key", await guide.mint());
  await guide.renewPublisherToken();
  // What comes to every pod after 80 % of its token's life comes to this one at once.
  await cluster.node.kubelet.restart();
  await untilResident(guide, "the pod's new token", ({ kid }) => kid === fresh.kid);
  await cluster.useKeys({ signer: fresh, verifiers: [fresh] });
  await guide.until("a look without the old key", async () => (await stateOf(guide, old.kid)) === "retained");
  await sleep(cacheSeconds * 1000);
  assert.ok("arn" in (await account.ask(oldToken)), "a dropped key's tokens stay good until they end");

  live.remove("old key");
  await guide.podtrust(["rotate", "distrust", old.kid]);
  await guide.until("the refusal of its token", async () => "code" in (await account.ask(oldToken)));
  for (let times = 0; times < 10; times += 1) {
    const refused = await account.ask(oldToken);
    assert.ok("code" in refused, "a token of the distrusted key was let in");
    assert.equal(refused.code, "InvalidIdentityToken");
  }
  assert.deepEqual(live.refusals, []);
  assert.ok(live.asked >= 50, `only ${live.asked} asked`);
  const resident = await lookAtResident(guide);
  assert.deepEqual(resident.refusals, []);
  assert.ok(resident.asked >= 40, `the pod asked only ${resident.asked} times`);
}
