import { rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { NodeNamespace } from "./namespace.ts";
import { type Program, type Run, untilReady } from "./run.ts";

const program = fileURLToPath(new URL("relay-program.ts", import.meta.url));
const proxyProgram = fileURLToPath(new URL("connect-proxy-program.ts", import.meta.url));
const node = ["--disable-warning=ExperimentalWarning"];

interface Ends {
  readonly from: object;
  readonly to: object;
}

async function listening(started: Promise<Program>): Promise<void> {
  const relay = await started;
  await untilReady(relay, () =>
    relay.output().includes("listening") ? Promise.resolve() : Promise.reject(new Error("not yet")),
  );
}

/** Ways between the machine's loopback and a node with a network of its own, which no interface joins. */
export class Relays {
  readonly #run: Run;
  readonly #namespace: NodeNamespace;

  constructor(run: Run, namespace: NodeNamespace) {
    this.#run = run;
    this.#namespace = namespace;
  }

  #args({ from, to }: Ends): readonly string[] {
    return [...node, program, JSON.stringify({ from, to })];
  }

  #outside(name: string, ends: Ends): Promise<void> {
    const spec = { name, command: process.execPath, args: this.#args(ends) };
    return listening(this.#run.start(spec));
  }

  #inside(name: string, ends: Ends): Promise<void> {
    const started = this.#namespace.start(name, process.execPath, this.#args(ends));
    return listening(started.then((inmate) => inmate.program));
  }

  #socket(name: string): string {
    const path = join(this.#run.folder, `${name}.sock`);
    rmSync(path, { force: true });
    return path;
  }

  /** What listens on a port of the machine's loopback is there on the same port of every address of the node. */
  async into(port: number): Promise<void> {
    const path = this.#socket(`in-${port}`);
    await this.#outside(`relay-in-${port}-outside`, { from: { path }, to: { host: "127.0.0.1", port } });
    await this.#inside(`relay-in-${port}`, { from: { host: "0.0.0.0", port }, to: { path } });
  }

  /** What listens on a port of the node's loopback, or where it leads to, is there on the same port of the machine's. */
  async outOf(port: number, to: { host: string; port: number } = { host: "127.0.0.1", port }): Promise<void> {
    const path = this.#socket(`out-${port}`);
    await this.#inside(`relay-out-${port}`, { from: { path }, to });
    await this.#outside(`relay-out-${port}-outside`, { from: { host: "127.0.0.1", port }, to: { path } });
  }

  /** Everything in the node's network is reached by an HTTP CONNECT at this socket file. */
  async proxy(path: string): Promise<void> {
    const started = this.#namespace.start("connect-proxy", process.execPath, [...node, proxyProgram, path]);
    await listening(started.then((inmate) => inmate.program));
  }
}
