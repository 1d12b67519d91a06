import { delimiter } from "node:path";
import type { Command } from "commander";
import { PodtrustError, errorText } from "../../core/base/index.ts";
import { unbroken, untilEnded } from "../../core/terminal/index.ts";
import type { CommandContext } from "../context.ts";
import type { Config } from "../../config/index.ts";
import type { ForwardedCluster, Machine } from "../../stack/index.ts";
import type { CommandUses } from "../../core/command-line/index.ts";

interface TunnelOptions {
  readonly file: string;
  readonly port: string;
  readonly merge?: boolean;
}

/** Examples and guide of the command. */
export const uses: CommandUses = {
  tunnel: {
    examples: ["podtrust tunnel", "podtrust tunnel --port 6443", "podtrust tunnel -f staging.yaml"],
    guide: "machine",
  },
};

/** `podtrust tunnel`: the cluster's API on a port of this machine, for as long as it runs. */
export function define(command: Command, context: CommandContext): void {
  command
    .option("-f, --file <file>", "config file", "podtrust.yaml")
    .option("--port <port>", "loopback port", "6443")
    .option("--merge", "put the cluster into your kubeconfig, as a context named after the stack")
    .addHelpText(
      "after",
      "\nWithout --merge your kubeconfig is not touched; a file of its own is named, and gone at the end.\n",
    )
    .action((options: TunnelOptions) => runTunnel(context, options));
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/u.test(text) && port >= 1 && port <= 65_535) return port;
  throw new PodtrustError("usage", `--port ${text} is no port`, { next: "Give a number from 1 to 65535." });
}

const pauseMs = 5000;

/** Says where the API is now, and how to use it. */
async function reportAddress(
  context: CommandContext,
  { stack }: Config,
  { port, kubeconfig, content }: ForwardedCluster,
  merge: boolean,
): Promise<void> {
  const { defaultKubeconfig, mergeKubeconfig } = await import("../../providers/kubernetes/index.ts");
  const { output } = context;
  output.line(`The API of ${stack} is at https://127.0.0.1:${port} until this ends.`);
  if (merge) {
    // Of several files kubectl, too, writes to the first.
    const [file = ""] = defaultKubeconfig(context.env).split(delimiter);
    await mergeKubeconfig(file, content);
    output.line(`kubectl --context ${stack} uses it: the context is in ${file}.`);
  } else {
    output.line(unbroken(`export KUBECONFIG=${kubeconfig}`));
  }
  output.result({ port, kubeconfig });
}

/** Reconnects until the connection works, or the command is stopped. */
async function again(
  context: CommandContext,
  machine: Machine,
  port: number,
): Promise<ForwardedCluster | undefined> {
  for (;;) {
    try {
      return await machine.cluster(port);
    } catch (error) {
      if (context.signal.aborted) return undefined;
      context.progress.line(`${errorText(error)}; tried again in ${pauseMs / 1000} s`, 2);
      await context.clock.sleep(pauseMs, context.signal).catch(() => {});
    }
  }
}

/** `podtrust tunnel`: reconnects a lost connection, on the same port. */
async function runTunnel(context: CommandContext, options: TunnelOptions): Promise<void> {
  const { openMachine } = await import("../../stack/index.ts");
  const { configOf } = await import("../options/config.ts");
  const port = portOf(options.port);
  const config = await configOf(context, options.file);
  const machine = await openMachine({ ...context, config });
  try {
    let cluster: ForwardedCluster | undefined = await machine.cluster(port);
    await reportAddress(context, config, cluster, options.merge === true);
    while (cluster !== undefined) {
      await Promise.race([untilEnded(context.signal), machine.lost()]);
      if (context.signal.aborted) break;
      context.progress.line("The connection was lost; reconnecting.");
      cluster = await again(context, machine, port);
    }
    await cluster?.close();
  } finally {
    await machine.close();
  }
}
