import { type Jwk, type KeyChecks, shown } from "../../../judge/index.ts";
import { algorithms, isAlgorithm, type Jws, maxKeysOfType } from "../../../oidc/index.ts";
import { sameText } from "../answer.ts";
import { type StsRule, stsRule } from "../rule.ts";
import { sources } from "../sources.ts";
import { couldNotBeValidated, invalidToken, noVerificationKey } from "../texts.ts";
import { accepted, refused } from "../verdict.ts";

/** The type of key that goes with the token's alg; undefined for an alg that an earlier rule has refused. */
function keyType(alg: string): "RSA" | "EC" | undefined {
  return isAlgorithm(alg) ? algorithms[alg].kty : undefined;
}

const tooMany = sameText(
  "the set has more than 100 keys of the token's type",
  invalidToken,
  noVerificationKey,
  {
    evidence: "observed",
  },
);

const count = stsRule({
  name: "key-count",
  title: "The JWK Set has at most 100 keys of the type that signed the token.",
  sources: [sources.oidcProviders, sources.observed],
  evidence: "observed",
  note: "With 101 RSA keys every RSA token is refused, also when the wanted key stands first; tokens of EC keys are still accepted.",
  answers: [tooMany],
  needs: ["keys", "jws"],
  check(_facts, { keys, jws }) {
    const kty = keyType(jws.alg);
    const found = keys.filter((key) => key["kty"] === kty).length;
    if (found <= maxKeysOfType) return accepted(`${found} of type ${kty ?? "unknown"}`);
    return refused(tooMany, {
      why: `the JWK Set has ${found} ${kty} keys, more than ${maxKeysOfType}`,
      next: "Publish no keys that sign no more tokens.",
    });
  },
});

/** Whether the first certificate of x5c is of the key (RFC 7517 §4.7). */
function certificateFits(jwk: Jwk, { isCertificateOf }: KeyChecks): boolean {
  const { x5c } = jwk;
  const first: unknown = Array.isArray(x5c) ? x5c[0] : undefined;
  return typeof first === "string" && isCertificateOf(first, jwk);
}

/** Why AWS passes a key by, or undefined for one that it uses. */
function unusable(jwk: Jwk, checks: KeyChecks): string | undefined {
  const { kid, kty, use, x5c } = jwk;
  if (typeof kid !== "string" || kid === "") return "it has no kid";
  if (kty !== "RSA" && kty !== "EC") return `its type is ${shown(kty)}`;
  if (use !== undefined && use !== "sig") return `its use is ${shown(use)}`;
  if (!checks.isPublicKey(jwk)) return "its members are no public key";
  return x5c === undefined || certificateFits(jwk, checks) ? undefined : "its x5c is not of the same key";
}

const noKey = sameText(
  "no usable key of the token's type has its kid, or the token has no kid and the set has not exactly one usable key",
  invalidToken,
  noVerificationKey,
  { evidence: "observed" },
);

function setAsText(keys: readonly Jwk[], checks: KeyChecks): string {
  if (keys.length === 0) return "the JWK Set is empty";
  const lines = keys.slice(0, 10).map((key) => {
    const problem = unusable(key, checks);
    return `${shown(key["kid"])} (${problem ?? String(key["kty"])})`;
  });
  const more = keys.length > 10 ? ` and ${keys.length - 10} more` : "";
  return `the JWK Set has ${lines.join(", ")}${more}`;
}

/** The key that AWS takes for a token. */
function select(keys: readonly Jwk[], { kid = "", alg }: Jws, checks: KeyChecks): Jwk | undefined {
  const kty = keyType(alg);
  const named = kid === "" ? keys : keys.filter((key) => key["kid"] === kid);
  const usable = named.filter((key) => unusable(key, checks) === undefined);
  if (kid === "") return usable.length === 1 && usable[0]?.["kty"] === kty ? usable[0] : undefined;
  return usable.findLast((key) => key["kty"] === kty);
}

const selection = stsRule({
  name: "key-selection",
  title: "The JWK Set has a usable key with the token's kid, or exactly one when the token has none.",
  sources: [sources.jwk, sources.observed],
  evidence: "observed",
  note: "A key is usable when it has a kid, is RSA or EC, has use sig or none, has n and e (x and y) of its own, and an x5c, where there is one, of the same key. Of several with one kid the last counts. The alg of a key is not looked at; keys and addresses in the token's header are ignored. That n, e, x and y are base64url without padding is RFC 7518's; what AWS does with plain base64 is not known.",
  answers: [noKey],
  needs: ["keys", "jws", "keyChecks"],
  check(_facts, { keys, jws, keyChecks }) {
    const kid = jws.kid ?? "";
    const key = select(keys, jws, keyChecks);
    if (key !== undefined) {
      const twins = keys.filter((one) => one["kid"] === key["kid"]).length;
      const warnings =
        twins > 1 ? [`${twins} keys have the kid ${shown(key["kid"])}; AWS takes the last.`] : [];
      return accepted(`key ${shown(key["kid"])}`, { key }, warnings);
    }
    const wanted =
      kid === ""
        ? "the token names no kid"
        : `no usable ${keyType(jws.alg) ?? "unknown"} key has the kid ${shown(kid)}`;
    return refused(noKey, {
      why: `${wanted}; ${setAsText(keys, keyChecks)}`,
      next: "Publish the key that the cluster signs with, under the kid that its tokens carry, before it signs.",
    });
  },
});

const hasOperations = sameText("the key has key_ops, whatever is in it", invalidToken, couldNotBeValidated, {
  evidence: "observed",
});

const operations = stsRule({
  name: "key-operations-absent",
  title: "The key has no key_ops.",
  sources: [sources.jwk, sources.observed],
  evidence: "observed",
  note: "The text of earlier years is not known.",
  answers: [hasOperations],
  needs: ["key"],
  check(_facts, { key }) {
    if (!Object.hasOwn(key, "key_ops")) return accepted("no key_ops");
    return refused(hasOperations, {
      why: `the key ${shown(key["kid"])} carries key_ops, with which AWS refuses every token of it, even for ["verify"]`,
      next: "Publish the key without key_ops.",
    });
  },
});

const badSignature = sameText(
  "the signature is not of the selected key, or the key's curve does not go with the alg",
  invalidToken,
  couldNotBeValidated,
  { evidence: "observed" },
);

const signature = stsRule({
  name: "signature",
  title: "The selected key has signed the token.",
  sources: [sources.jws, sources.jwa, sources.observed],
  evidence: "observed",
  note: "The text of earlier years is not known. That the curve must be the alg's, and an RSA key 2048 bits long, is RFC 7518's; what AWS does with keys that are no product of two large primes, or have an exponent of 1, is not known: here they verify nothing.",
  answers: [badSignature],
  needs: ["jws", "key", "keyChecks"],
  check(_facts, { jws, key, keyChecks }) {
    if (keyChecks.verifies(jws, key)) return accepted(`the signature is of key ${shown(key["kid"])}`);
    const weak = keyChecks.weakness(key);
    if (weak !== undefined) {
      return refused(badSignature, {
        why: `nothing can be verified with key ${shown(key["kid"])}: ${weak}`,
        next: "Let the cluster sign with a new key; with this one anyone may be able to sign.",
      });
    }
    return refused(badSignature, {
      why: `key ${shown(key["kid"])} did not sign this token with ${jws.alg}: it was changed, or another key with the same kid signed it`,
      next: "Compare the published key with the one that the cluster signs with; after a change of keys, publish the new one first.",
    });
  },
});

/** The rules by which a key is chosen and asked. */
export const keyRules: readonly StsRule[] = [count, selection, operations, signature];
