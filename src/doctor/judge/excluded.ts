import { isoDay, type Link } from "../../core/base/index.ts";
import { addressesIn } from "../facts.ts";
import type { DoctorFinding, Excluded } from "./finding.ts";
import { isServed, type Judged } from "./judged.ts";

function dnsProof({ names }: Judged): string | undefined {
  const [name] = names;
  if (name === undefined) return undefined;
  if (name.instead !== undefined)
    return `--connect-to leads ${name.host} to ${name.instead}, in place of DNS`;
  const addresses = addressesIn(name.answers);
  return addresses.length === 0 ? undefined : `${name.host} is ${addresses.join(", ")}`;
}

function tlsProof({ reading }: Judged): string | undefined {
  const { tls, timing } = reading.discovery.exchange;
  const leaf = tls?.chain[0];
  if (reading.discovery.outcome !== "answered" || leaf === undefined || timing.tls === undefined)
    return undefined;
  return `${tls?.protocol}, verified, good until ${isoDay(leaf.notAfter)}`;
}

function reachabilityProof({ reading, samples }: Judged): string | undefined {
  if (!isServed(reading.discovery) || !isServed(reading.jwks)) return undefined;
  return `both documents came with status 200, ${samples.length + 1} times of ${samples.length + 1}`;
}

function discoveryProof({ judgement, issuer }: Judged): string | undefined {
  const { discovery } = judgement;
  return discovery === undefined
    ? undefined
    : `names ${issuer} to the letter, and its keys at ${discovery.jwksUri}`;
}

function jwksProof({ judgement }: Judged): string | undefined {
  const { jwks } = judgement;
  return jwks === undefined ? undefined : jwks.keys.map(({ alg, kid }) => `${alg} ${kid}`).join(", ");
}

function tokenProof({ token }: Judged): string | undefined {
  return token === undefined
    ? undefined
    : "the token is good by every rule of STS that does not ask for a role";
}

const proofs: readonly (readonly [Link, (facts: Judged) => string | undefined])[] = [
  ["discovery", discoveryProof],
  ["jwks", jwksProof],
  ["dns", dnsProof],
  ["tls", tlsProof],
  ["reachability", reachabilityProof],
  ["token", tokenProof],
];

/** The links that are not to blame, each with its proof. A link about which there is a finding is not among them. */
export function excludedLinks(facts: Judged, findings: readonly DoctorFinding[]): readonly Excluded[] {
  const reported = new Set(findings.map(({ link }) => link));
  return proofs.flatMap(([link, prove]) => {
    const seen = reported.has(link) ? undefined : prove(facts);
    return seen === undefined ? [] : [{ link, seen }];
  });
}
