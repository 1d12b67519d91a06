import { PodtrustError, recordsOf as objectsOf, textOf } from "../../../base/index.ts";
import type { Config } from "../../../config/index.ts";
import { caaText, type RecordWish } from "../../../dns/index.ts";
import type { Output } from "../../../plan/index.ts";
import type { Part } from "../part.ts";

/** Seconds: a certificate authority looks anew each time, and keeps it for eight hours at the most. */
const ttl = 60;

/** An account at a certificate authority, as the publisher tells it. */
interface Authority {
  readonly directory: string;
  readonly uri: string;
  /** What the authority calls itself in CAA records. */
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

// RFC 8659 §4.2: what may stand in a value without quotes; an account's URI has neither of these (RFC 8657 §3).
const isPlain = (text: string): boolean => /^[!-:<-~]{1,400}$/u.test(text) && !/["\\]/u.test(text);

/**
 * One record for each account: only it, and only by what the publisher proves itself with, gets certificates (RFC 8657).
 * Throws `dns-caa-unknown` for an authority that does not say its name there: a record without it would shut it out.
 */
export function caaValues(text: string, methods: readonly string[]): readonly string[] {
  return authoritiesOf(text).map(({ directory, uri, identities }) => {
    const [identity] = identities;
    if (identity === undefined || !isPlain(identity) || !isPlain(uri)) {
      throw new PodtrustError(
        "dns-caa-unknown",
        `the certificate authority at ${directory} does not say by which name CAA records call it`,
        { detail: { directory } },
      );
    }
    const value = `${identity}; accounturi=${uri}; validationmethods=${methods.join(",")}`;
    return caaText({ flags: 0, tag: "issue", value });
  });
}

/** What a publisher on the config's machine says of its accounts; undefined where no part has one. */
export function accountsOf({ stack }: Pick<Config, "stack">, parts: readonly Part[]): Output | undefined {
  const id = `host/${stack}/publisher`;
  const isThere = parts.some(({ named }) => named.some((one) => one.id === id));
  return isThere ? { after: id, name: "authorities" } : undefined;
}

/** The CAA records of the issuer's name; none where no publisher of this config's says which accounts it has. */
export function caaOf(config: Config, name: string, from: Output | undefined): readonly RecordWish[] {
  const { publisher, dns } = config;
  if (from === undefined || publisher?.serve.kind !== "acme" || dns?.caa !== true) return [];
  const methods = [publisher.serve.acme.challenge];
  return [{ name, type: "CAA", ttl, values: { from, make: (text) => caaValues(text, methods) } }];
}
