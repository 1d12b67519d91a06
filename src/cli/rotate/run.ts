import { loadConfig, publisherOf } from "../../config/index.ts";
import {
  distrustKey,
  type KeyStatus,
  type PublicationStatus,
  publisherStatus,
  type IssuerStatus,
} from "../../publisher/index.ts";
import type { CommandContext } from "../context.ts";
import { sayNext } from "../next.ts";
import { bold, red, rich, yellow } from "../terminal/index.ts";

/** What was typed. */
export interface RotateOptions {
  readonly file?: string;
  readonly state?: string;
  readonly stack?: string;
}

async function stateDirOf(context: CommandContext, options: RotateOptions): Promise<string> {
  if (options.state !== undefined) return context.path(options.state);
  const config = await loadConfig(context.path(options.file ?? "podtrust.yaml"), context.env);
  return publisherOf(config).stateDir;
}

const time = (ms: number): string => new Date(ms).toISOString().replace(/\.\d{3}Z$/u, "Z");

function keyLines(key: KeyStatus): readonly string[] {
  const lines = [`first seen ${time(key.firstSeen)}, last seen ${time(key.lastSeen)}`];
  if (key.state === "current") lines.push(`may sign from ${time(key.promotableAt)}`);
  if (key.absentSince !== undefined) lines.push(`missing in the cluster since ${time(key.absentSince)}`);
  if (key.retainedUntil !== undefined) lines.push(`published until ${time(key.retainedUntil)}`);
  if (key.distrustedAt !== undefined) lines.push(`distrusted at ${time(key.distrustedAt)}, not published`);
  return lines;
}

function showPublication(context: CommandContext, publication: PublicationStatus): void {
  const { output } = context;
  const { place, confirmedAt, failing } = publication;
  const seen = confirmedAt === undefined ? "not seen there yet" : `seen there ${time(confirmedAt)}`;
  output.line(`  published in ${place}, ${seen}`);
  if (failing === undefined) return;
  const { code, since, count, message, next } = failing;
  output.line(rich`  ${red(code)} since ${time(since)}, ${count} times in a row: ${message}`);
  sayNext(context, output, next, { indent: 2 });
}

function showIssuer(context: CommandContext, issuer: IssuerStatus): void {
  const { output } = context;
  output.line(rich`${bold(issuer.stack)}  ${issuer.issuer}`);
  if (issuer.documents === undefined) output.line("  nothing is published yet");
  else {
    const { from, confirmedAt, changedAt } = issuer.documents;
    output.line(`  confirmed ${time(confirmedAt)} (${from}), changed ${time(changedAt)}`);
  }
  if (issuer.failing !== undefined) {
    const { reason, message, next, since, count } = issuer.failing;
    output.line(rich`  ${red(reason)} since ${time(since)}, ${count} times in a row: ${message}`);
    sayNext(context, output, next, { indent: 2 });
  }
  if (issuer.publication !== undefined) showPublication(context, issuer.publication);
  for (const warning of issuer.warnings) output.line(rich`  ${yellow("warning")}: ${warning}`);
  for (const key of issuer.keys) {
    output.line(rich`  ${bold(key.kid)}  ${key.alg}  ${key.state}`);
    for (const line of keyLines(key)) output.line(`    ${line}`);
  }
}

/** `podtrust rotate status`. */
export async function runRotateStatus(context: CommandContext, options: RotateOptions): Promise<void> {
  const status = await publisherStatus(await stateDirOf(context, options));
  for (const issuer of status.issuers) showIssuer(context, issuer);
  context.output.result(status);
}

/** `podtrust rotate distrust KID`. */
export async function runRotateDistrust(
  context: CommandContext,
  kid: string,
  options: RotateOptions,
): Promise<void> {
  const outcome = await distrustKey(await stateDirOf(context, options), kid, options.stack);
  const { output } = context;
  output.line(
    outcome.changed
      ? `${kid} of ${outcome.stack} is no longer published.`
      : `${kid} of ${outcome.stack} was distrusted before.`,
  );
  output.line(
    `Caches that keep to Cache-Control may hold it until ${time(outcome.effectiveAt)}; AWS does not say how long its own do.`,
  );
  if (!outcome.published) {
    output.line(
      rich`${red("It is still public")}: the bucket could not be written to. It goes as soon as that works; rotate status says why not.`,
    );
  }
  if (!outcome.persisted) {
    output.line(
      rich`${red("The disk refused to keep this")}: it holds until the publisher restarts. Its log says why.`,
    );
  }
  output.result(outcome);
}
