import type { VendorText } from "./vendor-text.ts";

/** What Google Cloud says, the narrowest first. */
export const googleTexts: readonly VendorText[] = [
  {
    from: "Google Cloud",
    words: ["is stale to sign-in"],
    open: ["token"],
    means: "The token is over, issued in the future, or older than a day, which Google Cloud takes none of.",
  },
  {
    from: "Google Cloud",
    words: ["error connecting to the given credential's issuer"],
    open: ["dns", "tls", "reachability", "discovery", "jwks", "provider"],
    means:
      "Google Cloud has no key for the token: it could not fetch the issuer's documents or, where keys are uploaded, was not given the key that signs (podtrust publish keys).",
  },
  {
    from: "Google Cloud",
    words: ["unable to verify the id token signature"],
    open: ["jwks", "provider"],
    means: "Google Cloud has another key under the token's kid: the keys of a cluster of before, most often.",
  },
  {
    from: "Google Cloud",
    words: ["the issuer in id token", "does not match the expected one in config"],
    open: ["provider", "token"],
    means: "The provider's issuer is not the token's iss, letter for letter: a slash at its end counts.",
  },
  {
    from: "Google Cloud",
    words: ["the audience in id token", "does not match the expected audience"],
    open: ["provider", "token"],
    means:
      "The token is not for the provider: its audience is the provider's full name, unless it names others.",
  },
  {
    from: "Google Cloud",
    words: ["the target service indicated by the", "audience", "parameters is invalid"],
    open: ["provider"],
    means:
      "There is no such pool or provider, it is disabled or deleted, or the audience has the project's id in place of its number.",
  },
  {
    from: "Google Cloud",
    words: ["rejected by the attribute condition"],
    open: ["provider"],
    means: "The provider's condition is not true of the token.",
  },
  {
    from: "Google Cloud",
    words: ["could not obtain a value for", "from the given credential"],
    open: ["provider", "token"],
    means: "The provider's mapping finds nothing in the token for an attribute.",
  },
  {
    from: "Google Cloud",
    words: ["iam.serviceaccounts.getaccesstoken", "denied on resource"],
    open: ["trust"],
    clears: ["provider", "token", "jwks"],
    means:
      "The token was exchanged, and the service account does not let its principal in, or does not yet: a new member counts after some 70 seconds.",
  },
];
