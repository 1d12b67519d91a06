import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { recordOf } from "../../../src/core/base/index.ts";
import { defaultPodSettings } from "../../../src/config/pods/settings.ts";
import { createCgroup, hierarchies, removeCgroup } from "../../cluster/harness/cgroup.ts";

/** Thousandths of a processor that the chart asks for. */
const millicores = Number.parseInt(
  String(recordOf(recordOf(defaultPodSettings.resources)["requests"])["cpu"]),
  10,
);
const periodUs = 100_000;
const quotaUs = (millicores * periodUs) / 1000;

/** What gives a cgroup that share whatever else the machine does, and no more; of version 2, and of version 1. */
const shares: readonly (readonly (readonly [file: string, value: string])[])[] = [
  // https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu
  [
    ["cpu.max", `${quotaUs} ${periodUs}`],
    ["cpu.weight", "10000"],
  ],
  // https://docs.kernel.org/scheduler/sched-bwc.html
  [
    ["cpu.cfs_period_us", String(periodUs)],
    ["cpu.cfs_quota_us", String(quotaUs)],
    ["cpu.shares", "262144"],
  ],
];

/** Puts the process into a cgroup of that share; undefined where none can be made. */
function byCgroup(pid: number): (() => void) | undefined {
  const name = `podtrust-listener-${pid}`;
  const end = (): void => removeCgroup(name);
  try {
    createCgroup(name);
    for (const folder of hierarchies().map((hierarchy) => join(hierarchy, name))) {
      const share = shares.find((all) => all.every(([file]) => existsSync(join(folder, file))));
      if (share === undefined) continue;
      for (const [file, value] of [...share, ["cgroup.procs", String(pid)] as const])
        writeFileSync(join(folder, file), value);
      return end;
    }
  } catch {
    // Neither root, nor a hierarchy that may be written.
  }
  end();
  return undefined;
}

/** Ticks of the processor, hundredths of a second, that a process has used. */
function ticksOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  const [user, system] = text
    .slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 13);
  return Number(user) + Number(system);
}

/** Stops the process whenever it has used more than its share, and lets it go on afterwards. */
function byStops(pid: number): () => void {
  const over = new AbortController();
  const [begun, used] = [performance.now(), ticksOf(pid)];
  const pace = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const allowed = ((performance.now() - begun) / 10) * (millicores / 1000);
      process.kill(pid, ticksOf(pid) - used > allowed + 1 ? "SIGSTOP" : "SIGCONT");
      await sleep(20, undefined, { signal: over.signal });
    }
  };
  void pace().catch(() => {});
  return () => over.abort();
}

/**
 * Gives a process the share of a processor that the chart asks for, as it has it where others take all they can: in a cgroup,
 * or where none can be made by stopping it. `end` before the process is gone; `by` says which it was.
 */
export function chartShare(pid: number): { readonly by: string; readonly end: () => void } {
  const inCgroup = byCgroup(pid);
  return inCgroup === undefined
    ? { by: `${millicores}m, by SIGSTOP, since no cgroup can be made here`, end: byStops(pid) }
    : { by: `${millicores}m, in a cgroup`, end: inCgroup };
}
