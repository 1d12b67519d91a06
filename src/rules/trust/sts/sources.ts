/** The sources of the rules. `docs/reference/sts-rules.md` lists these under their short names. */
export const sources = {
  api: "https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html",
  oidcProviders: "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html",
  irsaErrors: "https://repost.aws/knowledge-center/eks-troubleshoot-irsa-errors",
  tokenErrors: "https://repost.aws/knowledge-center/iam-sts-invalididentitytoken",
  sessionTags: "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html",
  sourceIdentity:
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html",
  conditionKeys:
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html",
  providerClaims:
    "https://aws.amazon.com/about-aws/whats-new/2026/01/aws-sts-supports-validation-identity-provider-claims/",
  providerControls:
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html",
  principals:
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-anonymous",
  conditionOperators:
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html",
  jws: "https://www.rfc-editor.org/rfc/rfc7515",
  jwk: "https://www.rfc-editor.org/rfc/rfc7517",
  jwa: "https://www.rfc-editor.org/rfc/rfc7518",
  jwt: "https://www.rfc-editor.org/rfc/rfc7519",
  discovery: "https://openid.net/specs/openid-connect-discovery-1_0.html",
  core: "https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation",
  observed: "answers of STS in us-east-1, seen and published by a third party in September 2026",
  emulator: "https://github.com/versity/versitygw",
} as const;
