import { join } from "node:path";
import { type BackupContents, signingFiles } from "../../backup/index.ts";
import { PodtrustError } from "../../core/base/index.ts";
import { createFile, StateFolder } from "../../core/files/index.ts";
import { rich } from "../../core/terminal/index.ts";
import type { CommandContext } from "../context.ts";

/** The signer's keys as a state folder of their own; says where it belongs, and what is not in it. */
async function writeSigner(context: CommandContext, folder: string, text: string): Promise<void> {
  const { heldElsewhere, readKeptSigner, writeKeptSigner } = await import("../../signer/index.ts");
  const kept = readKeptSigner(text);
  await writeKeptSigner(context.path(folder), kept);
  for (const { kid, holder } of heldElsewhere(kept.ring))
    context.output.line(rich`The private half of ${kid} is not in the backup: it is at ${holder}.`);
}

/**
 * Writes what a cluster signed with into a folder that has none of it yet, and says where each belongs. No machine is
 * changed: another signing key under a running API server would refuse every token. Throws `usage`,
 * `file-unwritable`, `state-permissions`, `signer-*`.
 */
export async function writeSigningFiles(
  context: CommandContext,
  contents: BackupContents,
  to: string | undefined,
): Promise<void> {
  if (to === undefined)
    throw new PodtrustError(
      "usage",
      "the backup has the cluster's signing keys, which are never written to a machine automatically",
      {
        next: "Name a folder for it: --to DIR. What is printed says where each file belongs.",
      },
    );
  const folder = new StateFolder(context.path(to));
  await folder.make();
  const { output } = context;
  const files = signingFiles(contents);
  for (const { name, content, folder: below } of files) {
    if (below !== "") await new StateFolder(join(folder.path, below)).make();
    if (name === "signer.json") await writeSigner(context, join(to, "signer"), content.toString("utf8"));
    else await createFile(join(folder.path, below, name), content);
  }
  for (const { name, belongs, folder: below } of files)
    output.line(`${join(to, below, name === "signer.json" ? "signer" : name)} belongs in ${belongs}.`);
  output.line("Keys of an HSM or a KMS are in no backup: they are where they were.");
  output.line("Delete the folder when the cluster signs again.");
  output.result({ kind: contents.kind, files: files.map(({ name, belongs }) => ({ name, belongs })) });
}
