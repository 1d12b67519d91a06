import { lengthText, PodtrustError } from "../../core/base/index.ts";
import { bold, red, relativeTime, rich } from "../../core/terminal/index.ts";
import { promotable, type RingKey } from "../../rules/signer/index.ts";
import { promoteKey, type SignerStatus, signerStatus } from "../../signer/index.ts";
import type { CommandContext } from "../context.ts";
import { apiServerUrl } from "../options/api-server.ts";
import type { StateOptions } from "./keys.ts";
import { checkPublished, type PublishedOptions } from "./publication.ts";

/** What was typed. */
export interface PromoteOptions extends PublishedOptions {
  readonly now?: boolean;
  readonly without?: readonly string[];
}

function keyLine({ alg, state, excluded, holder, since }: RingKey, now: number): string {
  const where = holder === undefined ? "verifies only" : `held by ${holder}`;
  const hidden = excluded ? ", left out of the JWKS" : "";
  return `${alg}  ${state} since ${relativeTime(since, now)}${hidden}, ${where}`;
}

/**
 * How long no API server has asked for the keys, in milliseconds, if that is longer than its interval; else undefined.
 */
function unasked({ fetchedAt, readAt, refreshSeconds }: SignerStatus, now: number): number | undefined {
  const silent = now - (fetchedAt ?? readAt);
  return silent > (3 * refreshSeconds + 30) * 1000 ? silent : undefined;
}

/** What was not signed, by what was wrong with it. */
function showRefused({ output }: CommandContext, { refused, issuers }: SignerStatus, now: number): void {
  const { counts, members, last } = refused;
  output.line(rich`It signs for ${issuers.join(" and ")}.`);
  if (last === undefined) return;
  const found = Object.entries(counts).filter(([, count]) => count > 0);
  const each = found.map(([reason, count]) => `${count} ${reason}`).join(", ");
  output.line(rich`${red("refused")}: ${each}; ${relativeTime(last.at, now)}: ${last.why}`);
  const names = Object.keys(members).join(", ");
  if (names === "") return;
  output.line(
    rich`unknown claims: ${names}; if a new release of Kubernetes writes one, start the signer with --allow-claim`,
  );
}

function show(context: CommandContext, status: SignerStatus): void {
  const { output, clock } = context;
  const now = clock.now();
  for (const key of status.keys) {
    output.line(rich`${bold(key.kid)}`);
    output.line(rich`  ${keyLine(key, now)}`);
  }
  const fetched =
    status.fetchedAt === undefined
      ? "has not asked for keys yet"
      : `asked for the keys ${relativeTime(status.fetchedAt, now)}`;
  output.line(`${status.signed} tokens signed since the start; an API server ${fetched}.`);
  showRefused(context, status, now);
  if (status.trouble !== undefined)
    output.line(rich`${red("cannot be used")}, of what the folder holds: ${status.trouble}`);
  const silent = unasked(status, now);
  if (silent !== undefined)
    output.line(
      rich`${red("not asked")}: no API server has asked for ${lengthText(silent)}; is its --service-account-signing-endpoint this signer's socket?`,
    );
}

/** `podtrust signer status`: exit code 3 if the folder or a key file of it cannot be used, or no API server asks. */
export async function runStatus(context: CommandContext, { state }: StateOptions): Promise<void> {
  const status = await signerStatus(context.path(state));
  show(context, status);
  context.output.result(status);
  if (status.trouble !== undefined || unasked(status, context.clock.now()) !== undefined)
    context.exitCode = 3;
}

/**
 * `podtrust signer promote [KID]`: once its key is published and old enough, unless `--now` says that this does not matter.
 */
export async function runPromote(
  context: CommandContext,
  typed: string | undefined,
  options: PromoteOptions,
): Promise<void> {
  const { state, now = false, publishedSince, without = [] } = options;
  if (now && publishedSince !== undefined)
    throw new PodtrustError("usage", "--now asks for no publication, and --published-since states one");
  const stateDir = context.path(state);
  const { keys } = await signerStatus(stateDir);
  const chosen = promotable({ keys, changedAt: 0 }, typed);
  if (!now) await checkPublished(context, options, chosen);
  const key = await promoteKey(stateDir, {
    kid: chosen.kid,
    without: without.map((url) => apiServerUrl("--without", url)),
  });
  context.output.line(rich`${key.kid} signs from now on (${key.alg}); the one before it verifies.`);
  context.output.result(key);
}
