import { claimsWithKeys } from "../../policy/shared-provider.ts";
import type { LearnedFacts } from "../rule.ts";

type Values = Readonly<Record<string, string | readonly string[]>>;
type Claims = Pick<LearnedFacts, "provider" | "payload" | "subject" | "audience" | "audiences">;

/** The claims of every issuer that become condition keys, of a trust policy and of the session's calls. */
export function claimKeys({ provider: { url }, payload, subject, audience, audiences }: Claims): Values {
  const { amr, email } = payload;
  const list: readonly unknown[] = Array.isArray(amr) ? amr : [amr];
  const methods = list.filter((one) => typeof one === "string");
  return {
    [`${url}:aud`]: audience,
    [`${url}:oaud`]: audiences,
    [`${url}:sub`]: subject,
    ...(methods.length === 0 ? {} : { [`${url}:amr`]: methods }),
    ...(typeof email === "string" ? { [`${url}:email`]: email } : {}),
  };
}

/** Those and the claims of a shared provider that AWS maps. Its page says of these "Available in session: No". */
export function trustClaimKeys(known: Claims): Values {
  const { provider, payload } = known;
  const mapped = claimsWithKeys(provider.url).flatMap((claim) => {
    const value = payload[claim];
    return typeof value === "string" ? [[`${provider.url}:${claim}`, value] as const] : [];
  });
  return { ...Object.fromEntries(mapped), ...claimKeys(known) };
}

/** The claims that a policy asks for by a key of the provider, that the token has, and of which AWS makes no key. */
export function claimsWithoutKey(
  asked: readonly string[],
  { provider: { url }, payload }: Pick<LearnedFacts, "provider" | "payload">,
): readonly string[] {
  const prefix = `${url}:`.toLowerCase();
  const known = new Set(claimsWithKeys(url));
  const claims = asked
    .filter((key) => key.toLowerCase().startsWith(prefix))
    .map((key) => key.slice(prefix.length));
  return [...new Set(claims)].filter(
    (claim) => Object.hasOwn(payload, claim) && !known.has(claim.toLowerCase()),
  );
}
