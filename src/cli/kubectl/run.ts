import { openMachine } from "../../stack/index.ts";
import { runOnTerminal } from "../child.ts";
import type { CommandContext } from "../context.ts";
import { configOf } from "../options/config.ts";

export interface KubectlOptions {
  readonly file: string;
}

/** `podtrust kubectl ARGS…`. */
export async function runKubectl(
  context: CommandContext,
  args: readonly string[],
  { file }: KubectlOptions,
): Promise<void> {
  const config = await configOf(context, file);
  const machine = await openMachine({ ...context, config });
  try {
    const cluster = await machine.cluster();
    await runOnTerminal(context, "kubectl", args, { KUBECONFIG: cluster.kubeconfig });
    await cluster.close();
  } finally {
    await machine.close();
  }
}
