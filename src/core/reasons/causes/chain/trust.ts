import { cause, found, type ReasonEntry } from "../../entry.ts";

const trust = ["trust"] as const;
const repair = "podtrust plan shows how the trust policy differs; podtrust up repairs it.";

/** Why a role does not let a ServiceAccount in, or lets in more than it says. */
export const trustCauses = {
  TrustWildcardLiteral: cause(
    found(
      "broken",
      trust,
      "The trust policy compares a pattern by StringEquals, which takes * and ? as these very characters.",
      `Name the subject to the letter, or write StringLike. ${repair}`,
    ),
    { number: 821, proof: "The pattern would fit the subject, and its operator takes none." },
  ),
  TrustClaimsSwapped: cause(
    found(
      "broken",
      trust,
      "The trust policy compares the wrong claim: a subject stands under :aud, or an audience under :sub.",
      `Put the subject under :sub and the audience under :aud. ${repair}`,
    ),
    { number: 822, proof: "The shape of the value: system:serviceaccount:… is a subject." },
  ),
  TrustSubjectDiffers: cause(
    found(
      "broken",
      trust,
      "The trust policy names another namespace or ServiceAccount.",
      `Correct the name where it is wrong, in the workload or in the policy. ${repair}`,
    ),
    { number: 823, proof: "The subject of the token and the values of the policy, side by side." },
  ),
  TrustProviderAccount: cause(
    found(
      "broken",
      trust,
      "The trust policy names a provider of another account than the role's.",
      `Name the provider of the role's own account. ${repair}`,
    ),
    { number: 824, proof: "The account in Principal.Federated against that of the role." },
  ),
  TrustAudienceDiffers: cause(
    found(
      "broken",
      trust,
      "The trust policy asks for another audience than the token has.",
      `Make :aud of the policy the audience of the token. ${repair}`,
    ),
    { number: 825, proof: "The provider accepts the audience, and no value of :aud is it." },
  ),
  TrustSubjectCase: cause(
    found(
      "broken",
      trust,
      "The subject in the trust policy differs in the case of its letters alone.",
      `Copy the subject from a token. ${repair}`,
    ),
    { number: 826, proof: "The values are the same in lower case, and differ as they stand." },
  ),
  TrustTooWide: cause(
    found(
      "warning",
      trust,
      "The trust policy lets in more than the config means: a condition is missing, or holds where the claim is absent.",
      `Compare :sub and :aud by StringEquals. ${repair}`,
    ),
    { number: 827, proof: "The statement that lets others in, by the rules that STS asks." },
  ),
  RolePropagating: cause(
    found(
      "unseen",
      ["trust", "sts"],
      "The role or its trust policy is new, and STS does not know it yet.",
      "Wait a minute, and look again; change nothing.",
    ),
    {
      number: 828,
      proof:
        "By every rule STS would accept the token, it refuses, and the role was made less than a minute ago.",
      verdict: "propagating",
    },
  ),
  OrganisationDenies: cause(
    found(
      "unseen",
      ["sts"],
      "All that can be seen from this account lets the token in, and STS refuses: a policy of the organisation may deny it.",
      "Ask the organisation's administrators for its resource and service control policies: a new issuer has to be listed there.",
    ),
    {
      number: 829,
      proof:
        "By every rule STS would accept the token, it answers AccessDenied, and the role is older than a minute.",
    },
  ),
} as const satisfies Record<string, ReasonEntry>;
