/** What the API server that runs was started with, as far as it makes an issuer. */
export interface RunningFlags {
  /** In their order: the first signs. */
  readonly issuers: readonly string[];
  readonly jwksUri?: string;
}

/** Words of a line as k3s logs it: those with special characters are quoted, and the log quotes them once more. */
function wordsOf(line: string): readonly string[] {
  const [, logged] = line.split("Running kube-apiserver ");
  // In k3s's log the line is the value of `msg`, in quotes.
  const said = logged === undefined ? line : logged.replace(/"$/u, "").replaceAll('\\"', '"');
  const words = said.match(/(?:"[^"]*"|[^\s"])+/gu) ?? [];
  return words.map((word) => word.replaceAll('"', ""));
}

/**
 * Reads the flags from k3s's log (`Running kube-apiserver --a=b …`, pkg/daemons/executor) or from a process's command
 * line with its arguments on one line each. Undefined where neither is there.
 */
export function runningFlags(line: string): RunningFlags | undefined {
  const words = wordsOf(line);
  if (!words.some((word) => word.startsWith("--"))) return undefined;
  const valuesOf = (flag: string): readonly string[] =>
    words.flatMap((word) => (word.startsWith(`--${flag}=`) ? [word.slice(flag.length + 3)] : []));
  const jwksUri = valuesOf("service-account-jwks-uri").at(-1);
  return {
    issuers: valuesOf("service-account-issuer"),
    ...(jwksUri === undefined ? {} : { jwksUri }),
  };
}
