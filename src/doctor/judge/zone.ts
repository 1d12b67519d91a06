import { hostNameOf, isoTime, lengthText } from "../../core/base/index.ts";
import { addressesIn, type NameAnswer, type NameServerAnswer } from "../facts.ts";
import { isWhole } from "./around.ts";
import { type DoctorFinding, finding } from "./finding.ts";
import type { Judged } from "./judged.ts";

const isNothing = (answer: NameAnswer): boolean =>
  "error" in answer && (answer.error === "ENOTFOUND" || answer.error === "ENODATA");
const isLame = (answer: NameAnswer): boolean =>
  "error" in answer && (answer.error === "EREFUSED" || answer.error === "ESERVFAIL");
const isFound = (answer: NameAnswer): boolean => addressesIn([answer]).length > 0;

const said = (servers: readonly NameServerAnswer[]): string =>
  servers
    .map(
      ({ server, answer }) => `${server}: ${"error" in answer ? answer.error : answer.addresses.join(", ")}`,
    )
    .join("; ");

/** Whether the resolver knows the name; undefined where it failed, so that nothing can be compared. */
function isResolved({ names, issuer }: Judged): boolean | undefined {
  const answers = names.filter(({ host }) => host === hostNameOf(issuer)).flatMap((name) => name.answers);
  if (addressesIn(answers).length > 0) return true;
  return answers.every(isNothing) ? false : undefined;
}

/** Until when a resolver may go on with what it has. */
function untilText(now: number, seconds: number): string {
  return `for ${lengthText(seconds * 1000)} at most, until ${isoTime(now + seconds * 1000)}`;
}

function nameCached({ zone, now }: Judged, seen: string): DoctorFinding {
  const seconds = zone?.missingSeconds;
  const until = seconds === undefined ? "" : `; that it was missing is remembered ${untilText(now, seconds)}`;
  return finding("NameCached", { seen: `${seen}${until}` });
}

/** The resolver still has addresses that the zone no longer gives, which serve nothing, while the zone's do. */
function formerAddress(facts: Judged): readonly DoctorFinding[] {
  const { fromZone, zone, names, issuer, now } = facts;
  const whole = fromZone.filter(isWhole).map(({ address }) => address);
  if (zone === undefined || whole.length === 0) return [];
  const former = addressesIn(
    names.filter(({ host }) => host === hostNameOf(issuer)).flatMap((one) => one.answers),
  );
  const given = new Set(addressesIn(zone.servers.map(({ answer }) => answer)));
  // If one server has both, its answers depend on the client, or a secondary lags behind.
  if (former.some((address) => given.has(address))) return [];
  const { remembered } = zone;
  const isKnown = remembered?.addresses.some((address) => former.includes(address)) === true;
  const until = isKnown ? `, ${untilText(now, remembered.seconds)}` : "";
  return [
    finding("AddressCached", {
      seen: `${whole.join(", ")}, which the name servers of ${zone.zone} give, serves both documents; the resolver remembers ${former.join(", ")}${until}`,
    }),
  ];
}

/** What the zone's own servers say, past every cache, against what the resolver says. */
export function judgeZone(facts: Judged): readonly DoctorFinding[] {
  const { zone, issuer } = facts;
  if (zone === undefined) return [];
  const resolved = isResolved(facts);
  if (resolved === false && !zone.zone.includes(".") && hostNameOf(issuer) !== zone.zone)
    return [
      finding("ZoneNotDelegated", { seen: `the nearest zone above ${hostNameOf(issuer)} is ${zone.zone}` }),
    ];
  const { servers } = zone;
  const having = servers.filter(({ answer }) => isFound(answer));
  const lacking = servers.filter(({ answer }) => isNothing(answer));
  const found: DoctorFinding[] = [];
  const seen = `the name servers of ${zone.zone} say: ${said(servers)}`;
  if (servers.some(({ answer }) => isLame(answer))) found.push(finding("DelegationLame", { seen }));
  if (having.length > 0 && lacking.length > 0) return [...found, finding("NameServersDiffer", { seen })];
  if (resolved === false && having.length > 0) found.push(nameCached(facts, seen));
  if (resolved === true && lacking.length > 0) found.push(finding("NameOnlyCached", { seen }));
  return [...found, ...formerAddress(facts)];
}
