import { caaAuthorities } from "../../rules/dns/index.ts";
import type { CaaFacts } from "../facts.ts";
import { type DoctorFinding, finding } from "./finding.ts";
import type { Judged } from "./judged.ts";

/** RFC 8659 §4, RFC 9495 and what the CA/Browser Forum registered. */
const knownTags: ReadonlySet<string> = new Set([
  "issue",
  "issuewild",
  "issuemail",
  "issuevmc",
  "iodef",
  "contactemail",
  "contactphone",
]);

const domain = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/iu;

/** The domain of an issue value, before its parameters; empty if it allows no CA. */
const domainOf = (value: string): string => value.split(";", 1).join("").trim();

const shown = ({ name, records }: CaaFacts): string =>
  `${name} has CAA ${records.map(({ critical, tag, value }) => `${critical ? 128 : 0} ${tag} ${JSON.stringify(value)}`).join(", ")}`;

/** The CA of the certificate that is served, as CAA records call it; undefined for one that is not known here. */
function servedBy({ reading }: Judged): readonly string[] | undefined {
  const issuer = String(reading.discovery.exchange.tls?.chain[0]?.issuer);
  return caaAuthorities.find(({ mark }) => mark.test(issuer))?.identities;
}

function judgeSet(facts: Judged, set: CaaFacts): readonly DoctorFinding[] {
  const seen = shown(set);
  const unknown = set.records.filter(({ critical, tag }) => critical && !knownTags.has(tag));
  const values = set.records.filter(({ tag }) => tag === "issue").map(({ value }) => domainOf(value));
  const found = unknown.length > 0 ? [finding("CaaCritical", { seen })] : [];
  if (values.some((value) => value !== "" && !domain.test(value)))
    return [...found, finding("CaaMisspelt", { seen })];
  const allowed = values.filter((value) => value !== "").map((value) => value.toLowerCase());
  const ours = servedBy(facts);
  const isShut = ours === undefined ? allowed.length === 0 : !ours.some((one) => allowed.includes(one));
  if (values.length === 0 || !isShut) return found;
  const whose = ours === undefined ? "" : `; the certificate's CA is ${ours.join(" or ")}`;
  return [...found, finding("CaaForbids", { seen: `${seen}${whose}` })];
}

/** What a CA finds that climbs from the name to its CAA records before it renews the certificate. */
export function judgeCaa(facts: Judged): readonly DoctorFinding[] {
  const last = facts.caa.at(-1);
  if (last === undefined) return [];
  if (last.error === "ESERVFAIL")
    return [
      finding("CaaUnanswered", { seen: `asked for the CAA records of ${last.name}, DNS failed twice` }),
    ];
  return last.records.length === 0 ? [] : judgeSet(facts, last);
}
