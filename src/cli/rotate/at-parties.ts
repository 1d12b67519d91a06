import { defined, isoSeconds } from "../../core/base/index.ts";
import { type Config, declaredParties, fetchingParties } from "../../config/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import { openTexts, partyRowText } from "../../rules/rotation/index.ts";
import type { IssuerRoute } from "../../issuer/index.ts";
import { red, rich } from "../../core/terminal/index.ts";
import {
  type AccessEnding,
  closeParties,
  endWithdrawn,
  lookOutside,
  noteWithdrawal,
  proveClosed,
  reopenParties,
} from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";
import { consentOf } from "../options/consent.ts";
import { publisherCacheOf } from "../options/publisher-cache.ts";
import type { RotateRun } from "./lockdown.ts";

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

type AtParties = Pick<RotateRun, "config" | "context" | "route">;

const partContextOf = ({ config, context, route }: AtParties) => {
  const { env, clock } = context;
  return { config, env, clock, route, consent: consentOf(context) };
};

/** Closes the relying parties beside AWS by the person's own rights, and says how; what nothing closes is said too. */
export async function closedAtParties(run: AtParties): Promise<void> {
  const { config, context } = run;
  const endings = await closeParties(partContextOf(run), context.signal);
  showEndings(context, endings);
  for (const name of declaredParties(config))
    if (name !== "aws" && !endings.some(({ party }) => party === name))
      context.output.line(partyRowText(name));
}

/** Proves that AWS is closed, by tokens that it refuses; what is not proved is said to be open. */
export async function provedAtAws(run: RotateRun, cluster: KubernetesApi): Promise<void> {
  const { context, open } = run;
  showEndings(
    context,
    await proveClosed({ ...partContextOf(run), ...defined({ open }) }, cluster, context.signal),
  );
}

/** Notes at what is closed that the stolen key is published no more. */
export async function notedAtParties(run: AtParties): Promise<void> {
  showEndings(run.context, await noteWithdrawal(partContextOf(run), run.context.signal));
}

/** Opens what was closed beside AWS, all of it or that of these names. */
export async function reopenedAtParties(
  run: AtParties,
  withdrawn: readonly string[],
  only?: readonly string[],
): Promise<readonly AccessEnding[]> {
  const { signal } = run.context;
  const endings = await reopenParties(partContextOf(run), { withdrawn, ...defined({ only }) }, signal);
  showEndings(run.context, endings);
  return endings;
}

/** What stays open at the config's relying parties, counted from the withdrawal; before there is one, as durations. */
export function openAtParties(config: Config, at: number | undefined): readonly string[] {
  const fetching = fetchingParties(config);
  const { relyingPartyCache } = config.publisher ?? {};
  const withdrawal = { at, publisherCache: publisherCacheOf(config), ...defined({ relyingPartyCache }) };
  return declaredParties(config).flatMap((name) =>
    openTexts(name, { ...withdrawal, isUploaded: !fetching.includes(name) }, isoSeconds),
  );
}

/** Looks from outside whether a key is published no more, and says what was seen. Throws `theft-unproven`. */
export async function lookedOutside(run: AtParties, kid: string): Promise<void> {
  const { output, signal } = run.context;
  for (const text of await lookOutside(partContextOf(run), kid, signal)) output.line(`${text}.`);
}
