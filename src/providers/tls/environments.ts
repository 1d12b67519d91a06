import { stagingOf } from "../acme/index.ts";
import type { CertificateIssuer } from "./contract.ts";

/** The part of an issuer that decides which directories may be asked. */
type IssuerDirectories = Pick<CertificateIssuer, "directory" | "staging">;

/** The directory of an issuer's staging environment, where it has one. */
export function stagingDirectory({ directory, staging }: IssuerDirectories): string | undefined {
  if (staging === false) return undefined;
  const other = staging ?? stagingOf(directory);
  return other === directory ? undefined : other;
}

/** The directories at which issuers may be asked, production and staging, each once. */
export function directoriesOf(issuers: readonly IssuerDirectories[]): readonly string[] {
  const each = issuers.flatMap((issuer) => [issuer.directory, stagingDirectory(issuer) ?? issuer.directory]);
  return [...new Set(each)];
}
