/** The system of a machine that podtrust made, from its first boot on: over a real sshd, with stand-ins of apt and systemd. */
import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type Clock, defined, PodtrustError, systemClock } from "../../../src/core/base/index.ts";
import { HostConnection, type SshTarget, systemResource } from "../../../src/providers/host/index.ts";
import { applyPlan, type ApplyOutcome, type Known, planOf } from "../../../src/rules/plan/index.ts";
import { casesOf, testAtLength } from "../../support/runs.ts";
import { hostForEachTest, type SshHost, whyNoSshHost } from "../../support/ssh-host/index.ts";
import { SwiftClock } from "../../support/swift-clock.ts";

const missing = whyNoSshHost();
const options = defined({ skip: missing });

let host: SshHost;
let folder: string;
/** Where a cloud would remember which host keys the machine may show. */
let remembered: { current: string; next?: string };
let writes: number;

hostForEachTest("system", missing, async (made) => {
  ({ host, folder } = made);
  remembered = { current: host.hostKey };
  writes = 0;
  await writeFile(join(host.root, "run/stand-in/boot-id"), "00000000-0000-4000-8000-000000000000\n");
});

interface Trouble {
  /** The cloud refuses to remember, from this write on. */
  readonly refuseFrom?: number;
  readonly state?: string;
  readonly stack?: string;
  readonly clock?: Clock;
}

function connection({
  refuseFrom = Infinity,
  state = "state",
  stack = "prod",
  clock = systemClock,
}: Trouble = {}): HostConnection {
  const found = remembered;
  const target = (): Known<SshTarget> => ({
    known: true,
    value: {
      address: "127.0.0.1",
      port: host.port,
      user: host.user,
      // As a plan has it: what was found when it was made.
      hostKeys: [found.current, ...(found.next === undefined ? [] : [found.next])],
      keyFile: host.keyFile,
    },
  });
  return new HostConnection({
    env: { PATH: process.env["PATH"], HOME: folder },
    clock,
    stack,
    stateDir: join(folder, state),
    locator: {
      needs: [],
      target,
      remember(_inputs, keys) {
        writes += 1;
        if (writes >= refuseFrom) return Promise.reject(new Error("the cloud is away"));
        remembered = keys;
        return Promise.resolve();
      },
    },
  });
}

async function up(trouble: Trouble = {}): Promise<ApplyOutcome & { readonly waits: readonly string[] }> {
  const made = connection(trouble);
  const { stack = "prod", clock = systemClock } = trouble;
  const spec = { stack, identity: "3f2a91bc", isFresh: true, isRootUsed: host.user === "root" };
  const resource = systemResource({ connection: made, clock, spec });
  const waits: string[] = [];
  try {
    const outcome = await applyPlan(await planOf({ desired: [resource] }), {
      onEvent: (event) => void (event.type === "waiting" && waits.push(event.reason)),
    });
    return { ...outcome, waits };
  } finally {
    await made.close();
  }
}

async function changes(trouble: Trouble = {}): Promise<readonly string[]> {
  const made = connection(trouble);
  const spec = { stack: "prod", identity: "3f2a91bc", isFresh: true, isRootUsed: host.user === "root" };
  try {
    const { changes: all } = await planOf({
      desired: [systemResource({ connection: made, clock: systemClock, spec })],
    });
    return all.flatMap(({ fields }) => fields.map(({ field }) => field));
  } finally {
    await made.close();
  }
}

const failures = ({ failed }: ApplyOutcome): readonly string[] => failed.map(({ error }) => error.message);
const shownKey = async (): Promise<string> =>
  ((await host.file("etc/ssh/ssh_host_ed25519_key.pub")) ?? "").split(" ")[1] ?? "";

test(
  "a first boot is waited for, its packages upgraded, its reboot waited out, and nothing is left to do",
  options,
  async () => {
    await writeFile(join(host.root, "run/stand-in/first-boot"), "5");
    const outcome = await up();
    assert.deepEqual(failures(outcome), []);
    assert.ok(outcome.waits.some((reason) => /the first boot: cloud-init is running/u.test(reason)));
    assert.ok(
      outcome.waits.some((reason) => /reboot after the upgrade/u.test(reason)),
      outcome.waits.join("; "),
    );
    const calls = (await host.file("run/stand-in/calls")) ?? "";
    assert.match(calls, /install --no-install-recommends unattended-upgrades/u);
    assert.match(calls, /dist-upgrade/u);
    assert.deepEqual(await changes(), []);
    assert.equal((await up()).done.length, 0);
  },
);

