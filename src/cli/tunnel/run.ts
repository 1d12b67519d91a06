import { delimiter } from "node:path";
import { errorText, PodtrustError } from "../../core/base/index.ts";
import type { Config } from "../../config/index.ts";
import { defaultKubeconfig, mergeKubeconfig } from "../../providers/kubernetes/index.ts";
import { type ForwardedCluster, type Machine, openMachine } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";
import { unbroken, untilEnded } from "../../core/terminal/index.ts";
import { configOf } from "../options/config.ts";

export interface TunnelOptions {
  readonly file: string;
  readonly port: string;
  readonly merge?: boolean;
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
  const { output } = context;
  output.line(`The API of ${stack} is at https://127.0.0.1:${port} until this ends.`);
  if (merge) {
    // Of several files kubectl, too, writes to the first.
    const [file = ""] = defaultKubeconfig(context.env).split(delimiter);
    await mergeKubeconfig(file, content);
    output.line(`kubectl --context ${stack} leads there: the context stands in ${file}.`);
  } else {
    output.line(unbroken(`export KUBECONFIG=${kubeconfig}`));
  }
  output.result({ port, kubeconfig });
}

/** Makes the connection anew until it stands, or the command is ended. */
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

/** `podtrust tunnel`: a connection that is lost is made anew, on the same port. */
export async function runTunnel(context: CommandContext, options: TunnelOptions): Promise<void> {
  const port = portOf(options.port);
  const config = await configOf(context, options.file);
  const machine = await openMachine({ ...context, config });
  try {
    let cluster: ForwardedCluster | undefined = await machine.cluster(port);
    await reportAddress(context, config, cluster, options.merge === true);
    while (cluster !== undefined) {
      await Promise.race([untilEnded(context.signal), machine.lost()]);
      if (context.signal.aborted) break;
      context.progress.line("The connection was lost; it is made anew.");
      cluster = await again(context, machine, port);
    }
    await cluster?.close();
  } finally {
    await machine.close();
  }
}
