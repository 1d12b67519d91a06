/**
 * `up` cut off at each of its calls to a machine, and run again: over a real sshd, with stand-ins of systemd, k3s and the
 * publisher. After each the machine is compared, file by file, with one on which it was not interrupted.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Clock, PodtrustError, systemClock } from "../../../src/core/base/index.ts";
import { HostConnection, systemResource } from "../../../src/providers/host/index.ts";
import { applyPlan, type ApplyOutcome, planOf } from "../../../src/rules/plan/index.ts";
import { type CaInReach, caInReach } from "../../support/ca-in-reach.ts";
import { type CliResult, podtrustChild, podtrustHere } from "../../support/cli.ts";
import {
  homeEnvironment,
  hostConfig,
  pinnedArchives,
  pinnedCli,
  publisherProgram,
  type SshHost,
  standInForK3s,
  standInForPublisher,
  startSshHost,
  whyNoSshHost,
  writeRelease,
} from "../../support/ssh-host/index.ts";
import { isAtLength, testAtLength } from "../../support/runs.ts";
import { until } from "../../support/until.ts";

const missing = whyNoSshHost("files of another group");
const { version } = JSON.parse(await readFile("package.json", "utf8")) as { version: string };

/** The CA of all machines here. */
let reach: CaInReach;

/** Time goes on as it does, and waits take a twentieth. */
const briskClock: Clock = {
  now: () => systemClock.now(),
  elapsed: () => systemClock.elapsed(),
  sleep: (ms, signal) => systemClock.sleep(ms / 20, signal),
};

/** A machine, and the files of the user who sets it up. */
interface Bench {
  readonly host: SshHost;
  readonly folder: string;
}

/** One `up`: whether it came to its end, and what it said where it did not. */
interface Outcome {
  readonly isDone: boolean;
  readonly said: string;
}

/** Something that is set up, and what is to be found there first. */
interface Work {
  prepare(bench: Bench): Promise<void>;
  up(bench: Bench): Promise<Outcome>;
  /** Nothing is left to do. */
  isSettled(bench: Bench): Promise<boolean>;
}

const fromCli = ({ code, out, err }: CliResult): Outcome => ({
  isDone: code === 0,
  said: err === "" ? out : err,
});

/** What is specified, and what was specified before it: everything that can be another is. */
async function config({ host, folder }: Bench, when: "before" | "now" = "now"): Promise<void> {
  const archives =
    when === "now"
      ? await pinnedArchives(folder, { cilium: await pinnedCli(folder) })
      : `${await pinnedArchives(folder, { version: "v1.35.9+k3s1" })}\n  cni: flannel`;
  await writeRelease(join(folder, "release"), version, publisherProgram(when));
  await reach.prepare(folder);
  await writeFile(
    join(folder, "podtrust.yaml"),
    `${hostConfig(host)}${archives}
publisher: {release: release, https: {acme: {email: ${when}@example.com, ${reach.acme}}}}
`,
  );
}

const upArguments = (only: string): string[] => ["up", "--only", only, "--yes"];

/** A part of what `podtrust up` does, by the command: on an empty machine, or on one that was set up otherwise before. */
function byCommand(
  only: string,
  standIn: (host: SshHost) => Promise<void>,
  when: "empty" | "otherwise" = "empty",
): Work {
  const podtrust = ({ folder }: Bench, ...args: string[]): Promise<CliResult> =>
    podtrustHere(args, { cwd: folder, env: homeEnvironment(folder), clock: briskClock });
  return {
    async prepare(bench) {
      await standIn(bench.host);
      if (when === "otherwise") {
        await config(bench, "before");
        assert.equal((await podtrust(bench, ...upArguments(only))).code, 0);
      }
      await config(bench);
    },
    up: async (bench) => fromCli(await podtrust(bench, ...upArguments(only))),
    isSettled: async (bench) => (await podtrust(bench, "plan", "--check", "--only", only)).code === 0,
  };
}

/** Where a cloud remembers which host keys a machine may show. */
const remembered = new WeakMap<SshHost, { current: string; next?: string }>();

