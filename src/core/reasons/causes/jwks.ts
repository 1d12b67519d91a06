import { cause, found, type ReasonEntry } from "../entry.ts";

/** Why a JWK Set does not serve AWS. */
export const jwksCauses = {
  JwksPathMissing: cause(
    found(
      "broken",
      ["jwks"],
      "The discovery document is served, and the path that it names for the keys is not.",
      "Route the path of jwks_uri as well: /openid/v1/jwks at Kubernetes, /keys at SPIRE.",
    ),
    { number: 201, proof: "Discovery answers 200, and jwks_uri answers 404." },
  ),
  KeyWithoutKid: cause(
    found(
      "broken",
      ["jwks"],
      "The keys carry no kid, and AWS finds a key by it.",
      "Publish the JWK Set of the cluster as it is: kubectl get --raw /openid/v1/jwks",
    ),
    { number: 202, proof: "No usable key is left, and a key of the set has no kid." },
  ),
  KeyUnsupported: cause(
    found(
      "broken",
      ["jwks"],
      "The keys are of a kind that AWS does not verify.",
      "Sign with RS256 (RSA, 2048 bits or more) or ES256, and publish that key.",
    ),
    { number: 203, proof: "No usable key is left, and the sentence names what AWS does not verify of each." },
  ),
  KeyLeftOut: cause(
    found(
      "warning",
      ["jwks"],
      "AWS can use some keys of the set and not this one: its tokens would be refused.",
      "Take it out if it signs nothing; else sign with a key that AWS verifies.",
    ),
    { number: 204, proof: "Another key of the same set is usable." },
  ),
  KidTwice: cause(
    found(
      "broken",
      ["jwks"],
      "Two different keys share one kid: AWS takes the last and refuses tokens of the other.",
      "Give each key its own kid, and publish the set again.",
    ),
    { number: 205, proof: "Two keys with the same kid and different numbers." },
  ),
  TooManyKeys: cause(
    found(
      "broken",
      ["jwks"],
      "The set has more than 100 keys of one type, and AWS then refuses all tokens of that type.",
      "Take out the keys that sign nothing any more.",
    ),
    { number: 206, proof: "The count of RSA keys, or of EC keys, is over 100." },
  ),
  PrivateKeyPublished: cause(
    found(
      "broken",
      ["jwks"],
      "The set publishes a private key: anyone who has read it can make tokens.",
      "Treat the key as stolen: take the document down, let the cluster sign with a new key, publish public keys only.",
    ),
    { number: 207, proof: "A key has a member that only private keys have." },
  ),
  JwksEmpty: cause(
    found(
      "broken",
      ["jwks"],
      "The set has no key.",
      "Publish the cluster's keys: kubectl get --raw /openid/v1/jwks",
    ),
    { number: 208, proof: "The list keys is there and empty." },
  ),
  KeyMembersMissing: cause(
    found(
      "warning",
      ["jwks"],
      "A key lacks use, or an alg that nothing else tells. AWS does not ask for them, and other verifiers do.",
      'Write use "sig" and the algorithm into each key.',
    ),
    {
      number: 209,
      proof: "The members of each key of the set, and the algorithms of the discovery document.",
    },
  ),
  KeyOperations: cause(
    found(
      "broken",
      ["jwks"],
      "Every key has key_ops, with which AWS refuses tokens.",
      "Publish the keys without key_ops.",
    ),
    { number: 210, proof: "Each key of the set has the member key_ops." },
  ),
  AnswersDiffer: cause(
    found(
      "unseen",
      ["jwks"],
      "Two states of the documents are served at the same time: a change is spreading through caches.",
      "Wait as long as Cache-Control allows, and look again; if both states stay, one of the servers was forgotten.",
    ),
    {
      number: 213,
      proof: "Samples of one URL, one after the other, hold different keys.",
      verdict: "propagating",
    },
  ),
  TokenKeyMissing: cause(
    found(
      "broken",
      ["jwks"],
      "The key that signed the token is not published.",
      "Publish the cluster's keys as they are now: kubectl get --raw /openid/v1/jwks",
    ),
    {
      number: 211,
      proof: "The kid of the token is not in the set, and no key of the set made its signature.",
    },
  ),
  TokenKidDiffers: cause(
    found(
      "broken",
      ["jwks"],
      "The key that signed the token is published under another kid.",
      "Copy the kid from the cluster's own set; do not compute it.",
    ),
    { number: 212, proof: "A key of the set verifies the signature, under another kid than the token has." },
  ),
  CacheStale: cause(
    found(
      "warning",
      ["jwks"],
      "A cache in front of the issuer gives an older document than the server behind it.",
      "Wait as long as Cache-Control allows, or clear the CDN's cache of both documents.",
    ),
    {
      number: 215,
      proof: "An answer says that it comes from a cache, and a URL that no cache has seen gives other keys.",
      verdict: "propagating",
    },
  ),
  KeyPropagating: cause(
    found(
      "unseen",
      ["jwks"],
      "The key was published so recently that AWS may not have fetched it yet.",
      "Wait; change nothing. Next time publish a key an hour before it signs.",
    ),
    {
      number: 214,
      proof:
        "The key is there and verifies the token, and the document changed within the time that AWS keeps a set.",
      verdict: "propagating",
    },
  ),
} as const satisfies Record<string, ReasonEntry>;
