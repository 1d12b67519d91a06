/** `podtrust signer promote` asks what rotate asks: is the key published, and for long enough? */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { systemClock } from "../../src/core/base/index.ts";
import { testAuthority } from "../support/certificates.ts";
import { type CliResult, podtrustHere } from "../support/cli.ts";
import { startIssuer } from "../support/issuer-server.ts";
import { ecKey } from "../support/sandbox.ts";
import { signed, signerWorld, type SignerWorld } from "./world.ts";

const authority = await testAuthority();
const hour = 3_600_000;
const minute = 60_000;

interface PromoteWorld extends SignerWorld {
  readonly old: string;
  readonly next: string;
  /** What relying parties are shown from now on. */
  readonly publish: (...kids: readonly string[]) => void;
  /** Runs it so many milliseconds later. */
  readonly promote: (later: number, ...args: readonly string[]) => Promise<CliResult>;
  readonly signs: () => Promise<string>;
}

async function promoteWorld(t: TestContext): Promise<PromoteWorld> {
  const world = await signerWorld(t);
  const { keys, folder, state } = world;
  const [old, next] = [(await keys.create("ES256")).kid, (await keys.create("ES256")).kid];
  await world.serve();
  const issuer = await startIssuer(authority);
  t.after(() => issuer.close());
  await writeFile(join(folder, "root.pem"), authority.root);
  await writeFile(
    join(folder, "podtrust.yaml"),
    `stack: prod
issuer: ${issuer.issuer}
publisher: {source: {kubeconfig: none}, insecurePlainHttpBehindProxy: {listen: ["127.0.0.1:8080"]}}
aws: [{account: "111122223333", region: eu-central-1}]
`,
  );
  const jwk = (kid: string): object => ({ ...ecKey("x").jwk, kid });
  const publish: PromoteWorld["publish"] = (...kids) => issuer.publish(kids.map(jwk));
  publish(old);
  const [rule] = issuer.connectTo;
  const route = ["--connect-to", `${rule?.host}:443:${rule?.address}:${rule?.toPort}`, "--ca", "root.pem"];
  const asked = world.client();
  return {
    ...world,
    old,
    next,
    publish,
    promote: (later, ...args) =>
      podtrustHere(["signer", "promote", "--state", state, ...route, ...args], {
        cwd: folder,
        clock: { ...systemClock, now: () => systemClock.now() + later },
      }),
    signs: async () => (await signed(asked)).header.kid,
  };
}

function refusedAs({ code, out, err }: CliResult, error: string, words: RegExp): void {
  assert.equal(code, 1, out + err);
  assert.match(err, new RegExp(`^code: {2}${error}$`, "mu"));
  assert.match(err, words);
}

describe("podtrust signer promote", () => {
  test("right after create is refused: nobody is shown the key yet, and the old one signs on", async (t) => {
    const { old, promote, signs } = await promoteWorld(t);
    refusedAs(await promote(0), "signer-not-published", /is not published as seen from outside over IPv4/u);
    refusedAs(await promote(48 * hour), "signer-not-published", /is not published/u);
    assert.equal(await signs(), old);
  });

  test("waits from the first look that finds the key published until every cache has it", async (t) => {
    const { old, next, publish, promote, signs } = await promoteWorld(t);
    publish(old, next);
    const young = await promote(0);
    refusedAs(
      young,
      "signer-key-young",
      /10s until every publisher has it, 1m of Cache-Control, 1h of relying/u,
    );
    assert.match(young.err, /^next: {2}Run it again from \d{4}-\S+Z on\./mu);
    refusedAs(await promote(hour), "signer-key-young", /is known to be published since/u);
    assert.equal(await signs(), old);
    publish(old);
    refusedAs(await promote(hour + 2 * minute), "signer-not-published", /is not published/u);
    publish(old, next);
    assert.equal((await promote(hour + 2 * minute)).code, 0);
    assert.equal(await signs(), next);
  });

  test("goes back at once to the key that signed, and not to one that was left out of discovery since", async (t) => {
    const { old, next, keys, publish, promote, signs } = await promoteWorld(t);
    publish(old, next);
    assert.equal((await promote(0, "--now")).code, 0);
    assert.equal((await promote(2 * hour, old)).code, 0);
    assert.equal(await signs(), old);
    await keys.exclude(next, true);
    await keys.exclude(next, false);
    refusedAs(await promote(2 * hour, next), "signer-key-young", /is known to be published since/u);
  });

  test("takes a person's word for when it was published, and none for the future", async (t) => {
    const { next, promote, signs } = await promoteWorld(t);
    const ago = (ms: number): string => `${new Date(systemClock.now() - ms).toJSON().slice(0, 16)}Z`;
    refusedAs(await promote(0, "--published-since", ago(hour)), "signer-key-young", /until/u);
    refusedAs(await promote(0, "--published-since", ago(-hour)), "signer-key-young", /until/u);
    assert.equal((await promote(0, "--published-since", "yesterday")).code, 2);
    assert.equal((await promote(0, "--published-since", ago(hour), "--now")).code, 2);
    // Where no config says which relying parties there are, the slowest counts.
    const nowhere = ["-f", "absent.yaml", "--published-since"];
    refusedAs(await promote(0, ...nowhere, ago(2 * hour)), "signer-key-young", /1d of relying parties/u);
    const unread = await promote(0, "-f", "absent.yaml");
    assert.deepEqual([unread.code, /config-unreadable/u.test(unread.err)], [2, true]);
    assert.equal((await promote(0, "--published-since", ago(hour + 2 * minute))).code, 0);
    assert.equal(await signs(), next);
  });

  test("--now asks for nothing", async (t) => {
    const { next, promote, signs } = await promoteWorld(t);
    assert.equal((await promote(0, "--now", "-f", "absent.yaml")).code, 0);
    assert.equal(await signs(), next);
  });
});