async function withSystem<T>(
  { host, folder }: Bench,
  work: (resource: ReturnType<typeof systemResource>) => Promise<T>,
): Promise<T> {
  const connection = new HostConnection({
    env: homeEnvironment(folder),
    clock: briskClock,
    stack: "prod",
    stateDir: join(folder, "state", "prod"),
    locator: {
      needs: [],
      target() {
        const { current, next } = remembered.get(host) ?? { current: host.hostKey };
        const hostKeys = next === undefined ? [current] : [current, next];
        const { port, user, keyFile } = host;
        return { known: true, value: { address: "127.0.0.1", port, user, keyFile, hostKeys } };
      },
      remember: async (_inputs, keys) => void remembered.set(host, keys),
    },
  });
  const spec = { stack: "prod", identity: "3f2a91bc", isFresh: true, isRootUsed: true };
  try {
    return await work(systemResource({ connection, clock: briskClock, spec }));
  } finally {
    await connection.close();
  }
}

const textOf = (error: unknown): string =>
  error instanceof PodtrustError ? `${error.code}: ${error.message} ${error.next}` : String(error);

const fromPlan = ({ failed }: ApplyOutcome): Outcome => ({
  isDone: failed.length === 0,
  said: failed.map(({ error }) => textOf(error)).join("\n"),
});

/** The system of a machine from its first boot on: with its host key, its upgrade and its reboot. */
const firstDay: Work = {
  async prepare({ host }) {
    await standInForK3s(host);
    await writeFile(join(host.root, "run/stand-in/boot-id"), "00000000-0000-4000-8000-000000000000\n");
  },
  up: (bench) =>
    withSystem(bench, async (resource) => {
      try {
        return fromPlan(await applyPlan(await planOf({ desired: [resource] })));
      } catch (error) {
        return { isDone: false, said: textOf(error) };
      }
    }),
  isSettled: (bench) =>
    withSystem(bench, async (resource) => {
      const { changes } = await planOf({ desired: [resource] });
      return changes.every(({ kind }) => kind === "none");
    }),
};

/**
 * Everything on the machine, a line each with kind, mode, owner and sum, and what was read by what runs there. Left out are what the stand-ins keep for
 * themselves, what k3s makes for itself, and the host key, which is another each time, as accounts at the CA are.
 */
function treeOf({ host }: Bench): string {
  const script = String.raw`
set -e
find . -path ./run -prune -o -path './etc/ssh/ssh_host_*' -prune -o -path ./var/lib/podtrust/host-key -printf '%P %y %m %U:%G\n' -o -printf '%P %y %m %U:%G %l\n' | sort
find . -path ./run -prune -o -path './etc/ssh/ssh_host_*' -prune -o -path ./var/lib/podtrust/host-key -prune -o -path '*/certificates/accounts/*' -prune -o -path './var/lib/rancher/k3s/server*/*' -prune -o -type f -exec sha256sum {} + | sort -k 2
echo "running: $(cat run/stand-in/started 2>/dev/null)"`;
  return execFileSync("sh", ["-c", script], { cwd: host.root, encoding: "utf8" });
}

