import { accepted, keysOfIssuer, refusedWith, shown } from "../../judge/index.ts";
import { relyingParties } from "../../oidc/index.ts";
import { aadsts, assertionRule } from "../rule.ts";
import { sources } from "../sources.ts";

/** Seen where AADSTS50166 would be. */
const alsoUnreadable = [90_061, 501_661];

const unreadable = aadsts(50_166, "invalid_request", {
  when: "the issuer's documents cannot be read from outside",
  text: "Request to External OIDC endpoint failed.",
  evidence: "reported",
  otherNumbers: alsoUnreadable,
});

/** The keys of a set that are looked at. */
const { maxKeys } = relyingParties.azure;

const documents = assertionRule({
  name: "issuer-documents",
  title: "Discovery document and JWK Set can be read from outside, and are of the issuer.",
  sources: [sources.considerations, sources.reports],
  evidence: "reported",
  note: `The numbers ${alsoUnreadable.join(" and ")} have been seen for the same. A host that throttles gets it now and then; where others see it in the same hour, it is likely an incident of Azure's. That another issuer in the discovery document gets it as well is inferred.`,
  answers: [unreadable],
  needs: ["claims", "credential"],
  check({ documents: served }, { claims: { iss } }) {
    if (served === undefined) return { outcome: "needs-documents" };
    const keys = keysOfIssuer(served, iss);
    if (typeof keys !== "string") return accepted("both can be read", { keys: keys.slice(0, maxKeys) });
    const next = `Make both documents readable from outside: podtrust doctor ${iss}.`;
    return refusedWith(unreadable, { why: keys, next });
  },
});

const noKey = aadsts(7_000_272, "invalid_client", {
  when: "the set, as it was fetched last, has no RSA key with the token's kid",
  text: "The certificate with identifier <kid> used to sign the federated credential could not be found in the metadata of identity provider <iss>. Please validate that your Identity Provider's metadata exposes the key used to sign the incoming token.",
  evidence: "reported",
});

const selection = assertionRule({
  name: "key-selection",
  title: "The JWK Set has an RSA key with the assertion's kid.",
  sources: [sources.considerations, sources.reports],
  evidence: "reported",
  note: "Only the first 100 keys are kept. Of a new issuer or a new key this is the answer for 20 to 30 minutes, until the set is fetched again.",
  answers: [noKey],
  needs: ["jws", "claims", "keys", "keyChecks"],
  check(_facts, { jws, claims: { iss }, keys, keyChecks }) {
    const key = keys.find(
      (one) => one["kid"] === jws.kid && one["kty"] === "RSA" && keyChecks.isPublicKey(one),
    );
    if (key !== undefined) return accepted(`key ${shown(jws.kid)}`, { key });
    const known = keys.slice(0, 10).map((one) => shown(one["kid"]));
    return refusedWith(noKey, {
      why: `the token's kid is ${shown(jws.kid)}, and the set has ${known.length === 0 ? "no key" : known.join(", ")}`,
      next: "Publish the key that the cluster signs with; if it is there, wait up to 30 minutes.",
      values: { kid: jws.kid ?? "", iss },
    });
  },
});

const badSignature = aadsts(700_027, "invalid_client", {
  when: "the key has not signed the assertion",
  text: "Client assertion failed signature validation.",
  evidence: "inferred",
});

const signature = assertionRule({
  name: "assertion-signature",
  title: "The key has signed the assertion.",
  sources: [sources.errors],
  evidence: "inferred",
  note: "The number is documented for assertions that are signed with a certificate; for federated ones it was never observed.",
  answers: [badSignature],
  needs: ["jws", "key", "keyChecks"],
  check(_facts, { jws, key, keyChecks }) {
    if (keyChecks.verifies(jws, key)) return accepted("the signature is right");
    return refusedWith(badSignature, {
      why: `the key ${shown(key["kid"])} has not signed this token`,
      next: "Take the token whole; if it is, another cluster publishes the same kid under this issuer.",
    });
  },
});

/** Which key must have signed, and whether it has. */
export const keyRules = [documents, selection, signature];
