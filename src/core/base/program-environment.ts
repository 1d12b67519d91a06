import type { Environment } from "./environment.ts";

// What programs of a terminal read, whatever they are for.
const common =
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|TERM|COLORTERM|NO_COLOR|TMPDIR|TZ|LANG|LC_\w+|XDG_\w+|SystemRoot)$/u;

/** What each program reads in addition; never a variable that holds a secret. */
const own = {
  // Agents, and programs that ask for a passphrase.
  ssh: /^(?:SSH_\w+|DISPLAY|WAYLAND_DISPLAY)$/u,
  // Editors and pagers of edit and diff, kubectl's own switches, and the way to what `apply -f https://…` fetches.
  kubectl:
    /^(?:EDITOR|VISUAL|PAGER|LESS|KUBE_EDITOR|KUBECTL_\w+|SSL_CERT_FILE|SSL_CERT_DIR|(?:HTTPS?|NO|ALL)_PROXY|(?:https?|no|all)_proxy)$/u,
  // Where it keeps its login, and the way to Entra.
  az: /^(?:AZURE_CONFIG_DIR|REQUESTS_CA_BUNDLE|(?:HTTPS?|NO|ALL)_PROXY|(?:https?|no|all)_proxy)$/u,
} as const;

/** A program that podtrust starts for a person, or to reach a machine. */
export type PersonProgram = keyof typeof own;

/**
 * The environment that such a program is started with: what it needs, by names that are listed here. Neither it nor
 * what it starts or sends along gets a cloud's token, an AWS key or anything else of the environment (ssh's SendEnv,
 * kubectl's plugins).
 */
export function programEnvironment(program: PersonProgram, env: Environment): Record<string, string> {
  const kept = Object.entries(env).filter(
    ([name, value]) => value !== undefined && (common.test(name) || own[program].test(name)),
  );
  return Object.fromEntries(kept) as Record<string, string>;
}
