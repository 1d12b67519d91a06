import { defined, recordOf, textOf } from "../../../core/base/index.ts";
import { startLineWords } from "../../../rules/distribution/index.ts";

/** The issuer flags that the running API server was started with. */
export interface RunningFlags {
  /** In their order: the first signs. */
  readonly issuers: readonly string[];
  readonly jwksUri?: string;
  /** They are those of its discovery document, which has the first issuer alone. */
  readonly isDocument?: true;
}

/** Whether the running server signs as specified, and accepts what is specified, as far as that can be known. */
export function isIssuing(
  running: RunningFlags | undefined,
  spec: { readonly issuers: readonly string[]; readonly jwksUri: string },
): boolean {
  if (running === undefined || running.jwksUri !== spec.jwksUri) return false;
  const specified = running.isDocument === true ? spec.issuers.slice(0, 1) : spec.issuers;
  return running.issuers.join("\n") === specified.join("\n");
}

/** Reads them from the discovery document, where nothing better exists. Undefined where it is invalid. */
export function flagsOfDocument(text: string): RunningFlags | undefined {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { issuer, jwks_uri: jwksUri } = recordOf(document);
  if (typeof issuer !== "string") return undefined;
  return { issuers: [issuer], ...defined({ jwksUri: textOf(jwksUri) }), isDocument: true };
}

/** Reads the flags from the line with which k3s logs the start of its API server; undefined for any other line. */
export function runningFlags(line: string): RunningFlags | undefined {
  const words = startLineWords(line);
  if (words === undefined) return undefined;
  const valuesOf = (flag: string): readonly string[] =>
    words.flatMap((word) => (word.startsWith(`--${flag}=`) ? [word.slice(flag.length + 3)] : []));
  const jwksUri = valuesOf("service-account-jwks-uri").at(-1);
  return {
    issuers: valuesOf("service-account-issuer"),
    ...defined({ jwksUri }),
  };
}
