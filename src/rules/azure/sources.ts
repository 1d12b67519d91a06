/** The sources of the rules. `docs/reference/azure-rules.md` lists these under their short names. */
export const sources = {
  flow: "https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow",
  errors: "https://learn.microsoft.com/entra/identity-platform/reference-error-codes",
  federation: "https://learn.microsoft.com/entra/workload-id/workload-identity-federation",
  considerations: "https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations",
  recorded: "bodies of Entra's answers in tests that Microsoft and others have published",
  reports: "answers that users have quoted in public issue trackers",
} as const;
