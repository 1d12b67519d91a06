import type { Command } from "commander";
import type { CommandContext } from "../context.ts";

/** What was typed. */
interface RenewTokenOptions {
  readonly file: string;
  readonly kubeconfig: string;
}

/** `podtrust renew-token`: run by a timer on the publisher's machine; users do not need it. */
export function define(command: Command, context: CommandContext): void {
  command
    .requiredOption("-f, --file <file>", "the publisher's config file")
    .requiredOption("--kubeconfig <file>", "an administrator's kubeconfig")
    .action((options: RenewTokenOptions) => runRenewToken(context, options));
}

// As `podtrust manifests publisher-rbac` has them.
const account = { namespace: "podtrust", name: "podtrust-publisher" };

/** Renews the token if it is due, and prints nothing on success: it runs every minute. */
async function runRenewToken(context: CommandContext, options: RenewTokenOptions): Promise<void> {
  const { kubernetesLabels } = await import("../../rules/plan/index.ts");
  const { renewTokenFile } = await import("../../publisher/index.ts");
  const { configOf } = await import("../options/config.ts");
  const { env, clock, signal, output } = context;
  const config = await configOf(context, options.file);
  const outcome = await renewTokenFile({
    config,
    admin: { kubeconfig: context.path(options.kubeconfig) },
    account,
    labels: kubernetesLabels.of(config),
    env,
    clock,
    signal,
  });
  output.result({ outcome });
}
