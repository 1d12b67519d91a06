import { cause, found, type ReasonEntry } from "../entry.ts";

/** Why AWS refuses the token that was given. */
export const tokenCauses = {
  TokenIssuerDiffers: cause(
    found(
      "broken",
      ["token"],
      "The token is of another issuer than the URL that was given.",
      "Look at the issuer of the token, or have the API server put this one first in --service-account-issuer.",
    ),
    { number: 601, proof: "iss of the token against the URL, byte by byte." },
  ),
  TokenExpired: cause(
    found(
      "broken",
      ["token"],
      "The token has expired.",
      "Read the token's file again for each call: the kubelet replaces it. If the file itself is old, look at the kubelet.",
    ),
    { number: 602, proof: "exp of the token against the clock of this machine." },
  ),
  TokenAudienceMissing: cause(
    found(
      "broken",
      ["token"],
      "The token has no audience: a legacy token of a Secret.",
      "Use a projected token with the audience sts.amazonaws.com.",
    ),
    { number: 603, proof: "The token has no claim aud." },
  ),
  TokenForCluster: cause(
    found(
      "broken",
      ["token"],
      "The token is for the API server, and not for AWS.",
      "Point AWS_WEB_IDENTITY_TOKEN_FILE at the projected token with the audience sts.amazonaws.com.",
    ),
    { number: 604, proof: "aud names the issuer or the API server, and not sts.amazonaws.com." },
  ),
  TokenFromTheFuture: cause(
    found(
      "broken",
      ["token"],
      "The token begins in the future: the clock of the control plane is ahead, or this one is behind.",
      "Set the clocks by NTP, those of the control plane first.",
    ),
    { number: 605, proof: "iat or nbf of the token against the clock of this machine." },
  ),
  TokenForged: cause(
    found(
      "broken",
      ["token"],
      "The key with the token's kid did not sign the token.",
      "Take the token afresh from the pod; if it stays so, the published key is not the cluster's.",
    ),
    { number: 606, proof: "The published key under the token's kid does not verify its signature." },
  ),
  TokenRefused: cause(
    found(
      "broken",
      ["token"],
      "A rule of STS refuses the token.",
      "podtrust explain --token FILE --role ARN goes through every rule.",
    ),
    { number: 600, proof: "The rule that refuses it is named." },
  ),
} as const satisfies Record<string, ReasonEntry>;
