import { isIP } from "node:net";
import { hostNameOf } from "../../core/base/index.ts";
import type { Reason } from "../../core/reasons/index.ts";
import { type IssuerFinding, isPrivateAddress, isPrivateName, jwksUriOf } from "../../issuer/index.ts";
import { issuerDifference } from "../../rules/oidc/index.ts";
import { addressesIn } from "../facts.ts";
import { unreadable } from "./answers.ts";
import { type DoctorFinding, finding } from "./finding.ts";
import type { Judged } from "./judged.ts";

const withoutPort = (url: string): string => url.replace(/^(https?:\/\/[^/:]+):\d+/u, "$1");

/** A host that a cluster uses for itself. */
function isClusterHost(host: string): boolean {
  return isIP(host) !== 0 || isPrivateName(host) || /(?:^|\.)kubernetes\.default|\.svc\./u.test(host);
}

/** Which of two issuers' differences it is; the sentence with the first differing byte is `issuerDifference`'s. */
export function issuerReason(expected: string, actual: string): Reason {
  const kind = issuerDifference(expected, actual)?.kind;
  if (kind === "trailing-slash") return "IssuerSlash";
  if (kind === "case") return "IssuerCase";
  if (kind === "default-port" || withoutPort(expected) === withoutPort(actual)) return "IssuerPortDiffers";
  if (isClusterHost(hostNameOf(actual)) && !isClusterHost(hostNameOf(expected))) return "IssuerOfCluster";
  const dropped =
    hostNameOf(expected) === hostNameOf(actual) && expected.startsWith(`${actual.replace(/\/$/u, "")}/`);
  return dropped ? "IssuerPathDropped" : "IssuerMismatch";
}

/** Why the document is another issuer's. */
export function mismatch(facts: Judged, { seen }: IssuerFinding): DoctorFinding {
  const actual = String(facts.judgement.discovery?.issuer);
  return finding(issuerReason(facts.issuer, actual), {
    seen: seen.replace("the configured issuer", "the URL that was given"),
    link: "discovery",
  });
}

/** Why a discovery document cannot be used. */
export function invalidDiscovery(facts: Judged, found: IssuerFinding): DoctorFinding {
  const uri = jwksUriOf(facts.reading.discovery);
  if (uri?.startsWith("http:") === true)
    return finding("JwksUriPlain", {
      seen: `jwks_uri of ${facts.reading.discovery.url} is ${JSON.stringify(uri.slice(0, 200))}`,
    });
  return unreadable(facts, found) ?? finding("DiscoveryInvalid", { seen: found.seen, next: found.next });
}

/** Whether the discovery document sends relying parties to a host that they cannot reach. */
export function privateKeysHost(facts: Judged): readonly DoctorFinding[] {
  const { reading, names, issuer } = facts;
  const uri = jwksUriOf(reading.discovery);
  const host = hostNameOf(uri ?? "");
  if (uri === undefined || host === "" || host === hostNameOf(issuer)) return [];
  const answers = names.filter((one) => one.host === host).flatMap((one) => one.answers);
  const addresses = addressesIn(answers);
  const isHidden = isIP(host) !== 0 ? isPrivateAddress(host) : isPrivateName(host);
  const leadsNowhere = addresses.length > 0 && addresses.every(isPrivateAddress);
  if (!isHidden && !leadsNowhere) return [];
  const because = isHidden
    ? "a host of no public network"
    : `a host whose addresses are private (${addresses.join(", ")})`;
  return [
    finding("JwksUriPrivate", {
      seen: `jwks_uri of ${reading.discovery.url} is ${JSON.stringify(uri.slice(0, 200))}, ${because}`,
      next: `Set --service-account-jwks-uri=${issuer.replace(/\/$/u, "")}/openid/v1/jwks of the API server, and publish the set there.`,
    }),
  ];
}