test(
  "the first host key is replaced in the first connection, and the new one alone is pinned and remembered",
  options,
  async () => {
    const before = await shownKey();
    assert.deepEqual(failures(await up()), []);
    const after = await shownKey();
    assert.notEqual(after, before);
    assert.notEqual(remembered.current, host.hostKey);
    assert.equal(remembered.next, undefined);
    const pinned = await readFile(join(folder, "state", "known_hosts"), "utf8");
    assert.equal(pinned, `podtrust-prod ssh-ed25519 ${after}\n`);
    // Another machine knows it by the stored key.
    assert.deepEqual(await changes({ state: "another" }), []);
  },
);

for (const refuseFrom of casesOf([1, 2], 2)) {
  test(
    `a replacement of the host key that ended at step ${refuseFrom} is finished from any machine`,
    options,
    async () => {
      const first = await up({ refuseFrom });
      assert.match(failures(first).join(), /the cloud is away/u);
      writes = 0;
      const second = await up({ state: "another" });
      assert.deepEqual(failures(second), []);
      assert.equal(remembered.next, undefined);
      assert.deepEqual(await changes({ state: "a third" }), []);
    },
  );
}

testAtLength(
  "a password login that another file allows first is named, with what is in effect",
  options,
  async () => {
    await mkdir(join(host.root, "etc/ssh/sshd_config.d"), { recursive: true });
    await writeFile(join(host.root, "etc/ssh/sshd_config.d/05-theirs.conf"), "PasswordAuthentication yes\n");
    const [message = ""] = failures(await up());
    assert.match(message, /PasswordAuthentication yes.*another file of \/etc\/ssh\/sshd_config\.d/u);
  },
);

test("a machine whose upgrades are on gets what it lacks, and nothing else", options, async () => {
  assert.deepEqual(failures(await up()), []);
  const packages = (await host.file("run/stand-in/packages")) ?? "";
  await writeFile(join(host.root, "run/stand-in/packages"), packages.replace("\nlibatomic1\n", "\n"));
  await writeFile(join(host.root, "run/stand-in/calls"), "");
  assert.deepEqual(await changes(), ["needed packages"]);
  assert.deepEqual(failures(await up()), []);
  const calls = (await host.file("run/stand-in/calls")) ?? "";
  assert.deepEqual(calls.match(/install .*/gu), ["install --no-install-recommends libatomic1"]);
  assert.deepEqual(await changes(), []);
});

testAtLength("a machine of another stack is left alone", options, async () => {
  await up();
  const made = connection();
  const spec = { stack: "dev", identity: "3f2a91bc", isFresh: true, isRootUsed: true };
  const plan = await planOf({ desired: [systemResource({ connection: made, clock: systemClock, spec })] });
  await made.close();
  assert.match(plan.refusals[0]?.message ?? "", /belongs to podtrust stack "prod"/u);
});

testAtLength("a clock that is off is set and waited for", options, async () => {
  await writeFile(join(host.root, "run/stand-in/clock"), "1000000000");
  assert.deepEqual(failures(await up()), []);
});

test("a clock that stays off is named with how far, and with what cures it", options, async () => {
  await writeFile(join(host.root, "run/stand-in/clock"), "1000000000");
  await host.program("timedatectl", "exit 0");
  // A few looks are enough: between two of them a minute passes.
  class HastyClock extends SwiftClock {
    override sleep(ms: number, signal?: AbortSignal): Promise<void> {
      return super.sleep(ms * 20, signal);
    }
  }
  const { failed } = await up({ clock: new HastyClock() });
  const [error] = failed.map((one) => one.error);
  assert.ok(error instanceof PodtrustError && error.code === "host-wait-missed");
  assert.match(error.message, /the machine's clock: not within 180 s; last: it is \d{9} s off/u);
  assert.match(error.next, /time server \(UDP port 123\)/u);
});
