import type { Command } from "commander";
import type { CommandContext } from "../context.ts";

/** What was typed. */
interface StoreKeyOptions {
  readonly namespace: string;
  readonly name: string;
}

/** `podtrust make-store-key`: run by a Job of the manifests; users do not need it. */
export function define(command: Command, context: CommandContext): void {
  command
    .requiredOption("--namespace <namespace>", "namespace of the Secret of keys")
    .requiredOption("--name <name>", "name of that Secret")
    .action((options: StoreKeyOptions) => runMakeStoreKey(context, options));
}

/** Makes the key if there is none. The key is in no output. */
async function runMakeStoreKey(context: CommandContext, options: StoreKeyOptions): Promise<void> {
  const { openKubernetes } = await import("../../providers/kubernetes/index.ts");
  const { makeStoreKey } = await import("../../publisher/index.ts");
  const { namespace, name } = options;
  const { env, clock, output } = context;
  const cluster = await openKubernetes({ inCluster: true }, { env, clock });
  const outcome = await makeStoreKey({ namespace, name }, cluster);
  output.line(outcome === "made" ? "The key was made." : "There is a key: it stays.");
  output.result({ outcome });
}
