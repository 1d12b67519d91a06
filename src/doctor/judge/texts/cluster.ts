import type { VendorText } from "./vendor-text.ts";

/** What API server and kubelet say, the narrowest first. */
export const clusterTexts: readonly VendorText[] = [
  {
    from: "the API server",
    words: ["service account uid", "does not match claim"],
    open: ["token"],
    means:
      "The token is of a ServiceAccount that was deleted and made anew since: its pods have to be made anew.",
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
    from: "the API server",
    words: ["system:anonymous", "cannot get path"],
    open: ["discovery"],
    means: "Only users of the cluster may read the discovery document: it has to be public for AWS.",
  },
  {
    from: "the API server",
    words: ["service account token has expired"],
    open: ["token"],
    means: "The token is over: the kubelet renews it no more, or a program kept it.",
  },
  {
    from: "the API server",
    words: ["token audiences", "is invalid for the target audiences"],
    open: ["cluster", "token"],
    means: "The API server gets a token for another audience, such as sts.amazonaws.com.",
  },
  {
    from: "the API server",
    words: ["service account token has been invalidated"],
    open: ["serviceaccount", "token"],
    means: "The pod or the ServiceAccount that the token is bound to is gone.",
  },
  {
    from: "the API server",
    words: ["failed calling webhook"],
    open: ["injection"],
    means: "A webhook did not answer the API server: its pod, its certificate or the way to it.",
  },
  {
    from: "the API server",
    words: ["x509: certificate relies on legacy common name field"],
    open: ["tls", "injection"],
    means: "A certificate names its host in the common name alone, which clients no longer accept.",
  },
  {
    from: "the kubelet",
    words: ["failed to fetch token", "serviceaccounts", "not found"],
    open: ["serviceaccount"],
    means: "The pod's ServiceAccount does not exist.",
  },
  {
    from: "the kubelet",
    words: ["failed to fetch token", "forbidden"],
    open: ["cluster", "serviceaccount"],
    means: "The API server does not let this node have a token of that ServiceAccount or audience.",
  },
  {
    from: "the kubelet",
    words: ["failed to fetch token"],
    open: ["cluster", "serviceaccount", "token"],
    means: "The API server did not mint the pod's token.",
  },
  {
    from: "the kubelet",
    words: ["mountvolume.setup failed", "aws-iam-token"],
    open: ["cluster", "serviceaccount", "token"],
    means: "The volume of the token could not be filled: the API server did not mint it.",
  },
];
