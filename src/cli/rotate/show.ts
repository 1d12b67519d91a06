import { isoSeconds } from "../../core/base/index.ts";
import type {
  IssuerCertificateStatus,
  IssuerStatus,
  KeyStatus,
  PublicationStatus,
} from "../../publisher/index.ts";
import type { CommandContext } from "../context.ts";
import { printNext } from "../../core/command-line/index.ts";
import { bold, red, rich, yellow } from "../../core/terminal/index.ts";

function signingLines({ signs, maySignFrom, mayDistrustFrom }: KeyStatus): readonly string[] {
  if (signs !== undefined) {
    const known =
      signs.by === "only-key"
        ? "the cluster shows no other key"
        : `seen by a token of ${isoSeconds(signs.at)}`;
    return [`signs (${known})`];
  }
  return [
    ...(maySignFrom === undefined ? [] : [`may sign from ${isoSeconds(maySignFrom)}`]),
    ...(mayDistrustFrom === undefined
      ? []
      : [`signs no more, may be distrusted from ${isoSeconds(mayDistrustFrom)}`]),
  ];
}

function keyLines(key: KeyStatus): readonly string[] {
  const { firstSeen, lastSeen, absentSince, retainedUntil, distrustedAt, shown } = key;
  const lines = [
    `first seen ${isoSeconds(firstSeen)}, last seen ${isoSeconds(lastSeen)}`,
    ...signingLines(key),
  ];
  if (absentSince !== undefined) lines.push(`missing in the cluster since ${isoSeconds(absentSince)}`);
  if (retainedUntil !== undefined) lines.push(`published until ${isoSeconds(retainedUntil)}`);
  if (distrustedAt === undefined) return lines;
  const named = shown ? "; the cluster still names it as a verifier" : "";
  return [...lines, `distrusted at ${isoSeconds(distrustedAt)}, not published${named}`];
}

/** A series of failures, and what to do. */
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
  output.line(rich`  ${red(what)} since ${isoSeconds(since)}, ${count} times in a row: ${message}`);
  printNext(context, output, next, { indent: 2 });
}

/** `what`: `published in`, before the place's name. */
function showPublication(context: CommandContext, what: string, publication: PublicationStatus): void {
  const { output } = context;
  const { place, confirmedAt, failing } = publication;
  const seen = confirmedAt === undefined ? "not seen there yet" : `seen there ${isoSeconds(confirmedAt)}`;
  output.line(`  ${what} ${place}, ${seen}`);
  if (failing !== undefined) showFailing(context, failing.code, failing);
}

function showElsewhere(context: CommandContext, { publication, uploads = [] }: IssuerStatus): void {
  if (publication !== undefined) showPublication(context, "published in", publication);
  for (const upload of uploads) showPublication(context, "keys uploaded to", upload);
}

function showCertificate(context: CommandContext, { notAfter, failing }: IssuerCertificateStatus): void {
  const { output } = context;
  output.line(
    notAfter === undefined ? "  no certificate yet" : `  certificate until ${isoSeconds(notAfter)}`,
  );
  if (failing === undefined) return;
  const { message, next, at, count, nextAttempt } = failing;
  const again = nextAttempt === undefined ? "" : `; next attempt ${isoSeconds(nextAttempt)}`;
  const times = count === 0 ? "" : `, ${count} times in a row`;
  output.line(rich`  ${red("certificate")} at ${isoSeconds(at)}${times}: ${message}${again}`);
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
    output.line(`  confirmed ${isoSeconds(confirmedAt)} (${from}), changed ${isoSeconds(changedAt)}`);
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
