/** The sources of the rules. `docs/reference/gcp-rules.md` lists these under their short names. */
export const sources = {
  exchange: "https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token",
  provider:
    "https://cloud.google.com/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools.providers",
  kubernetes: "https://cloud.google.com/iam/docs/workload-identity-federation-with-kubernetes",
  otherProviders: "https://cloud.google.com/iam/docs/workload-identity-federation-with-other-providers",
  troubleshooting: "https://cloud.google.com/iam/docs/troubleshooting-workload-identity-federation",
  credentials:
    "https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken",
  measured: "answers of Google's endpoints, measured and published by a third party in September 2026",
  reports: "answers that users have quoted in public issue trackers",
} as const;
