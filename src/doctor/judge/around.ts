import { hostNameOf } from "../../core/base/index.ts";
import type { AddressFacts, ChallengeFacts } from "../facts.ts";
import { type DoctorFinding, finding } from "./finding.ts";
import { isServed, type Judged } from "./judged.ts";
import { content } from "./samples.ts";

/** A missing document that stands somewhere else. */
export function judgeNearby({ nearby, reading }: Judged): readonly DoctorFinding[] {
  const [first] = nearby;
  if (first === undefined) return [];
  const missing = first.document === "jwks" ? reading.jwks : reading.discovery;
  const urls = nearby.map(({ url }) => url).join(", ");
  return [
    finding("DocumentElsewhere", {
      seen: `${String(missing?.url)} is missing, and the document stands at ${urls}`,
      link: first.document,
    }),
  ];
}

/** A cache that gives what the server behind it no longer has. */
export function judgeOrigin({ origin, reading }: Judged): readonly DoctorFinding[] {
  if (origin === undefined) return [];
  const [cached, fresh] = [content(reading), content(origin)];
  if (cached === undefined || fresh === undefined || cached === fresh) return [];
  return [finding("CacheStale", { seen: `the cache gives ${cached}, and the server behind it ${fresh}` })];
}

const closed: ReadonlySet<string> = new Set(["ECONNREFUSED", "ETIMEDOUT", "ECONNRESET", "timeout"]);

/** Why an answer to a challenge is no ACME client's; undefined for one that may be. */
function swallowed(issuer: string, facts: Extract<ChallengeFacts, { status: number }>): string | undefined {
  const { url, status, html, location } = facts;
  if (location !== undefined && status >= 300 && status < 400) {
    const to = URL.canParse(location, url) ? hostNameOf(new URL(location, url).href) : "";
    return to === hostNameOf(issuer) ? undefined : `a redirect to ${location}`;
  }
  if (status === 200) return html ? "status 200 and a page" : undefined;
  return status === 404 || status === 410 ? undefined : `status ${status}`;
}

/** What a CA meets on port 80, where the certificate is none or overdue. */
export function judgeChallenge({ challenge, issuer }: Judged): readonly DoctorFinding[] {
  if (challenge === undefined) return [];
  const { url } = challenge;
  if ("error" in challenge) {
    if (!closed.has(challenge.error)) return [];
    return [finding("ChallengePortClosed", { seen: `${url} is not to be had (${challenge.error})` })];
  }
  const why = swallowed(issuer, challenge);
  return why === undefined ? [] : [finding("ChallengeSwallowed", { seen: `${url} answers with ${why}` })];
}

/** Whether an address serves both documents. */
export const isWhole = ({ reading }: AddressFacts): boolean =>
  isServed(reading.discovery) && isServed(reading.jwks);

/** An issuer that is reached from here by an inner address and by no other. */
export function judgeInside({ inside, reading, addresses }: Judged): readonly DoctorFinding[] {
  const { discovery } = reading;
  const isCut = discovery.outcome === "failed" && discovery.exchange.timing.connect === undefined;
  const within = inside.filter(isWhole).map(({ address }) => address);
  if (!isCut || within.length === 0 || addresses.some(isWhole)) return [];
  return [
    finding("LocalVantage", {
      seen: `${within.join(", ")} serves both documents, and no public address takes a connection from here`,
    }),
  ];
}
