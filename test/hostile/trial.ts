import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { type PublisherProcess, residentMiB } from "../support/publisher-process.ts";
import type { AttackOrder } from "./attacker.ts";
import type { Target } from "./attacks/attack.ts";
import { type Answered, goodClients } from "./good-clients.ts";

/** Sixteen addresses, from which attacks come. Linux has all of 127.0.0.0/8. */
export const attackers: readonly string[] = Array.from({ length: 16 }, (_, index) => `127.0.0.${index + 2}`);

/** Where everybody comes from: each of the attackers, which are as strong as one another, and the good client of a number. */
export interface Origin {
  readonly attackers: readonly string[];
  readonly good: (index: number) => string;
}

const nat = "127.0.0.2";

/**
 * Each from an address of its own; or all from one, as behind a NAT or a Service that hides addresses. What comes from there
 * differs in nothing but what it does, so that three attackers hold fewer places than there are: 768 of 1,024.
 */
export const clientOrigins = {
  "addresses of their own": { attackers, good: (index) => `127.1.0.${index + 1}` },
  "the address of all good clients": { attackers: [nat, nat, nat], good: () => nat },
} as const satisfies Readonly<Record<string, Origin>>;

/** What an attack came to. */
export interface Outcome extends Answered {
  readonly alive: boolean;
  /** Resident MiB of the publisher: before, the highest during, and a while after. */
  readonly memory: { readonly before: number; readonly peak: number; readonly after: number };
  /** What the attackers did. */
  readonly done: Readonly<Record<string, number>>;
}

export interface TrialPlan {
  readonly seconds: number;
  readonly origin: Origin;
  /** Seconds that a good client waits. */
  readonly timeoutSeconds: number;
  /** Seconds after which memory is read again. */
  readonly rest: number;
  /** What good clients must get. */
  readonly expected: string;
}

async function attacker(name: string, order: AttackOrder): Promise<Record<string, number>> {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, "attacker.ts"), name, JSON.stringify(order)],
    {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, NODE_NO_WARNINGS: "1" },
    },
  );
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => (text += part));
  await once(child, "close");
  if (text === "") throw new Error(`the attacker of “${name}” did not come to its end`);
  return JSON.parse(text) as Record<string, number>;
}

/** The highest resident memory from now on, and not since the start. Linux, of one's own processes. */
const forgetPeak = (pid: number): Promise<void> => writeFile(`/proc/${pid}/clear_refs`, "5");

/** Looks at a publisher while something happens to it, as a hundred good clients and by its memory. */
export async function observed(
  publisher: PublisherProcess,
  target: Target,
  plan: TrialPlan,
  happening: (seconds: number) => Promise<Record<string, number>>,
): Promise<Outcome> {
  const { seconds, timeoutSeconds, expected, origin } = plan;
  const { now: before } = await residentMiB(publisher.pid);
  await forgetPeak(publisher.pid);
  const happens = happening(seconds + 1);
  happens.catch(() => {});
  // It is in full course before the first of them comes.
  await sleep(1000);
  const answered = await goodClients(target, {
    clients: 100,
    addressOf: origin.good,
    seconds,
    timeoutSeconds,
    expected,
  });
  const done = await happens;
  const { peak } = publisher.alive() ? await residentMiB(publisher.pid) : { peak: Number.NaN };
  await sleep(plan.rest * 1000);
  const alive = publisher.alive();
  const { now: after } = alive ? await residentMiB(publisher.pid) : { now: Number.NaN };
  return { ...answered, alive, memory: { before, peak, after }, done };
}

/** Attacks a publisher. */
export const underAttack = (
  publisher: PublisherProcess,
  name: string,
  target: Target,
  plan: TrialPlan,
): Promise<Outcome> =>
  observed(publisher, target, plan, (seconds) =>
    attacker(name, { target, addresses: plan.origin.attackers, seconds }),
  );
