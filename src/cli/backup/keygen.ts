import { isoTime } from "../../core/base/index.ts";
import { newIdentity } from "../../core/age/index.ts";
import { createFile } from "../../core/files/index.ts";
import type { CommandContext } from "../context.ts";

/** What was typed. */
export interface KeygenOptions {
  readonly output: string;
}

/** `podtrust backup keygen`: the file has age-keygen's format. */
export async function runKeygen(context: CommandContext, { output: name }: KeygenOptions): Promise<void> {
  const { identity, recipient } = newIdentity();
  const made = isoTime(context.clock.now());
  await createFile(context.path(name), `# created: ${made}\n# public key: ${recipient}\n${identity}\n`);
  const { output } = context;
  output.line(`${name} opens every backup that is made for this recipient. Without it they are lost:`);
  output.line(`  ${recipient}`);
  output.line("Keep it where the publisher's machine cannot read it, and a copy elsewhere.");
  output.result({ file: name, recipient });
}