async function onBench<T>(work: Work, use: (bench: Bench) => Promise<T>): Promise<T> {
  const host = await startSshHost();
  const folder = await mkdtemp(join(tmpdir(), "podtrust-interrupted-"));
  try {
    await mkdir(join(folder, "tmp"));
    const bench = { host, folder };
    await work.prepare(bench);
    return await use(bench);
  } finally {
    await host.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** A machine on which `up` was not interrupted: how it ended, and what was called on the way. */
interface Undisturbed {
  readonly tree: string;
  /** Scripts, in their order. */
  readonly calls: readonly string[];
}

const undisturbedOnes = new Map<Work, Promise<Undisturbed>>();

function undisturbed(work: Work): Promise<Undisturbed> {
  const made = undisturbedOnes.get(work);
  if (made !== undefined) return made;
  const making = onBench(work, async (bench) => {
    await bench.host.watch();
    const { isDone, said } = await work.up(bench);
    assert.ok(isDone, said);
    const calls = (await bench.host.sessions()).map(({ script }) => script);
    assert.ok(await work.isSettled(bench));
    const tree = treeOf(bench);
    assert.doesNotMatch(tree, /podtrust-new|incoming\/.|_next_host|changing/u);
    return { tree, calls };
  });
  undisturbedOnes.set(work, making);
  return making;
}

const isLost = (said: string): boolean => /ssh-lost/u.test(said) && /Run the same command again/u.test(said);

/** Of so many calls one is cut. */
const [everyCall, cutCalls] = isAtLength ? [1, "each call"] : [10, "every tenth call"];

/**
 * Cuts the connection at the calls that `up` makes, once in the middle of what the call reads, once before its answer,
 * and runs it again after each; gives how often.
 */
async function cutEverywhere(work: Work): Promise<number> {
  const { tree } = await undisturbed(work);
  return onBench(work, async (bench) => {
    const { host } = bench;
    await host.watch(everyCall, "each call");
    for (let runs = 0; runs < 100; runs += 1) {
      const { isDone, said } = await work.up(bench);
      if (isDone) break;
      assert.ok(isLost(said), said);
    }
    const count = await host.cuts();
    await host.watch();
    assert.ok((await work.up(bench)).isDone);
    assert.equal(treeOf(bench), tree);
    return count;
  });
}

/** Cuts the connection after one step, and runs it again. */
async function cutAfter(work: Work, step: RegExp): Promise<void> {
  const { tree, calls } = await undisturbed(work);
  const at = calls.findIndex((script) => step.test(script)) + 1;
  assert.ok(at > 0, String(step));
  await onBench(work, async (bench) => {
    await bench.host.watch(at, "answer lost");
    const first = await work.up(bench);
    assert.ok(!first.isDone && isLost(first.said), first.said);
    await bench.host.watch();
    const second = await work.up(bench);
    assert.ok(second.isDone, second.said);
    assert.equal(treeOf(bench), tree);
  });
}

/** Kills the process of an `up` while the machine does what the script says, and runs it again. */
async function killed(only: string, work: Work, during: RegExp): Promise<void> {
  const { tree, calls } = await undisturbed(work);
  const at = calls.findIndex((script) => during.test(script)) + 1;
  assert.ok(at > 0, String(during));
  await onBench(work, async (bench) => {
    const { host, folder } = bench;
    await host.watch(at, "held");
    let kill = (): void => {};
    const child = podtrustChild(upArguments(only), {
      cwd: folder,
      env: homeEnvironment(folder),
      onStart: (signal) => (kill = () => signal("SIGKILL")),
    });
    await until("the begin of what is held", () => host.held().hasBegun, { everyMs: 20 });
    kill();
    assert.equal((await child).code, null);
    await until("the end of what is held", () => host.held().hasEnded, { everyMs: 20 });
    await host.watch();
    const second = await work.up(bench);
    assert.ok(second.isDone, second.said);
    assert.equal(treeOf(bench), tree);
  });
}

describe("up that is cut off on a machine", { skip: missing ?? false }, () => {
  before(async () => {
    reach = await caInReach();
  });
  after(() => reach.ca.close());
  const k3s = byCommand("k3s", standInForK3s);
  const publisher = byCommand("publisher", standInForPublisher);
  const k3sChange = byCommand("k3s", standInForK3s, "otherwise");
  const publisherChange = byCommand("publisher", standInForPublisher, "otherwise");
  for (const [what, work, least] of [
    ["its system, from the first boot on", firstDay, 15],
    ["k3s, with Cilium and its command", k3s, 20],
    ["the publisher", publisher, 15],
    ["a change of all of k3s", k3sChange, 20],
    ["a change of all of the publisher", publisherChange, 10],
  ] as const) {
    test(`${what}: the connection lost at ${cutCalls}, runs that follow end where one ends that nobody disturbed`, async (context) => {
      const count = await cutEverywhere(work);
      context.diagnostic(`${count} cuts`);
      assert.ok(count >= least / everyCall, String(count));
    });
  }
  // In a row of cuts a later step starts anew what an earlier one left: so each of these by itself.
  for (const [what, work, step] of [
    ["k3s's config was written", k3sChange, /90-podtrust\.yaml\.podtrust-new/u],
    ["k3s's binary was put in place", k3sChange, /mv -f "\$new" \/usr\/local\/bin\/k3s/u],
    ["the publisher's config was written", publisherChange, /publisher\.yaml\.podtrust-new/u],
    ["the publisher's version was switched", publisherChange, /\[ "\$before" != versions/u],
  ] as const) {
    testAtLength(
      `the connection lost after ${what}, a second run has what is new run, and not what was before`,
      {},
      () => cutAfter(work, step),
    );
  }
  for (const [what, only, work, during] of [
    ["k3s's config is written", "k3s", k3s, /90-podtrust\.yaml\.podtrust-new/u],
    ["k3s's binary is sent", "k3s", k3s, /cat >\/var\/lib\/podtrust\/incoming/u],
    ["k3s is started", "k3s", k3s, /systemctl start k3s/u],
    ["the publisher is sent", "publisher", publisher, /-dc >"\$new/u],
  ] as const) {
    testAtLength(
      `the process killed while ${what}, a second run ends where one ends that nobody disturbed`,
      {},
      () => killed(only, work, during),
    );
  }
});
