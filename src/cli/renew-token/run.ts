import { kubernetesLabels } from "../../rules/plan/index.ts";
import { renewOwnToken } from "../../publisher/index.ts";
import type { CommandContext } from "../context.ts";
import { configOf } from "../options/config.ts";

/** What was typed. */
export interface RenewTokenOptions {
  readonly file: string;
  readonly kubeconfig: string;
}

// As `podtrust manifests publisher-rbac` has them.
const account = { namespace: "podtrust", name: "podtrust-publisher" };

/** Renews the token where it is due, and says nothing as long as all is well: it runs every minute. */
export async function runRenewToken(context: CommandContext, options: RenewTokenOptions): Promise<void> {
  const { env, clock, signal, output } = context;
  const config = await configOf(context, options.file);
  const outcome = await renewOwnToken({
    config,
    admin: { kubeconfig: context.path(options.kubeconfig) },
    account,
    labels: kubernetesLabels.of(config.stack),
    env,
    clock,
    signal,
  });
  output.result({ outcome });
}
