import { textOf } from "../../core/base/index.ts";
import { type DocumentReading, type IssuerReading, judgeIssuer } from "../../issuer/index.ts";
import type { AddressFacts, DoctorFacts } from "../facts.ts";
import { isUnseen } from "./connections.ts";
import { type DoctorFinding, finding } from "./finding.ts";
import { isHeldUp } from "./delayed-look.ts";
import { isServed, type Judged } from "./judged.ts";

const documentsOf = ({ discovery, jwks }: IssuerReading): readonly DocumentReading[] =>
  jwks === undefined ? [discovery] : [discovery, jwks];

const isThrottled = (reading: DocumentReading): boolean =>
  reading.outcome === "answered" && (reading.response.status === 429 || reading.response.status === 503);

function outcomeOf(reading: DocumentReading): string {
  if (reading.outcome === "answered") return `status ${reading.response.status}`;
  return textOf(reading.error.detail["reason"]) ?? "failed";
}

/** The issuer and the kids that a reading gives; undefined where a document of it cannot be read. */
export function content(reading: IssuerReading): string | undefined {
  const { discovery, jwks } = judgeIssuer(reading);
  if (discovery === undefined || jwks === undefined) return undefined;
  return `${discovery.issuer} with the keys ${jwks.keys.map(({ kid }) => kid).join(", ")}`;
}

function counted(readings: readonly DocumentReading[]): string {
  const outcomes = readings.map(outcomeOf);
  return [...new Set(outcomes)]
    .map((one) => `${outcomes.filter((other) => other === one).length} × ${one}`)
    .join(", ");
}

const isWhole = (reading: IssuerReading): boolean => documentsOf(reading).every(isServed);
const answers = ({ reading }: AddressFacts): boolean => isWhole(reading);

/** Whether an address only asks to come more slowly: then it lives, and the look itself may be too much for it. */
const isLimited = ({ reading }: AddressFacts): boolean =>
  documentsOf(reading).some((one) => one.outcome === "answered" && one.response.status === 429);

/**
 * The reading by which the issuer itself is judged: of an address that serves both documents, where the first came from one
 * that does not. What is wrong with the dead one is told with it, and is nothing of the documents.
 */
export function standingReading({ reading, addresses }: DoctorFacts): IssuerReading {
  return isWhole(reading) ? reading : (addresses.find(answers)?.reading ?? reading);
}

/** Addresses that do not serve the documents, where another does. */
function deadOf(addresses: readonly AddressFacts[]): readonly AddressFacts[] {
  if (!addresses.some(answers)) return [];
  return addresses.filter((one) => !isUnseen(one.reading.discovery) && !answers(one) && !isLimited(one));
}

/** What passes at times and at times does not. */
export function judgeSamples({ reading, samples, addresses }: Judged): readonly DoctorFinding[] {
  const all = [reading, ...samples];
  const documents = all.flatMap(documentsOf);
  const failed = documents.filter((one) => !isServed(one));
  const contents = [...new Set(all.map(content).filter((one) => one !== undefined))];
  const found: DoctorFinding[] = [];
  if (failed.length > 0 && failed.length < documents.length && contents.length > 0) {
    // A dead address that answers 503 limits nobody.
    const isLimiting = deadOf(addresses).length === 0 && failed.some(isThrottled);
    const reason = isLimiting ? "Throttled" : "AnswersFlaky";
    found.push(
      finding(reason, { seen: `${documents.length} requests for the two documents: ${counted(documents)}` }),
    );
  }
  if (contents.length > 1)
    found.push(
      finding("AnswersDiffer", { seen: `the same URLs gave ${contents.slice(0, 3).join("; then ")}` }),
    );
  return found;
}

/** Each address of the name by itself. */
export function judgeAddresses({ addresses }: Judged): readonly DoctorFinding[] {
  const unseen = addresses.filter(({ reading }) => isUnseen(reading.discovery));
  const seen = addresses.filter((one) => !unseen.includes(one));
  const dead = deadOf(addresses);
  const found: DoctorFinding[] = unseen.map(({ address }) =>
    finding("AddressUnseen", { seen: `${address} is not asked from here` }),
  );
  const living = seen.filter(answers);
  if (dead.length > 0) {
    const list = (some: readonly AddressFacts[]): string => some.map(({ address }) => address).join(", ");
    const how = counted(dead.flatMap(({ reading }) => documentsOf(reading)));
    const next = `Mend the server at ${list(dead)}, or take its record out of DNS.`;
    found.push(
      finding("AddressDead", { seen: `${list(living)} serves both documents; ${list(dead)}: ${how}`, next }),
    );
  }
  const contents = living.map(({ address, reading }) => ({
    address,
    text: content(reading) ?? "nothing readable",
  }));
  if (new Set(contents.map(({ text }) => text)).size > 1)
    found.push(
      finding("AddressesDiffer", {
        seen: contents.map(({ address, text }) => `${address} serves ${text}`).join("; "),
      }),
    );
  return found;
}

const timeOf = ({ exchange }: DocumentReading): number => exchange.timing.lastByte ?? 0;

/** How long the documents took: the first time, and later. */
export function timesOf({ reading, samples }: Judged): { readonly cold: number; readonly warm: number } {
  const maxTime = (readings: readonly IssuerReading[]): number =>
    Math.max(0, ...readings.flatMap(documentsOf).map(timeOf));
  return { cold: maxTime([reading]), warm: maxTime(samples) };
}

export function judgeTimes(facts: Judged): readonly DoctorFinding[] {
  if (isHeldUp(facts)) return [];
  const { cold, warm } = timesOf(facts);
  // Half of what AWS waits.
  if (Math.max(cold, warm) <= facts.timeoutMs / 2) return [];
  return [
    finding("ResponseSlow", {
      seen: `the slowest document took ${cold} ms the first time and ${warm} ms later`,
    }),
  ];
}
