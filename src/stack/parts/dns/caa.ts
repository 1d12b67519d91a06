import { PodtrustError, recordsOf as objectsOf, textOf } from "../../../core/base/index.ts";
import { caaMethods, type Config } from "../../../config/index.ts";
import { caaText, type RecordSpec } from "../../../rules/dns/index.ts";
import { accountsOutput } from "../publisher/part.ts";

/** Seconds: a certificate authority looks up records each time, and caches them for eight hours at most. */
export const caaTtl = 60;

/** An account at a certificate authority as CAA records name it. */
export interface CaaAccount {
  /** The authority's own name there. */
  readonly authority: string;
  readonly uri: string;
}

/** The same as the accounts' resource outputs it. */
interface Authority {
  readonly directory: string;
  readonly uri: string;
  /** The authority's own name in CAA records. */
  readonly identities: readonly string[];
}

function authoritiesOf(text: string): readonly Authority[] {
  return objectsOf(JSON.parse(text)).map((one) => {
    const identities: unknown = one["caaIdentities"];
    return {
      directory: textOf(one["directory"]) ?? "",
      uri: textOf(one["uri"]) ?? "",
      identities: Array.isArray(identities) ? identities.flatMap((name) => textOf(name) ?? []) : [],
    };
  });
}

// RFC 8659 §4.2: what may appear in a value without quotes; an account's URI has neither of these (RFC 8657 §3).
const isPlain = (text: string): boolean => /^[!-:<-~]{1,400}$/u.test(text) && !/["\\]/u.test(text);

/**
 * The accounts of the output `authorities`. Throws `dns-caa-unknown` for an authority without a CAA name: a record
 * without it would shut it out.
 */
export function caaAccounts(text: string): readonly CaaAccount[] {
  return authoritiesOf(text).map(({ directory, uri, identities }) => {
    const [identity] = identities;
    if (identity === undefined || !isPlain(identity) || !isPlain(uri)) {
      throw new PodtrustError(
        "dns-caa-unknown",
        `the certificate authority at ${directory} does not say by which name CAA records call it`,
        { detail: { directory } },
      );
    }
    return { authority: identity, uri };
  });
}

/** The value of an `issue` property: only this account, and only by these challenges, gets certificates (RFC 8657). */
export function caaIssue({ authority, uri }: CaaAccount, methods: readonly string[]): string {
  return `${authority}; accounturi=${uri}; validationmethods=${methods.join(",")}`;
}

/** One record for each account. Throws `dns-caa-unknown`. */
export function caaValues(text: string, methods: readonly string[]): readonly string[] {
  return caaAccounts(text).map((account) =>
    caaText({ flags: 0, tag: "issue", value: caaIssue(account, methods) }),
  );
}

/** The CAA records of the issuer's name; none if no publisher of this config reports its accounts. */
export function caaOf(config: Config, name: string): readonly RecordSpec[] {
  const methods = caaMethods(config);
  const from = accountsOutput(config);
  if (from === undefined || methods.length === 0) return [];
  return [{ name, type: "CAA", ttl: caaTtl, values: { from, make: (text) => caaValues(text, methods) } }];
}
