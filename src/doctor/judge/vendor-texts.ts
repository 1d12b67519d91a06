import type { Link } from "../../core/base/index.ts";

/** What a program other than STS says, and which links it leaves open. */
export interface VendorText {
  readonly from: string;
  /** All of these stand in the text; lower case, white space as single spaces. */
  readonly words: readonly string[];
  readonly open: readonly Link[];
  /** Links that hold when this is said. */
  readonly clears?: readonly Link[];
  /** What the text means, as a sentence. */
  readonly means: string;
}

const exchange = [
  "discovery",
  "jwks",
  "dns",
  "tls",
  "reachability",
  "provider",
  "trust",
  "token",
  "sts",
] as const;

/** Texts of SDKs, kubelet, API server and AWS's services, the narrowest first. */
export const vendorTexts: readonly VendorText[] = [
  {
    from: "an AWS service",
    words: ["explicit deny in a service control policy"],
    open: ["permission"],
    clears: exchange,
    means: "The role was assumed, and a policy of the organisation denies the action.",
  },
  {
    from: "an AWS service",
    words: [":assumed-role/", "/i-", "is not authorized to perform"],
    open: ["serviceaccount", "injection", "token", "sts"],
    means:
      "The call was made as the node, not as the pod's role: the pod has no variables, or its SDK does not use them.",
  },
  {
    from: "an AWS service",
    words: [":assumed-role/", "is not authorized to perform: sts:assumerole on resource"],
    open: ["permission"],
    clears: exchange,
    means: "The pod has a role, and its program assumes one more: often the same role again.",
  },
  {
    from: "an AWS service",
    words: [":assumed-role/", "is not authorized to perform"],
    open: ["permission"],
    clears: exchange,
    means: "The role was assumed, and its policies do not allow the action.",
  },
  {
    from: "an SDK",
    words: ["on the class path", "sts"],
    open: ["sts"],
    means: "The Java SDK lacks its module for STS, and goes on with the next credentials.",
  },
  {
    from: "an SDK",
    words: ["unexpected response code for connect"],
    open: ["sts"],
    means: "A proxy refuses the way to STS.",
  },
  {
    from: "an SDK",
    words: ["sts.", "amazonaws.com", "i/o timeout"],
    open: ["sts"],
    means: "The pod does not reach STS. Without an address in the text, its name was not resolved.",
  },
  {
    from: "an SDK",
    words: ["/var/run/secrets/eks.amazonaws.com/serviceaccount/token", "no such file"],
    open: ["injection"],
    means:
      "The variables are there and the token's file is not: the volume is not mounted in this container.",
  },
  {
    from: "an SDK",
    words: ["unable to locate credentials"],
    open: ["serviceaccount", "injection", "sts"],
    means: "The SDK found no credentials at all: the variables are missing, or it is too old for them.",
  },
  {
    from: "an SDK",
    words: ["nocredentialproviders"],
    open: ["serviceaccount", "injection", "sts"],
    means: "The SDK found no credentials at all: the variables are missing, or it is too old for them.",
  },
  {
    from: "an SDK",
    words: ["could not load credentials from any providers"],
    open: ["serviceaccount", "injection", "sts"],
    means: "The SDK found no credentials at all: the variables are missing, or it is too old for them.",
  },
  {
    from: "the API server",
    words: ["invalid bearer token"],
    open: ["cluster", "token"],
    means: "The API server refuses the token: another issuer, another key or another audience than it knows.",
  },
  {
    from: "the API server",
    words: ["issuer url must use https scheme"],
    open: ["cluster"],
    means: "The API server serves no discovery document, since its issuer is no https URL.",
  },
  {
    from: "the API server",
    words: ["failed to parse service-account-issuer-key-file"],
    open: ["cluster"],
    means: "The key's file is not to be seen inside the API server's container.",
  },
  {
    from: "the kubelet",
    words: ["failed to fetch token"],
    open: ["cluster", "serviceaccount", "token"],
    means: "The API server did not mint the pod's token.",
  },
  {
    from: "a TLS client",
    words: ["certificate signed by unknown authority"],
    open: ["tls"],
    means: "No root that the program knows vouches for a server's chain.",
  },
  {
    from: "a TLS client",
    words: ["certificate has expired or is not yet valid"],
    open: ["tls"],
    means: "A certificate is outside its dates, or the clock is wrong.",
  },
];
