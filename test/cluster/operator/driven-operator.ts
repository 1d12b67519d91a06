import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { OperatorOptions, OperatorStatus } from "../../../src/operator/index.ts";
import { freePorts } from "../harness/index.ts";
import { until } from "../../support/until.ts";
import type { BindingsWorld } from "../bindings/world.ts";

/**
 * What is under way ends in milliseconds; on a slow machine in seconds, and then its clock waits for it. Who has a server that
 * says nothing asks for less.
 */
const defaultWaitMs = 5000;

/** How an operator is started. */
export interface DrivenOptions extends Pick<
  OperatorOptions,
  "identity" | "silenceMs" | "leaseDurationMs" | "canary" | "configMaps" | "webhook" | "roleMap"
> {
  /** Of the operator's own rights. */
  readonly kubeconfig: string;
  /** By how much its time of day is wrong, in milliseconds. */
  readonly skewMs: number;
}

/** What its program is told at its start. */
export interface ProgramOptions extends DrivenOptions {
  readonly port: number;
}

/** What its program is told while it runs. */
export type Order = { readonly id: number } & (
  | {
      readonly do: "move";
      /** By how much its clock is moved. */
      readonly ms: number;
      /** At a time: less than anything waits for an answer, so that none is late. */
      readonly stepMs: number;
      /** For so long what is under way is waited for after each step. */
      readonly waitMs: number;
    }
  | { readonly do: "measure" }
  | { readonly do: "end" }
);

/** What a process holds, counted after a full garbage collection. */
export interface Usage {
  readonly heapBytes: number;
  /** Of all Maps and Sets together: of every queue, cache, index and list of subscribers, whoever owns it. */
  readonly entries: number;
  /** AbortSignals. */
  readonly signals: number;
  /** Who waits for a time to come. */
  readonly sleeping: number;
  /** Node's own timers. */
  readonly timers: number;
  readonly sockets: number;
  /** Of the signal by which the whole process ends. */
  readonly listeners: number;
}

export interface OperatorAnswer {
  readonly id: number;
  /** By its clock, milliseconds since the epoch. */
  readonly now: number;
  /** Watches since its start that the server refused to go on with (410). */
  readonly gone: number;
  readonly usage?: Usage;
}

type Spec = Order extends infer One ? (One extends Order ? Omit<One, "id"> : never) : never;

/** An operator with bindings, a process of its own, whose clock stands still unless it is moved. */
export class DrivenOperator {
  readonly #child: ChildProcess;
  readonly #address: string;
  readonly #asked = new Map<number, PromiseWithResolvers<OperatorAnswer>>();
  #orders = 0;
  #said = "";
  #last: OperatorAnswer = { id: 0, now: 0, gone: 0 };

  private constructor(child: ChildProcess, address: string) {
    this.#child = child;
    this.#address = address;
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#said = (this.#said + text).slice(-100_000);
    });
    child.on("message", (answer: OperatorAnswer) => {
      this.#last = answer;
      this.#asked.get(answer.id)?.resolve(answer);
      this.#asked.delete(answer.id);
    });
    child.on("exit", () => {
      for (const { reject } of this.#asked.values())
        reject(new Error(`the operator has ended:\n${this.#said}`));
    });
  }

  /** Starts one, and resolves once it runs. */
  static async start({ aws, sandbox }: BindingsWorld, options: DrivenOptions): Promise<DrivenOperator> {
    const [port = 0] = await freePorts(1);
    const program = fileURLToPath(new URL("operator-program.ts", import.meta.url));
    const child = fork(program, [JSON.stringify({ ...options, port } satisfies ProgramOptions)], {
      execArgv: ["--expose-gc", "--disable-warning=ExperimentalWarning"],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      env: {
        PATH: process.env["PATH"],
        AWS_ENDPOINT_URL: aws.url,
        AWS_ACCESS_KEY_ID: sandbox.admin.accessKeyId,
        AWS_SECRET_ACCESS_KEY: sandbox.admin.secretAccessKey,
      },
    });
    const driven = new DrivenOperator(child, `http://127.0.0.1:${port}`);
    const begun = await Promise.race([once(child, "message"), once(child, "exit")]);
    assert.equal(typeof begun[0], "object", `the operator ended at its start:\n${driven.#said}`);
    return driven;
  }

  /** What it has written to standard error: a line of JSON each. */
  get log(): string {
    return this.#said;
  }

  /** By its own clock. */
  get now(): number {
    return this.#last.now;
  }

  /** Watches since its start that the server refused to go on with (410). */
  get gone(): number {
    return this.#last.gone;
  }

  #order(spec: Spec): Promise<OperatorAnswer> {
    this.#orders += 1;
    const id = this.#orders;
    const asked = Promise.withResolvers<OperatorAnswer>();
    this.#asked.set(id, asked);
    this.#child.send({ id, ...spec }, (error) => {
      if (error !== null) asked.reject(new Error(`the operator has ended: ${error.message}`));
    });
    return asked.promise;
  }

  /** Moves its clock, and lets what that begins come to its end after each step. */
  async move(ms: number, { stepMs = 4000, waitMs = defaultWaitMs } = {}): Promise<void> {
    await this.#order({ do: "move", ms, stepMs, waitMs });
  }

  async measure(): Promise<Usage> {
    const { usage } = await this.#order({ do: "measure" });
    assert.ok(usage !== undefined);
    return usage;
  }

  async #get(path: string): Promise<string> {
    const answer = await fetch(`${this.#address}${path}`);
    return answer.text();
  }

  async status(): Promise<OperatorStatus> {
    return JSON.parse(await this.#get("/status")) as OperatorStatus;
  }

  /** A sample of its metrics, by its name with its labels. */
  async metric(name: string): Promise<number | undefined> {
    const lines = (await this.#get("/metrics")).split("\n");
    const line = lines.find((one) => one.startsWith(`${name} `));
    return line === undefined ? undefined : Number(line.slice(name.length + 1));
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  /** Ends it in good order. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, "exit");
    await this.#order({ do: "end" });
    await exit;
  }
}

/** How an operator's clock is moved on. */
export interface Moves {
  /** By so much, at the most. */
  readonly withinMs?: number;
  readonly stepMs?: number;
  /** For so long what is under way is waited for after each step; little where a server says nothing. */
  readonly waitMs?: number;
}

/** Moves the clock of an operator on until it is so: by ten minutes of it at the most, however slow the machine is. */
export async function movedUntil(
  operator: DrivenOperator,
  condition: () => boolean | Promise<boolean>,
  what: string,
  { withinMs = 600_000, stepMs = 2000, waitMs = defaultWaitMs }: Moves = {},
): Promise<void> {
  let moved = 0;
  const isSo = async (): Promise<boolean> => {
    if (await condition()) return true;
    assert.ok(
      moved < withinMs,
      `it did not come to this within ${withinMs / 1000} s of its clock: ${what}\n${operator.log.slice(-4000)}`,
    );
    moved += stepMs;
    await operator.move(stepMs, { stepMs, waitMs });
    return false;
  };
  await until(what, isSo, { everyMs: 10, detail: () => operator.log.slice(-4000) });
}
