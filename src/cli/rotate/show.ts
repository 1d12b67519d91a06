import type {
  IssuerCertificateStatus,
  IssuerStatus,
  KeyStatus,
  PublicationStatus,
} from "../../publisher/index.ts";
import type { CommandContext } from "../context.ts";
import { printNext } from "../../core/command-line/index.ts";
import { bold, red, rich, yellow } from "../../core/terminal/index.ts";

/** A time to the second. */
export const timeText = (ms: number): string => new Date(ms).toISOString().replace(/\.\d{3}Z$/u, "Z");

function signingLines({ signs, maySignFrom, mayDistrustFrom }: KeyStatus): readonly string[] {
  if (signs !== undefined) {
    const known =
      signs.by === "only-key" ? "the cluster shows no other key" : `seen by a token of ${timeText(signs.at)}`;
    return [`signs (${known})`];
  }
  return [
    ...(maySignFrom === undefined ? [] : [`may sign from ${timeText(maySignFrom)}`]),
    ...(mayDistrustFrom === undefined
      ? []
      : [`signs no more, may be distrusted from ${timeText(mayDistrustFrom)}`]),
  ];
}

function keyLines(key: KeyStatus): readonly string[] {
  const { firstSeen, lastSeen, absentSince, retainedUntil, distrustedAt, shown } = key;
  const lines = [`first seen ${timeText(firstSeen)}, last seen ${timeText(lastSeen)}`, ...signingLines(key)];
  if (absentSince !== undefined) lines.push(`missing in the cluster since ${timeText(absentSince)}`);
  if (retainedUntil !== undefined) lines.push(`published until ${timeText(retainedUntil)}`);
  if (distrustedAt === undefined) return lines;
  const named = shown ? "; the cluster still names it as a verifier" : "";
  return [...lines, `distrusted at ${timeText(distrustedAt)}, not published${named}`];
}

/** A row of failures, and what to do. */
function showFailing(
  context: CommandContext,
  what: string,
  failing: {
    readonly message: string;
    readonly next: string;
    readonly since: number;
    readonly count: number;
  },
): void {
  const { message, next, since, count } = failing;
  const { output } = context;
  output.line(rich`  ${red(what)} since ${timeText(since)}, ${count} times in a row: ${message}`);
  printNext(context, output, next, { indent: 2 });
}

/** `what`: `published in`, before the place's name. */
function showPublication(context: CommandContext, what: string, publication: PublicationStatus): void {
  const { output } = context;
  const { place, confirmedAt, failing } = publication;
  const seen = confirmedAt === undefined ? "not seen there yet" : `seen there ${timeText(confirmedAt)}`;
  output.line(`  ${what} ${place}, ${seen}`);
  if (failing !== undefined) showFailing(context, failing.code, failing);
}

function showElsewhere(context: CommandContext, { publication, uploads = [] }: IssuerStatus): void {
  if (publication !== undefined) showPublication(context, "published in", publication);
  for (const upload of uploads) showPublication(context, "keys uploaded to", upload);
}

function showCertificate(context: CommandContext, { notAfter, failing }: IssuerCertificateStatus): void {
  const { output } = context;
  output.line(notAfter === undefined ? "  no certificate yet" : `  certificate until ${timeText(notAfter)}`);
  if (failing === undefined) return;
  const { message, next, at, count, nextAttempt } = failing;
  const again = nextAttempt === undefined ? "" : `; next attempt ${timeText(nextAttempt)}`;
  const times = count === 0 ? "" : `, ${count} times in a row`;
  output.line(rich`  ${red("certificate")} at ${timeText(at)}${times}: ${message}${again}`);
  printNext(context, output, next, { indent: 2 });
}

/** Everything that the publisher knows of an issuer, for a person. */
export function showIssuer(context: CommandContext, issuer: IssuerStatus): void {
  const { output } = context;
  const { documents, failing, blind, certificate, warnings, keys } = issuer;
  output.line(rich`${bold(issuer.stack)}  ${issuer.issuer}`);
  if (documents === undefined) output.line("  nothing is published yet");
  else {
    const { from, confirmedAt, changedAt } = documents;
    output.line(`  confirmed ${timeText(confirmedAt)} (${from}), changed ${timeText(changedAt)}`);
  }
  if (failing !== undefined) {
    const what = blind === undefined ? failing.reason : `blind (${failing.reason})`;
    showFailing(context, what, { ...failing, since: blind?.since ?? failing.since });
  }
  showElsewhere(context, issuer);
  if (certificate !== undefined) showCertificate(context, certificate);
  for (const warning of warnings) output.line(rich`  ${yellow("warning")}: ${warning}`);
  showKeys(context, keys);
}

/** What is known of each key, for a person. */
export function showKeys({ output }: CommandContext, keys: readonly KeyStatus[]): void {
  for (const key of keys) {
    output.line(rich`  ${bold(key.kid)}  ${key.alg}  ${key.state}`);
    for (const line of keyLines(key)) output.line(`    ${line}`);
  }
}
