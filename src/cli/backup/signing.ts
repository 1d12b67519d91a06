import { join } from "node:path";
import { type BackupContents, signingContents } from "../../backup/index.ts";
import { type Config, personStateDir } from "../../config/index.ts";
import { defined, mapped, PodtrustError } from "../../core/base/index.ts";
import type { SignerFiles } from "../../signer/index.ts";
import { signerPaths } from "../../signer/manifests/index.ts";
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
async function signerHere(context: CommandContext, state: string): Promise<string> {
  const { keptSigner, signerFolder } = await import("../../signer/index.ts");
  const text = await keptSigner(signerFolder(context.path(state)));
  if (text !== undefined) return text;
  throw new PodtrustError("backup-empty", `there is no key of a signer in ${state}`, {
    next: "Run it on the control plane, as the user that owns that folder: --signer-state DIR is the --state of podtrust signer.",
  });
}

/** The keys of the signers on a config's control plane nodes, read over SSH; undefined where none has one. Throws `ssh-*`. */
async function signersOnServers(
  context: CommandContext,
  { stack, servers = [] }: Config,
): Promise<string | undefined> {
  const { fullestSigner, keptSigner } = await import("../../signer/index.ts");
  const { onEachServer } = await import("../../control-plane/servers/index.ts");
  const { env, clock, signal, progress } = context;
  const stateDir = join(personStateDir(env), stack);
  const notice = (text: string): void => progress.line(`note: ${text}`, 6);
  const kept = await onEachServer({ servers, stateDir, env, clock, signal, notice }, async (machine) => {
    const pathOf = (name: string): string => `${signerPaths.state}/${name}`;
    const read: SignerFiles["read"] = (name, maxBytes) => machine.read(pathOf(name), signal, maxBytes);
    return {
      where: machine.text,
      text: await keptSigner({ pathOf: (name) => `${machine.text}:${pathOf(name)}`, read }),
    };
  });
  return fullestSigner(kept.flatMap(({ where, text }) => (text === undefined ? [] : [{ where, text }])));
}

/** The signer's keys: of a folder here where that is named, else of the config's control plane nodes. */
async function signerKeys(
  context: CommandContext,
  config: Config,
  state: string | undefined,
): Promise<string | undefined> {
  if (state !== undefined) return signerHere(context, state);
  return config.servers === undefined ? undefined : signersOnServers(context, config);
}

/**
 * What a cluster signs with: the keys of podtrust's signer, of its state folder here where that is named and else of the
 * config's control plane nodes, and those of k3s on the config's machine. Throws `backup-empty` where there is neither,
 * `machine-absent`, `signer-*`, `ssh-*`.
 */
export async function signingKeys(
  context: CommandContext,
  config: Config,
  signerState: string | undefined,
): Promise<BackupContents> {
  const text = await signerKeys(context, config, signerState);
  const { machine, servers } = config;
  const isOnMachine = machine !== undefined || (text === undefined && servers === undefined);
  const keys: SigningTexts = isOnMachine ? await keysOnMachine(context, config) : {};
  if (keys.serviceKey === undefined && text === undefined) {
    const places = [
      ...(isOnMachine
        ? ["no k3s server on the machine, with /var/lib/rancher/k3s/server/tls/service.key"]
        : []),
      ...(servers === undefined
        ? []
        : [`no key of podtrust's signer in ${signerPaths.state} of cluster.servers`]),
    ];
    throw new PodtrustError("backup-empty", `there is ${places.join(", and ")}`, {
      next: "Keep a copy of the files that --service-account-signing-key-file and --service-account-key-file of the API server name.",
    });
  }
  const { stack, issuer } = config;
  const label = { stack, issuer, madeAt: context.clock.now() };
  return signingContents(label, {
    ...keys,
    ...defined({ signer: mapped(text, (words) => Buffer.from(words)) }),
  });
}
