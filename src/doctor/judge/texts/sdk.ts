import type { VendorText } from "./vendor-text.ts";

/** What SDKs say, the narrowest first. */
export const sdkTexts: readonly VendorText[] = [
  {
    from: "an SDK",
    words: ["on the class path", "sts"],
    open: ["sts"],
    means: "The Java SDK lacks its module for STS, and falls back to the next credentials.",
  },
  {
    from: "an SDK",
    words: ["unexpected response code for connect"],
    open: ["sts"],
    means: "A proxy refuses the connection to STS.",
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
    from: "an SDK",
    words: ["unable to load credentials from any of the providers in the chain"],
    open: ["serviceaccount", "injection", "sts"],
    means: "The SDK found no credentials at all: the variables are missing, or it is too old for them.",
  },
  {
    from: "an SDK",
    words: ["no ec2 imds role found"],
    open: ["serviceaccount", "injection", "sts"],
    means: "The SDK found no credentials at all: the variables are missing, or it is too old for them.",
  },
  {
    from: "an SDK",
    words: ["no providers in chain provided credentials"],
    open: ["serviceaccount", "injection", "sts"],
    means: "The SDK found no credentials at all: the variables are missing, or it is too old for them.",
  },
  {
    from: "an SDK",
    words: ["unable to sign request without credentials set"],
    open: ["serviceaccount", "injection", "sts"],
    means: "The SDK found no credentials at all: the variables are missing, or it is too old for them.",
  },
  {
    from: "an SDK",
    words: ["error retrieving credentials from the instance profile metadata"],
    open: ["serviceaccount", "injection", "sts"],
    means: "The SDK found no credentials at all: the variables are missing, or it is too old for them.",
  },
  {
    from: "an SDK",
    words: ["unable to get iam security credentials from ec2 instance metadata"],
    open: ["serviceaccount", "injection", "sts"],
    means: "The SDK found no credentials at all: the variables are missing, or it is too old for them.",
  },
  {
    from: "an SDK",
    words: ["token file expired"],
    open: ["token", "sts"],
    means: "The token that was sent is over: the SDK read the file once, or the kubelet renews it no more.",
  },
  {
    from: "an SDK",
    words: ["webidentityerr", "unable to read file"],
    open: ["injection"],
    means: "The token's file is not to be read in this container: not mounted, or owned by another user.",
  },
  {
    from: "an SDK",
    words: ["webidentityerr", "failed to retrieve credentials"],
    open: ["token", "trust", "provider", "sts"],
    means: "STS was asked with the token and gave nothing: its own sentence stands behind this one.",
  },
];
