import { cause, found, type ReasonEntry } from "../../entry.ts";

const provider = ["provider"] as const;
const tls = ["provider", "tls"] as const;

/** Why the publisher has no good certificate to serve, in the CA's own words. */
export const publisherCauses = {
  CertificateRateLimited: cause(
    found(
      "broken",
      ["tls"],
      "The CA issues no certificate for the name now: too many were asked for.",
      "Keep the publisher's state folder, wait until the CA's limit is over, and try things out against the CA's staging directory.",
    ),
    {
      number: 851,
      proof: "The publisher's last answer of its CA is rateLimited, and there is no good certificate.",
    },
  ),
} as const satisfies Record<string, ReasonEntry>;

/** Why AWS does not find a provider, or finds another than intended. */
export const providerCauses = {
  ProviderOfFormerIssuer: cause(
    found(
      "broken",
      provider,
      "The account has a provider of another issuer, which the role still trusts, and none of this one.",
      "Make the provider of this issuer (podtrust up), let roles trust both, then remove the old one.",
    ),
    {
      number: 802,
      proof: "The role's trust policy names a provider that exists, of another URL than the issuer.",
    },
  ),
  ClientIdTypo: cause(
    found(
      "broken",
      provider,
      "A client ID of the provider is almost the audience of the tokens, but not the same.",
      "Add the audience as the tokens have it: podtrust up.",
    ),
    { number: 803, proof: "The client ID that differs least from the audience, letter by letter." },
  ),
  ClientIdRegional: cause(
    found(
      "broken",
      provider,
      "A client ID of the provider is the name of a regional endpoint: an audience does not choose an endpoint.",
      "Keep sts.amazonaws.com in token, provider and trust policy; choose the endpoint by AWS_REGION.",
    ),
    { number: 804, proof: "The provider has sts.REGION.amazonaws.com, and not the audience of the tokens." },
  ),
  ThumbprintMismatch: cause(
    found(
      "broken",
      tls,
      "No public root vouches for the issuer's chain, and none of its certificates is in the provider's thumbprints.",
      "Register the thumbprint of today's chain: podtrust up --ca FILE. Or take a certificate of a public CA.",
    ),
    {
      number: 805,
      proof: "The SHA-1 of each certificate that the server sends, against the provider's thumbprints.",
    },
  ),
  ThumbprintSometimes: cause(
    found(
      "broken",
      tls,
      "The issuer's servers send different chains, and the provider has the thumbprints of some of them only.",
      "Register a thumbprint of each chain, five at the most, or serve one chain.",
    ),
    { number: 806, proof: "Several handshakes: one chain has a registered thumbprint, another has none." },
  ),
  ThumbprintExpiring: cause(
    found(
      "warning",
      tls,
      "AWS trusts the issuer by a thumbprint alone, and its certificate ends soon: on that day every token is refused.",
      "Register the next certificate's thumbprint before that day: podtrust up --ca FILE.",
    ),
    { number: 807, proof: "The end of each certificate whose thumbprint is registered." },
  ),
  RoleInOtherAccount: cause(
    found(
      "broken",
      provider,
      "The role is of another account than the provider: STS looks for it in the role's own account.",
      "Make the provider in the role's account as well, or assume that role from one of this account.",
    ),
    { number: 808, proof: "The account in AWS_ROLE_ARN against the accounts of the config." },
  ),
  ProviderDeleted: cause(
    found(
      "broken",
      provider,
      "The provider was deleted: roles still trust it by its ARN.",
      "Make it again: podtrust up. The roles need no change, since its ARN is made of its URL.",
    ),
    { number: 809, proof: "A trust policy names the ARN of the provider, and IAM has none of it." },
  ),
} as const satisfies Record<string, ReasonEntry>;
