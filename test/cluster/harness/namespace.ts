import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { untilGone } from "./endings.ts";
import { type Program, type Run, untilReady } from "./run.ts";
import { maxWait } from "../../support/until.ts";

const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** A program that runs in a node's namespaces. */
export interface Inmate {
  readonly program: Program;
  /** The program itself, as the machine counts. */
  readonly pid: number;
  /** Ends it and resolves when it is gone, not only whoever brought it in. */
  readonly stop: () => Promise<void>;
}

/** Mount and PID namespaces, and one of the network where that is asked for, that end with everything that is in them. */
export interface NodeNamespace {
  /** Their first process, as the machine counts. */
  readonly pid: number;
  readonly start: (name: string, command: string, args: readonly string[]) => Promise<Inmate>;
  /** Runs a program in them to its end and gives its stdout. */
  readonly exec: (command: string, args: readonly string[]) => Promise<string>;
}

function childOf(pid: number): number | undefined {
  const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ");
  return child === undefined || child === "" ? undefined : Number(child);
}

async function startIn(
  run: Run,
  enter: readonly string[],
  what: { name: string; command: string; args: readonly string[] },
): Promise<Inmate> {
  const { name, command, args } = what;
  const program = await run.start({
    name,
    command: "nsenter",
    args: [...enter, command, ...args],
    env: { PATH: path },
  });
  // Only a child can be in another PID namespace, so nsenter stays as its parent.
  const pid = await untilReady(program, () => {
    const child = childOf(program.pid);
    return child === undefined ? Promise.reject(new Error("no child yet")) : Promise.resolve(child);
  });
  return {
    program,
    pid,
    async stop() {
      await program.stop();
      await untilGone([pid]);
    },
  };
}

/**
 * Opens the namespaces; node-init.sh says what is in them. `state` is the folder for what the node stores. With a host name they
 * have one of UTS as well.
 */
export async function openNamespace(
  run: Run,
  state: string,
  network: "own" | "the machine's",
  hostname?: string,
): Promise<NodeNamespace> {
  const net = network === "own" ? ["--net"] : [];
  const uts = hostname === undefined ? [] : ["--uts"];
  const program = await run.start({
    name: "node-init",
    command: "unshare",
    args: [
      "--mount",
      ...net,
      ...uts,
      "--propagation=private",
      "--pid",
      "--fork",
      "--kill-child",
      "sh",
      fileURLToPath(new URL("node-init.sh", import.meta.url)),
      state,
      ...net,
    ],
    env: { PATH: path },
  });
  const pid = await untilReady(program, () => {
    const ready = /^ready (\d+)$/mu.exec(program.output());
    return ready === null ? Promise.reject(new Error("not ready yet")) : Promise.resolve(Number(ready[1]));
  });
  const enter = [`--target=${pid}`, "--mount", "--pid", ...net, ...uts, "--"];
  const exec: NodeNamespace["exec"] = async (command, args) => {
    const options = { env: { PATH: path }, timeout: maxWait, maxBuffer: 16 * 1024 * 1024 };
    return (await promisify(execFile)("nsenter", [...enter, command, ...args], options)).stdout;
  };
  if (hostname !== undefined) await exec("hostname", [hostname]);
  return { pid, exec, start: (name, command, args) => startIn(run, enter, { name, command, args }) };
}
