import { spawn } from "node:child_process";
import { once } from "node:events";
import { type IncomingMessage, request as requestPlain } from "node:http";
import { Agent, request } from "node:https";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { residentMiB } from "../../support/publisher-process.ts";
import type { Outcome } from "../trial.ts";
import { attackers } from "../trial.ts";
import { onWebhook } from "./attacks.ts";
import { chartShare } from "./processor-share.ts";
import { goodReview } from "./reviews.ts";

/** Where attackers come from: sixteen addresses of their own, or the one that everybody has, the API server included. */
export const origins = {
  "addresses of their own": attackers,
  "the API server's address": ["127.0.0.1"],
} as const;

export interface ListenerTrial {
  readonly attack: string;
  readonly connections: number;
  readonly addresses: readonly string[];
  readonly seconds: number;
  /** Seconds that a good client waits. */
  readonly timeoutSeconds: number;
  /** Each good review is about a ServiceAccount that was made just now. */
  readonly areNew?: boolean;
}

interface Listening {
  readonly webhook: number;
  readonly probes: number;
  readonly name: string;
  readonly root: string;
}

async function run(file: string, args: readonly string[]) {
  const child = spawn(process.execPath, [join(import.meta.dirname, file), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NODE_NO_WARNINGS: "1" },
  });
  const lines = child.stdout.setEncoding("utf8");
  const first = async (): Promise<string> => {
    let text = "";
    for await (const part of lines) {
      text += String(part);
      if (text.includes("\n")) return text;
    }
    throw new Error(`${file} ended without a word`);
  };
  return { child, first };
}

async function answerOf(asking: ReturnType<typeof request>): Promise<string> {
  const [response] = (await once(asking, "response")) as [IncomingMessage];
  let text = "";
  for await (const part of response) text += String(part);
  if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}: ${text}`);
  return text;
}

/** Reviews as an API server sends them: over connections that it keeps, and new ones where all are busy. */
export function apiServer({ webhook, name, root }: Listening, timeoutSeconds: number, areNew = false) {
  const agent = new Agent({ keepAlive: true, ca: root, servername: name });
  let asked = 0;
  return {
    async ask(): Promise<void> {
      asked += 1;
      const review = goodReview(areNew ? `new-${asked}` : "web");
      const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(review) };
      const signal = AbortSignal.timeout(timeoutSeconds * 1000);
      const options = { host: "127.0.0.1", port: webhook, path: "/inject", method: "POST", headers };
      const asking = request({ ...options, agent, signal });
      asking.end(review);
      if (!(await answerOf(asking)).includes('"patchType":"JSONPatch"')) throw new Error("no patch");
    },
    close: () => agent.destroy(),
  };
}

/** Probes as a kubelet sends them, each over a connection of its own. */
function kubelet({ probes: port }: Listening, timeoutSeconds: number) {
  return {
    async ask(): Promise<void> {
      const signal = AbortSignal.timeout(timeoutSeconds * 1000);
      const asking = requestPlain({ host: "127.0.0.1", port, path: "/readyz", agent: false, signal });
      asking.end();
      await answerOf(asking);
    },
    close: () => {},
  };
}

const reasonOf = (error: unknown): string => {
  const { code, name, message } = error as NodeJS.ErrnoException;
  return name === "TimeoutError" ? "no answer in time" : (code ?? message);
};

/** A victim of its own, until `work` is done; it has its share of a processor once it listens. */
export async function withVictim<T>(
  work: (at: Listening, pid: number, share: string) => Promise<T>,
): Promise<T> {
  const { child, first } = await run("victim.ts", []);
  let share: ReturnType<typeof chartShare> | undefined;
  try {
    const at = JSON.parse(await first()) as Listening;
    share = chartShare(child.pid ?? 0);
    return await work(at, child.pid ?? 0, share.by);
  } finally {
    share?.end();
    const ended = child.exitCode === null ? once(child, "close") : undefined;
    child.kill("SIGKILL");
    await ended;
  }
}

/** A hundred good questions, spread over the time of an attack on the same listener. */
export async function listenerUnder(trial: ListenerTrial): Promise<Outcome & { readonly share: string }> {
  return withVictim(async (at, pid, share) => {
    const { attack, connections, addresses, seconds, timeoutSeconds, areNew } = trial;
    const isWebhook = Object.hasOwn(onWebhook, attack);
    const good = (isWebhook ? apiServer : kubelet)(at, timeoutSeconds, areNew);
    const { now: before } = await residentMiB(pid);
    const target = { port: isWebhook ? at.webhook : at.probes, host: at.name, jwksPath: "", root: at.root };
    const order = { target, addresses, connections, seconds: seconds + 1 };
    const attacker = await run("attacker.ts", [attack, JSON.stringify(order)]);
    const done = attacker.first();
    done.catch(() => {});
    // It is in full course before the first of them comes.
    await sleep(1000);
    const failures: string[] = [];
    const times: number[] = [];
    const visit = async (index: number): Promise<void> => {
      await sleep((index * seconds * 1000) / 100);
      const begun = performance.now();
      try {
        await good.ask();
        times.push(performance.now() - begun);
      } catch (error) {
        failures.push(reasonOf(error));
      }
    };
    await Promise.all(Array.from({ length: 100 }, (_, index) => visit(index)));
    good.close();
    const outcomes = JSON.parse(await done) as Record<string, number>;
    const alive = await residentMiB(pid).catch(() => undefined);
    const memory = { before, peak: alive?.peak ?? Number.NaN, after: alive?.now ?? Number.NaN };
    return {
      clients: 100,
      failures,
      times: times.sort((a, b) => a - b),
      alive: alive !== undefined,
      memory,
      done: outcomes,
      share,
    };
  });
}
