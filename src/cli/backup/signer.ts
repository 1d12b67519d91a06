import { asPodtrustError } from "../../core/base/index.ts";
import { type BackupSignature, type BackupSigner, publisherSigner } from "../../backup/index.ts";
import type { Config } from "../../config/index.ts";
import type { CommandContext } from "../context.ts";
import { configOf } from "../options/config.ts";
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

/**
 * Prints the line of a publisher on a machine, after `up` has set it up. It never fails: what was to be set up is.
 */
export async function showSignerOnMachine(context: CommandContext, file: string): Promise<void> {
  const config = await configOf(context, file);
  const { publisherOnMachine } = await import("../../stack/index.ts");
  if (config.publisher?.backup === undefined || publisherOnMachine(config) === undefined) return;
  try {
    const signer = await withKept(context, config, ({ deps }) => publisherSigner(config, deps));
    if (signer !== undefined) printSigner(context, config, signer);
  } catch (error) {
    context.signal.throwIfAborted();
    const { message } = asPodtrustError(error);
    context.progress.line(`note: the key that signs backups could not be read: ${message}`, 6);
  }
}
