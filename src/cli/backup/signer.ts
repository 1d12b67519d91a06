import { asPodtrustError } from "../../core/base/index.ts";
import {
  type BackupSignature,
  type BackupSigner,
  publisherSigner,
  signerOfStoreKey,
} from "../../backup/index.ts";
import type { Config } from "../../config/index.ts";
import type { CommandContext } from "../context.ts";
import { withKept } from "./publisher-state.ts";

/** Says by which line of a config a restore believes backups of this signer; nothing where the config has it. */
export function printSigner(
  { output }: Pick<CommandContext, "output">,
  { publisher }: Config,
  signer: BackupSigner,
): void {
  const known = publisher?.backupSigners ?? [];
  if (known.includes(signer.name)) return;
  output.line(
    "Backups of this publisher are signed. So that a restore takes their keys, have in the config:",
  );
  output.line("  publisher:");
  output.line(`    backupSigners: [${[...known, signer.name].join(", ")}]`);
  output.line("Keep that line beside the identity too: with cluster and machine gone it is the only proof.");
}

/** What a signature is worth, as a sentence. */
export function signatureText(signature: BackupSignature): string {
  if (signature.is === "absent") return "It is not signed.";
  const { is, by } = signature;
  if (is === "signed") return `It is signed by ${by}, of publisher.backupSigners.`;
  return is === "foreign"
    ? `It names ${by} as its signer, which is not in publisher.backupSigners: that proves nothing.`
    : `Its signature by ${by} is not of this content: somebody has changed it.`;
}

/** What signs the backups of a config's publisher, as far as it can be asked from here; a sentence where replicas have nothing. */
async function signerFromHere(
  context: CommandContext,
  config: Config,
): Promise<BackupSigner | string | undefined> {
  const { store } = config.publisher ?? {};
  if (store === undefined) {
    const { publisherOnMachine } = await import("../../stack/index.ts");
    if (publisherOnMachine(config) === undefined) return undefined;
    return withKept(context, config, ({ deps }) => publisherSigner(config, deps));
  }
  if (config.cluster === undefined) return undefined;
  const { keysOfStore } = await import("../../providers/kubernetes/index.ts");
  const { clusterOf } = await import("../options/cluster.ts");
  const [writing] = await keysOfStore(store, await clusterOf(context, config));
  if (writing !== undefined) return signerOfStoreKey(writing);
  return `no key of Secret ${store.namespace}/${store.name} can be read, by which its replicas sign their backups. Without one a restore takes a key by --key alone, or as the cluster or the name shows it.`;
}

/**
 * Prints the line of the config's publisher, after `up` has set all up, and gives it as a member of the result. It never fails: what was to
 * be set up is.
 */
export async function showSigner(
  context: CommandContext,
  config: Config,
): Promise<{ readonly backupSigner?: string }> {
  if (config.publisher?.backup === undefined) return {};
  const note = (text: string): void => context.progress.line(`note: ${text}`, 6);
  try {
    const signer = await signerFromHere(context, config);
    if (typeof signer === "string") note(signer);
    if (signer === undefined || typeof signer === "string") return {};
    printSigner(context, config, signer);
    return { backupSigner: signer.name };
  } catch (error) {
    context.signal.throwIfAborted();
    note(`the key that signs backups could not be read: ${asPodtrustError(error).message}`);
    return {};
  }
}
