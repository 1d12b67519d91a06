import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { systemClock } from "../../../src/core/base/index.ts";
import { KeyFolder } from "../../../src/signer/index.ts";
import { signerEnvironment } from "../../../src/signer/manifests/index.ts";
import { mainFile, podtrustHere } from "../../support/cli.ts";
import { tokenIssuer } from "../../signer/grpc-client.ts";
import { until } from "../../support/until.ts";
import { freePorts } from "../harness/index.ts";

/** `podtrust signer run` as a process of its own, with a folder of its own. */
export interface SignerProcess {
  readonly folder: string;
  readonly state: string;
  readonly socket: string;
  readonly keys: KeyFolder;
  /** Of health, status and metrics. */
  readonly url: string;
  readonly output: () => string;
  /** Runs `podtrust signer ARGS --state …` and gives its JSON; throws what it printed where it failed. */
  readonly command: (...args: readonly string[]) => Promise<unknown>;
  /** Starts it, with these options as well, and waits until it listens. */
  readonly start: (...more: readonly string[]) => Promise<void>;
  readonly kill: (signal: NodeJS.Signals) => Promise<void>;
  readonly pid: () => number;
  /** Resident memory in megabytes. */
  readonly megabytes: () => Promise<number>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

async function metric(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text.split("\n").find((one) => one.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1));
}

/** Prepares one that runs as its source, or as the built program that is named. */
export async function prepareSigner(program: string = mainFile): Promise<SignerProcess> {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-signer-"));
  const [state, socket] = [join(folder, "state"), join(folder, "run", "signer.sock")];
  const [port] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess | undefined;
  let said = "";
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  };
  return {
    folder,
    state,
    socket,
    url,
    keys: new KeyFolder(state, systemClock),
    output: () => said,
    kill,
    async command(...args) {
      const { code, out, err } = await podtrustHere(["signer", ...args, "--state", state, "--json"], {
        clock: systemClock,
      });
      if (code !== 0) throw new Error(`signer ${args.join(" ")} ended with ${code}: ${err}${out}`);
      return JSON.parse(out) as unknown;
    },
    async start(...more) {
      const folders = ["--state", state, "--socket", socket];
      const options = ["--issuer", tokenIssuer, ...folders, "--listen", `127.0.0.1:${port}`, ...more];
      // As its unit and its static pod have it.
      const env = { PATH: process.env["PATH"], NODE_NO_WARNINGS: "1", ...signerEnvironment };
      child = spawn(process.execPath, [program, "signer", "run", ...options], { env });
      for (const stream of [child.stdout, child.stderr])
        stream?.setEncoding("utf8").on("data", (text: string) => (said += text));
      const { pid } = child;
      await until(
        `the signer ${pid} listens`,
        async () => {
          if (child?.exitCode !== null) throw new Error(`the signer ended: ${said}`);
          return (await fetch(`${url}/readyz`).catch(() => undefined))?.ok;
        },
        { detail: () => said },
      );
    },
    pid: () => child?.pid ?? 0,
    megabytes: async () => (await metric(url, "process_resident_memory_bytes")) / 1e6,
    async [Symbol.asyncDispose]() {
      await kill("SIGTERM");
      await rm(folder, { recursive: true, force: true });
    },
  };
}
