import type { Config } from "../../config/index.ts";
import type { IssuerRoute } from "../../issuer/index.ts";
import { red, rich } from "../../core/terminal/index.ts";
import { type AccessEnding, endWithdrawn } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";

/** Says how access ended at each place; what is open fails the command. */
function showEndings(context: CommandContext, endings: readonly AccessEnding[]): void {
  for (const { outcome, text } of endings) {
    context.output.line(outcome === "done" ? `${text}.` : rich`${red("open")}: ${text}.`);
    if (outcome !== "done") context.exitCode = 1;
  }
}

/** Ends a withdrawn key at the relying parties that would keep it, and says how. */
export async function endedAtParties(
  context: CommandContext,
  { config, route }: { readonly config: Config; readonly route: IssuerRoute },
  kid: string,
): Promise<readonly AccessEnding[]> {
  const { env, clock, signal } = context;
  const endings = await endWithdrawn({ config, env, clock, route }, kid, signal);
  showEndings(context, endings);
  return endings;
}
