import type { VendorText } from "./vendor-text.ts";

/** What Azure and Google Cloud say, the narrowest first. */
export const cloudTexts: readonly VendorText[] = [
  {
    from: "Azure",
    words: ["aadsts501661"],
    open: ["dns", "tls", "reachability", "discovery", "jwks"],
    means:
      "Azure could not fetch the issuer's documents, and at times can: the host throttles or fails by chance.",
  },
  {
    from: "Azure",
    words: ["aadsts5002738"],
    open: ["jwks", "token"],
    means: "Azure takes RSA keys alone.",
  },
  {
    from: "Azure",
    words: ["aadsts700211"],
    open: ["provider", "token"],
    means: "No federated credential has the issuer of the token, letter for letter.",
  },
  {
    from: "Azure",
    words: ["aadsts700213"],
    open: ["trust", "token"],
    means: "No federated credential has the subject of the token, letter for letter.",
  },
  {
    from: "Azure",
    words: ["aadsts700212"],
    open: ["provider", "token"],
    means: "No federated credential has the audience of the token.",
  },
  {
    from: "Google Cloud",
    words: ["is stale to sign-in"],
    open: ["token"],
    means: "Google Cloud takes no token that is older than a day, whatever its exp.",
  },
  {
    from: "Google Cloud",
    words: ["error connecting to the given credential's issuer"],
    open: ["dns", "tls", "reachability", "discovery", "jwks"],
    means: "Google Cloud could not fetch the issuer's documents.",
  },
  {
    from: "Azure",
    words: ["aadsts50166"],
    open: ["dns", "tls", "reachability", "discovery", "jwks"],
    means:
      "Azure could not fetch the issuer's documents. When others see it in the same hour it is Azure's own incident.",
  },
];
