import { type BackupContents, signingContents } from "../../backup/index.ts";
import { defined, PodtrustError } from "../../core/base/index.ts";
import type { Config } from "../../config/index.ts";
import { openMachine, readSigningKeys } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";

type SigningTexts = Parameters<typeof signingContents>[1];

/** What the cluster on a config's machine signs with, read over SSH. Throws `machine-absent`, `ssh-*`. */
async function keysOnMachine(context: CommandContext, config: Config): Promise<SigningTexts> {
  const { env, signal } = context;
  const machine = await openMachine({ ...context, config }, signal);
  try {
    return await readSigningKeys(machine, { config, env }, signal);
  } finally {
    await machine.close();
  }
}

/** The keys of a signer of this machine. Throws `backup-empty`, and what reading them throws. */
async function signerHere(context: CommandContext, state: string): Promise<Buffer> {
  const { keptSigner } = await import("../../signer/index.ts");
  const text = await keptSigner(context.path(state), context.clock);
  if (text !== undefined) return Buffer.from(text);
  throw new PodtrustError("backup-empty", `there is no key of a signer in ${state}`, {
    next: "Run it on the control plane, as the user whose that folder is: --signer-state DIR is what podtrust signer has as --state.",
  });
}

/**
 * What a cluster signs with: the keys of podtrust's signer here, where its state folder is named, and those of k3s on the
 * config's machine. Throws `backup-empty` where there is neither, `machine-absent`, `ssh-*`.
 */
export async function signingKeys(
  context: CommandContext,
  config: Config,
  signerState: string | undefined,
): Promise<BackupContents> {
  const signer = signerState === undefined ? undefined : await signerHere(context, signerState);
  const isOnMachine = config.machine !== undefined || signer === undefined;
  const keys: SigningTexts = isOnMachine ? await keysOnMachine(context, config) : {};
  if (keys.serviceKey === undefined && signer === undefined)
    throw new PodtrustError(
      "backup-empty",
      "there is no k3s server on the machine, with /var/lib/rancher/k3s/server/tls/service.key",
      {
        next: "Keep a copy of the files that --service-account-signing-key-file and --service-account-key-file of the API server name.",
      },
    );
  const { stack, issuer } = config;
  const label = { stack, issuer, madeAt: context.clock.now() };
  return signingContents(label, { ...keys, ...defined({ signer }) });
}
