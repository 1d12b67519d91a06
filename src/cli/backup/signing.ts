import { type BackupContents, signingContents } from "../../backup/index.ts";
import { PodtrustError } from "../../core/base/index.ts";
import type { Config } from "../../config/index.ts";
import { openMachine, readSigningKeys } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";

/**
 * What the cluster on a config's machine signs with, read over SSH. Throws `machine-absent`, `ssh-*`, and `backup-empty` for
 * a machine without k3s.
 */
export async function signingOnMachine(context: CommandContext, config: Config): Promise<BackupContents> {
  const { clock, env, signal } = context;
  const machine = await openMachine({ ...context, config }, signal);
  try {
    const keys = await readSigningKeys(machine, { config, env }, signal);
    if (keys.serviceKey === undefined)
      throw new PodtrustError(
        "backup-empty",
        "there is no k3s server on the machine, with /var/lib/rancher/k3s/server/tls/service.key",
        {
          next: "Keep a copy of the files that --service-account-signing-key-file and --service-account-key-file of the API server name.",
        },
      );
    const { stack, issuer } = config;
    return signingContents({ stack, issuer, madeAt: clock.now() }, keys);
  } finally {
    await machine.close();
  }
}
