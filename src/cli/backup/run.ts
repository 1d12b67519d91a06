import { PodtrustError } from "../../core/base/index.ts";
import { readRecipient } from "../../core/age/index.ts";
import { backupName, type BackupContents, publisherContents, sealed } from "../../backup/index.ts";
import { createFile } from "../../core/files/index.ts";
import { publisherOf } from "../../config/index.ts";
import type { CommandContext } from "../context.ts";
import { configOf } from "../options/config.ts";
import { pluginConsent } from "../options/plugin-consent.ts";

/** What was typed. */
export interface BackupOptions {
  readonly file?: string;
  readonly output?: string;
  readonly recipient?: readonly string[];
}

function recipientsOf(typed: readonly string[]): readonly string[] {
  if (typed.length === 0) throw new PodtrustError("backup-recipients", "no recipient was named");
  for (const recipient of typed) readRecipient(recipient);
  return typed;
}

function printContents(context: CommandContext, { files }: BackupContents): void {
  for (const [name, content] of files) context.output.line(`  ${name}, ${content.length} bytes`);
}

/** `podtrust backup`. */
export async function runBackup(context: CommandContext, options: BackupOptions): Promise<void> {
  const { output, clock, env } = context;
  const config = await configOf(context, options.file ?? "podtrust.yaml");
  const recipients = recipientsOf(options.recipient ?? publisherOf(config).backup?.recipients ?? []);
  const logger = context.logger();
  const contents = await publisherContents(config, { clock, logger, env, consent: pluginConsent(context) });
  const file = await sealed(contents, { recipients });
  const name = options.output ?? backupName(contents);
  await createFile(context.path(name), file);
  output.line(`${name} has what the publisher of ${contents.stack} keeps:`);
  printContents(context, contents);
  output.line("Look whether it opens: podtrust backup verify, with the identity of a recipient.");
  const { stack, kind, madeAt } = contents;
  output.result({ file: name, kind, stack, madeAt, bytes: file.length, recipients });
}
