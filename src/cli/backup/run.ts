import { defined, PodtrustError } from "../../core/base/index.ts";
import { type Audience, readRecipient } from "../../core/age/index.ts";
import {
  backupName,
  type BackupContents,
  type BackupSigner,
  publisherContents,
  publisherSigner,
  sealed,
  signedBackup,
} from "../../backup/index.ts";
import { createFile } from "../../core/files/index.ts";
import type { Config } from "../../config/index.ts";
import type { CommandContext } from "../context.ts";
import { askNewPassphrase } from "./passphrase.ts";
import { withKept } from "./publisher-state.ts";
import { printSigner } from "./signer.ts";
import { configOf } from "../options/config.ts";

/** What was typed. */
export interface BackupOptions {
  readonly file?: string;
  readonly output?: string;
  readonly recipient?: readonly string[];
  readonly withSigningKeys?: boolean;
  readonly signerState?: string;
  readonly passphrase?: boolean;
}

function recipientsOf(typed: readonly string[]): readonly string[] {
  if (typed.length === 0) throw new PodtrustError("backup-recipients", "no recipient was named");
  for (const recipient of typed) readRecipient(recipient);
  return typed;
}

function printContents(context: CommandContext, { files }: BackupContents): void {
  for (const [name, content] of files) context.output.line(`  ${name}, ${content.length} bytes`);
}

/** Who may open it: named recipients, or a passphrase, asked for before anything is read. */
async function audienceOf(
  context: CommandContext,
  config: Config,
  options: BackupOptions,
): Promise<Audience> {
  if (options.passphrase === true) return { passphrase: await askNewPassphrase(context) };
  return { recipients: recipientsOf(options.recipient ?? config.publisher?.backup?.recipients ?? []) };
}

async function contentsOf(
  context: CommandContext,
  config: Config,
  { withSigningKeys = false, signerState }: BackupOptions,
): Promise<{ readonly contents: BackupContents; readonly signer?: BackupSigner }> {
  if (withSigningKeys) {
    const { signingKeys } = await import("./signing.ts");
    return { contents: await signingKeys(context, config, signerState) };
  }
  if (signerState !== undefined)
    throw new PodtrustError("usage", "--signer-state goes with --with-signing-keys alone", {
      next: "The signer's keys are in the file with the signing keys, which no unattended backup makes.",
    });
  return withKept(context, config, async ({ deps }) => {
    const contents = await publisherContents(config, deps);
    const signer = await publisherSigner(config, deps);
    return signer === undefined ? { contents } : { contents: signedBackup(contents, signer), signer };
  });
}

/** `podtrust backup create`. */
export async function runBackup(context: CommandContext, options: BackupOptions): Promise<void> {
  const { output } = context;
  const config = await configOf(context, options.file ?? "podtrust.yaml");
  const audience = await audienceOf(context, config, options);
  const { contents, signer } = await contentsOf(context, config, options);
  const file = await sealed(contents, audience);
  const name = options.output ?? backupName(contents);
  await createFile(context.path(name), file);
  const { stack, kind, madeAt } = contents;
  const what =
    kind === "signing"
      ? "what the cluster signs with, and how its machine is reached"
      : "what the publisher keeps";
  output.line(`${name} has of ${stack} ${what}:`);
  printContents(context, contents);
  if (signer !== undefined) printSigner(context, config, signer);
  output.line("Look whether it opens: podtrust backup verify.");
  const recipients = "recipients" in audience ? audience.recipients : [];
  const by = defined({ by: signer?.name });
  output.result({ file: name, kind, stack, madeAt, bytes: file.length, recipients, ...by });
}
