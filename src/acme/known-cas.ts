/** The directories of Let's Encrypt (https://letsencrypt.org/docs/acme-protocol-updates/, .../staging-environment/). */
export const letsEncrypt = {
  production: "https://acme-v02.api.letsencrypt.org/directory",
  staging: "https://acme-staging-v02.api.letsencrypt.org/directory",
} as const;

/** The staging directory of a CA that has one which we know. */
export function stagingOf(directory: string): string | undefined {
  return directory === letsEncrypt.production ? letsEncrypt.staging : undefined;
}
