import { createHash } from "node:crypto";
import { PodtrustError } from "../../core/base/index.ts";
import { personStateDir } from "../../config/index.ts";
import { StateFolder } from "../../core/files/index.ts";
import { execCommandLine, type ExecPlugin, type PluginConsent } from "../../providers/kubernetes/index.ts";
import type { CommandContext } from "../context.ts";
import { ask, canAsk } from "../../core/terminal/index.ts";

// No stack can have this name, so it does not collide with their folders.
const folderName = ".exec-plugins";

/** Consent is for one program of one kubeconfig. The digest covers both: if either changes, it is asked again. */
function recordName({ kubeconfig, digest }: ExecPlugin): string {
  return createHash("sha256").update(`${kubeconfig}\0${digest}`).digest("hex");
}

/**
 * Asks on the terminal, once, whether a program may run that is named by a kubeconfig which is not the user's own. A yes
 * is remembered below $XDG_STATE_HOME/podtrust; without a terminal what is not remembered is no.
 */
export function pluginConsent(context: CommandContext): PluginConsent {
  return async (plugin) => {
    // Only now: a service's user has no home directory, and no kubeconfig with plugins.
    const remembered = new StateFolder(personStateDir(context.env)).folder(folderName);
    const name = recordName(plugin);
    if ((await remembered.read(name)) !== undefined) return true;
    if (!canAsk(context)) return false;
    const { err } = context.screen;
    err.line(`${plugin.kubeconfig} names a program that gets the credentials:`, 2);
    err.line(`  ${execCommandLine(plugin)}`, 4);
    const ended = (): PodtrustError =>
      new PodtrustError("interrupted", "ended at the question: it was not run");
    if (!(await ask(context, "Run it, now and from now on?", ended))) return false;
    const { kubeconfig, command, args, digest } = plugin;
    const agreed = { kubeconfig, command: [command, ...args], digest };
    await remembered.replace(name, `${JSON.stringify(agreed, undefined, 2)}\n`);
    return true;
  };
}
