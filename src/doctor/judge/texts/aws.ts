import type { Link } from "../../../core/base/index.ts";
import type { VendorText } from "./vendor-text.ts";

const exchange: readonly Link[] = [
  "discovery",
  "jwks",
  "dns",
  "tls",
  "reachability",
  "provider",
  "trust",
  "token",
  "sts",
];

/** What AWS's services answer to a caller with credentials, the narrowest first. */
export const awsTexts: readonly VendorText[] = [
  {
    from: "an AWS service",
    words: ["no vpc endpoint policy allows"],
    open: ["sts", "permission"],
    means:
      "The policy of a VPC endpoint on the way does not allow the call; no trust policy has a say in that.",
  },
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
    from: "an AWS service",
    words: ["the security token included in the request is expired"],
    open: ["sts"],
    means: "A role session is over that was fetched once and not again: the program has to renew it.",
  },
  {
    from: "an AWS service",
    words: ["the security token included in the request is invalid"],
    open: ["sts"],
    means:
      "Other credentials than the role's were sent: keys in the environment or a profile come before the token.",
  },
  {
    from: "an AWS service",
    words: ["unable to assume role", "accessdenied"],
    open: ["trust"],
    means: "The role does not let the caller in.",
  },
];
