import { awsBounds, type DocumentReading, type IssuerReading } from "../../issuer/index.ts";
import type { DoctorFacts, NameFacts } from "../facts.ts";
import { type DoctorFinding, finding } from "./finding.ts";

/** The part of a document's time that has to be the looker's own before times say nothing: half of what is called slow. */
const part = 1 / 4;

/** Whether the program that looked was held up itself, so long that nothing is known of how long others took. */
export function isHeldUp({
  lateMs = 0,
  timeoutMs = awsBounds.timeoutMs,
}: Partial<Pick<DoctorFacts, "lateMs" | "timeoutMs">>): boolean {
  return lateMs >= timeoutMs * part;
}

function isLate(reading: DocumentReading | undefined): boolean {
  if (reading?.outcome !== "failed") return false;
  const { reason, cause } = reading.error.detail;
  return reason === "timeout" || cause === "ETIMEDOUT";
}

const inTime = ({ discovery, jwks }: IssuerReading): boolean => !isLate(discovery) && !isLate(jwks);
const isAnswered = ({ answers, own }: NameFacts): boolean =>
  [...answers, ...(own === undefined ? [] : [own])].every(
    (answer) => !("error" in answer) || answer.error !== "ETIMEOUT",
  );

/** The documents of the first reading that did not come in time. */
export function lateDocuments({ reading }: DoctorFacts): ReadonlySet<string> {
  const { discovery, jwks } = reading;
  return new Set([...(isLate(discovery) ? ["discovery"] : []), ...(isLate(jwks) ? ["jwks"] : [])]);
}

/**
 * The facts without what only time says: what was given up waiting for was not looked at. The first reading gives way to a
 * later one that came in time.
 */
export function withoutTimes(facts: DoctorFacts): DoctorFacts {
  const { origin, challenge, ...rest } = facts;
  const [first = facts.reading, ...samples] = [facts.reading, ...facts.samples].filter(inTime);
  const isClosed =
    challenge !== undefined && "error" in challenge && /^(?:timeout|ETIMEDOUT)$/u.test(challenge.error);
  return {
    ...rest,
    reading: first,
    samples,
    names: facts.names.filter(isAnswered),
    addresses: facts.addresses.filter(({ reading }) => inTime(reading)),
    inside: facts.inside.filter(({ reading }) => inTime(reading)),
    // That the former address gave nothing in time is what these were looked at for.
    fromZone: inTime(facts.reading) ? facts.fromZone : [],
    ...(origin !== undefined && inTime(origin) ? { origin } : {}),
    ...(challenge === undefined || isClosed ? {} : { challenge }),
  };
}

/** In the place of findings about times. */
export function lookDelayed(lateMs: number): DoctorFinding {
  return finding("LookDelayed", {
    seen: `this program itself was held up for ${lateMs} ms while it looked`,
  });
}

/** Whether two judgements name the same causes. */
export function sameReasons(one: readonly DoctorFinding[], other: readonly DoctorFinding[]): boolean {
  const text = (all: readonly DoctorFinding[]): string =>
    all.map(({ link, reason }) => `${link} ${reason}`).join();
  return text(one) === text(other);
}
