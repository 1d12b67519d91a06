import { isoTime } from "../../core/base/index.ts";
import {
  checkOwn,
  type KeptNow,
  keptNow,
  signatureOf,
  signingFiles,
  type Verified,
  verifyPublisher,
} from "../../backup/index.ts";
import { green, rich, yellow } from "../../core/terminal/index.ts";
import type { CommandContext } from "../context.ts";
import { configOf } from "../options/config.ts";
import { type RouteOptions, routeOf } from "../options/route.ts";
import { openFile, type IdentityOptions } from "./open.ts";
import { withKept } from "./publisher-state.ts";
import { signatureText } from "./signer.ts";

/** What was typed. */
export interface VerifyOptions extends IdentityOptions, RouteOptions {
  readonly file?: string;
}

function printVerified({ output }: CommandContext, verified: Verified): void {
  const { keys, accounts, certificates, compared, notCompared } = verified;
  for (const kid of keys.published) output.line(`  key ${kid}`);
  for (const kid of keys.distrusted) output.line(`  key ${kid}, distrusted`);
  output.line(`  ${accounts} ACME accounts, ${certificates} certificates`);
  for (const { with: place, lacks } of compared) {
    if (lacks.length === 0) output.line(rich`${green("The same")} as ${place}.`);
    else output.line(rich`${yellow("Not the same")} as ${place}:`);
    for (const sentence of lacks) output.line(`  ${sentence}`);
  }
  for (const sentence of notCompared) output.line(sentence);
}

/** `podtrust backup verify FILE`: exit 3 where the backup lacks something. */
export async function runVerify(
  context: CommandContext,
  name: string,
  options: VerifyOptions,
): Promise<void> {
  const { output, signal } = context;
  const config = await configOf(context, options.file ?? "podtrust.yaml");
  const contents = await openFile(context, name, options);
  const { kind, stack, madeAt } = contents;
  output.line(`${name} opens: a backup of the ${kind} of ${stack}, of ${isoTime(madeAt)}.`);
  if (kind === "signing") {
    checkOwn(config, contents);
    for (const { name: file, content, belongs } of signingFiles(contents)) {
      if (file === "signer.json") {
        const { readKeptSigner } = await import("../../signer/index.ts");
        readKeptSigner(content.toString("utf8"));
      }
      output.line(`  ${file}, for ${belongs}`);
    }
    output.result({ kind, stack, madeAt });
    return;
  }
  const route = await routeOf(context, options);
  const readNow = (): Promise<KeptNow> => withKept(context, config, ({ deps }) => keptNow(config, deps));
  const signature = signatureOf(contents, config.publisher?.backupSigners ?? []);
  output.line(signatureText(signature));
  const verified = await verifyPublisher({ config, readNow, contents, route, signal });
  printVerified(context, verified);
  if (verified.compared.some(({ lacks }) => lacks.length > 0)) context.exitCode = 3;
  output.result({ kind, stack, madeAt, signature, ...verified });
}
