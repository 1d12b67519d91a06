import {
  accepted,
  type Jwk,
  jwkEntries,
  type KeyChecks,
  keysOfIssuer,
  refusedWith,
  shown,
  type VendorAnswer,
} from "../../judge/index.ts";
import { type Jws, relyingParties } from "../../oidc/index.ts";
import type { ExchangeFacts, GoogleProvider } from "../facts.ts";
import { exchangeRule } from "../rule.ts";
import { sources } from "../sources.ts";

const noConnection: VendorAnswer = {
  when: "the documents cannot be read, or no key of the set has the token's kid and type",
  code: "invalid_grant",
  status: 400,
  text: "Error connecting to the given credential's issuer.",
  evidence: "observed",
};

/** The keys that Google looks at, or why there are none; undefined where the issuer's documents were not fetched yet. */
function keysOf(
  { documents }: ExchangeFacts,
  { issuerUri, jwksJson }: GoogleProvider,
): readonly Jwk[] | string | undefined {
  if (jwksJson !== undefined) return jwkEntries(jwksJson);
  return documents === undefined ? undefined : keysOfIssuer(documents, issuerUri);
}

const documents = exchangeRule({
  name: "issuer-documents",
  title: "The keys can be read: those that were uploaded to the provider, else those that the issuer serves.",
  sources: [sources.otherProviders, sources.measured],
  evidence: "observed",
  note: "Uploaded keys count alone: the issuer is not asked, and need not be reachable. What is fetched is kept for long: a key that was taken out was still accepted after 21 hours.",
  answers: [noConnection],
  needs: ["provider"],
  check(facts, { provider }) {
    const keys = keysOf(facts, provider);
    if (keys === undefined) return { outcome: "needs-documents" };
    const place = provider.jwksJson === undefined ? "served by the issuer" : "uploaded to the provider";
    if (typeof keys !== "string") return accepted(`${keys.length} keys ${place}`, { keys });
    return refusedWith(noConnection, {
      why: keys,
      next:
        provider.jwksJson === undefined
          ? "Make both documents readable from outside (podtrust doctor ISSUER), or upload the keys to the provider."
          : "Upload the cluster's JWK Set again: podtrust up.",
    });
  },
});

const keyTypes: Readonly<Record<string, string>> = { RS256: "RSA", ES256: "EC" };

function keyOf(keys: readonly Jwk[], { alg, kid }: Jws, checks: KeyChecks): Jwk | undefined {
  return keys.find((key) => key["kid"] === kid && key["kty"] === keyTypes[alg] && checks.isPublicKey(key));
}

const selection = exchangeRule({
  name: "key-selection",
  title: "The token is signed with RS256 or ES256, and the set has a key of its kid and type.",
  sources: [sources.otherProviders, sources.measured],
  evidence: "observed",
  note: "Google's text is the same for a kid that it does not know and for documents that it cannot read. That another algorithm gets it as well is inferred.",
  answers: [noConnection],
  needs: ["jws", "keys", "keyChecks"],
  check(_facts, { jws, keys, keyChecks }) {
    const key = jws.kid === undefined ? undefined : keyOf(keys, jws, keyChecks);
    if (key !== undefined) return accepted(`key ${shown(jws.kid)}`, { key });
    const { algorithms } = relyingParties.gcp;
    const known = keys.slice(0, 10).map((one) => shown(one["kid"]));
    const isTaken = algorithms.some((one) => one === jws.alg);
    return refusedWith(noConnection, {
      why: isTaken
        ? `the token's kid is ${shown(jws.kid)}, and the set has ${known.length === 0 ? "no key" : known.join(", ")}`
        : `the token's alg is ${shown(jws.alg)}, and Google verifies ${algorithms.join(" and ")}`,
      next: isTaken
        ? "Upload the cluster's JWK Set again (podtrust up), or wait until Google fetches what the issuer serves."
        : "Let the cluster sign with an RSA key, or an EC key of P-256.",
    });
  },
});

const badSignature: VendorAnswer = {
  when: "the signature is not of the key with the token's kid",
  code: "invalid_grant",
  status: 400,
  text: "Unable to verify the ID Token signature.",
  evidence: "observed",
};

const signature = exchangeRule({
  name: "subject-token-signature",
  title: "The key has signed the token.",
  sources: [sources.measured],
  evidence: "observed",
  answers: [badSignature],
  needs: ["jws", "key", "keyChecks"],
  check(_facts, { jws, key, keyChecks }) {
    if (keyChecks.verifies(jws, key)) return accepted("the signature is right");
    return refusedWith(badSignature, {
      why: `the key ${shown(key["kid"])} has not signed this token`,
      next: "Take the token whole; if it is, another cluster uses the same kid: upload this cluster's own keys.",
    });
  },
});

/** Which key must have signed, and whether it has. */
export const keyRules = [documents, selection, signature];
