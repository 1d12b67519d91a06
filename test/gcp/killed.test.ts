/** The whole program, killed with SIGKILL while it makes or removes what a config's `gcp` names, and run twice at once. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { startStandInCluster, type StandInCluster } from "../../src/sandbox/index.ts";
import { type CliResult, podtrustChild, podtrustHere } from "../support/cli.ts";
import { type GoogleModel, membersIn, startGoogleModel } from "../support/google-model.ts";
import { isAtLength } from "../support/runs.ts";
import { SwiftClock } from "../support/swift-clock.ts";
import { email, principal, projectNumber } from "./google-world.ts";

const issuer = "https://oidc.example.com";
const config = `
stack: prod
identity: 3f2a91bc
issuer: ${issuer}
cluster: {kubeconfig: kubeconfig}
gcp:
  - project: shop-project
    projectNumber: "${projectNumber}"
    serviceAccounts: [{email: ${email}, serviceAccounts: [shop/web]}]
`;

describe("podtrust at Google", () => {
  let cluster: StandInCluster;
  let google: GoogleModel;
  let folder = "";
  let env: Readonly<Record<string, string>> = {};

  before(async () => {
    cluster = await startStandInCluster({ issuer });
    folder = await mkdtemp(join(tmpdir(), "podtrust-gcp-killed-"));
    await writeFile(join(folder, "podtrust.yaml"), config);
    await writeFile(join(folder, "kubeconfig"), cluster.kubeconfig());
  });

  /** An empty project. */
  async function fresh(): Promise<void> {
    await google?.close();
    google = await startGoogleModel();
    google.iam.addAccount(email);
    const credentials = join(folder, "credentials.json");
    await writeFile(credentials, JSON.stringify(google.credentials()));
    env = { GOOGLE_APPLICATION_CREDENTIALS: credentials, CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM: google.url };
  }

  after(async () => {
    await google?.close();
    await cluster?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const here = (...args: readonly string[]): Promise<CliResult> =>
    podtrustHere(args, { cwd: folder, clock: new SwiftClock(), env });

  async function must(...args: readonly string[]): Promise<void> {
    const { code, out, err } = await here(...args);
    assert.equal(code, 0, `${args.join(" ")}\n${out}${err}`);
  }

  /** Watches each call of the IAM API. */
  function onCall(seen: (calls: number) => void): () => void {
    const { calls } = google;
    const { push } = calls;
    let count = 0;
    calls.push = (...lines) => {
      count += lines.length;
      seen(count);
      return push.apply(calls, lines);
    };
    return () => {
      calls.push = push;
    };
  }

  /** How many calls a run makes. */
  async function callsOf(...args: readonly string[]): Promise<number> {
    let all = 0;
    const done = onCall((count) => {
      all = count;
    });
    await must(...args);
    done();
    return all;
  }

  async function killedAt(n: number, args: readonly string[]): Promise<void> {
    let done = (): void => undefined;
    const { code } = await podtrustChild(args, {
      cwd: folder,
      env,
      onStart(kill) {
        done = onCall((count) => {
          if (count === n) kill("SIGKILL");
        });
      },
    });
    done();
    assert.equal(code, null, `${args.join(" ")} was killed at call ${n}`);
  }

  /** What stands: all of it, once. */
  async function isWhole(when: string): Promise<void> {
    assert.equal((await here("plan", "--check")).code, 0, when);
    const { iam } = google;
    assert.deepEqual([...iam.pools.keys()], ["prod"], when);
    assert.deepEqual([...(iam.pool("prod")?.providers.keys() ?? [])], ["prod"], when);
    assert.deepEqual(membersIn(iam.policies.get(email) ?? {}), [principal()], when);
  }

  function isGone(when: string): void {
    const { iam } = google;
    assert.equal(iam.pool("prod")?.state, "DELETED", when);
    assert.deepEqual(membersIn(iam.policies.get(email) ?? {}), [], when);
  }

  /** By night each of so many calls, else the one in the middle. */
  const each = (calls: number): readonly number[] =>
    isAtLength ? Array.from({ length: calls }, (_, at) => at + 1) : [Math.ceil(calls / 2)];

  test("is finished by the next run, wherever SIGKILL ended an up or a down", async () => {
    await fresh();
    const [up, down] = [await callsOf("up", "--yes"), await callsOf("down", "--yes")];
    assert.ok(up >= 10 && down >= 6, `${up} calls up, ${down} down`);
    for (const n of each(up)) {
      await fresh();
      await killedAt(n, ["up", "--yes"]);
      await must("up", "--yes");
      await isWhole(`up, killed at call ${n}`);
    }
    for (const n of each(down)) {
      await fresh();
      await must("up", "--yes");
      await killedAt(n, ["down", "--yes"]);
      await must("down", "--yes");
      isGone(`down, killed at call ${n}`);
    }
  });

  test("is whole after two runs of up at once, and gone after two of down", async () => {
    await fresh();
    const both = async (...args: readonly string[]): Promise<void> => {
      const runs = await Promise.all([here(...args), here(...args)]);
      // One may find that the other has changed what it planned: it says so, and has changed nothing then.
      for (const { code, err } of runs) assert.ok(code === 0 || /plan-changed/u.test(err), err);
      assert.ok(runs.some(({ code }) => code === 0));
    };
    await both("up", "--yes");
    await must("up", "--yes");
    await isWhole("after two runs at once");
    await both("down", "--yes");
    await must("down", "--yes");
    isGone("after two runs at once");
  });
});
