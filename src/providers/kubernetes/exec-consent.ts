import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { PodtrustError, shellWord } from "../../core/base/index.ts";
import type { ClusterEnvironment, ExecPlugin } from "./environment.ts";

/** The same as the kubeconfig has it. */
export interface NamedPlugin extends Omit<ExecPlugin, "digest"> {
  /** The command as it is written: a path in it starts from the kubeconfig's folder. */
  readonly named: string;
  /** SHA-256 of the kubeconfig's content, hex. */
  readonly kubeconfigDigest: string;
}

/** The variable with digests of programs that may run, between commas. */
const consentVariable = "PODTRUST_ALLOW_EXEC_PLUGIN";

/** Whether the environment says which programs may run, even if none: then a kubeconfig of one's own needs it, too. */
export function isListed({ env }: ClusterEnvironment): boolean {
  return env[consentVariable] !== undefined;
}

// No program is larger, and reading this much takes a second or two.
const maxProgram = 1024 * 1024 * 1024;

async function digestOfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    const facts = await stat(path);
    // A device or a pipe has no end, and is not a program.
    if (!facts.isFile() || facts.size > maxProgram) return "unreadable";
    for await (const part of createReadStream(path, { end: maxProgram })) hash.update(part as Buffer);
  } catch {
    // Running it says what is wrong with it.
    return "unreadable";
  }
  return hash.digest("hex");
}

async function digestOf(plugin: NamedPlugin): Promise<string> {
  const { named, command, args, env, kubeconfigDigest } = plugin;
  const content = named.includes("/") ? await digestOfFile(command) : "";
  const confirmed = JSON.stringify([kubeconfigDigest, named, args, Object.entries(env), content]);
  return `sha256:${createHash("sha256").update(confirmed).digest("hex")}`;
}

// Consent requires that the command line can be read.
const maxCommandLineChars = 8192;

/** A plugin's command line in full, with what is set before it, as a shell would take it. */
export function execCommandLine({
  command,
  args,
  env,
}: Pick<ExecPlugin, "command" | "args" | "env">): string {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${shellWord(value)}`);
  return [...variables, ...[command, ...args].map(shellWord)].join(" ");
}

function unreadable({ kubeconfig }: NamedPlugin, chars: number): PodtrustError {
  return new PodtrustError(
    "exec-plugin-unconfirmed",
    `kubeconfig ${kubeconfig} names a program to run whose command line has ${chars} characters; at most ${maxCommandLineChars} are asked about`,
    {
      next: "Use a kubeconfig of your own: $KUBECONFIG or ~/.kube/config, outside of the checkout.",
      detail: { reason: "credentials", kubeconfig },
    },
  );
}

/** Throws `exec-plugin-unconfirmed` for a program that was not confirmed. */
export async function requireConsent(
  plugin: NamedPlugin,
  { env, consent }: ClusterEnvironment,
): Promise<void> {
  const commandLine = execCommandLine(plugin);
  if (commandLine.length > maxCommandLineChars) throw unreadable(plugin, commandLine.length);
  const digest = await digestOf(plugin);
  const allowed = (env[consentVariable] ?? "").split(",").map((one) => one.trim());
  if (allowed.includes(digest)) return;
  const { kubeconfig, command, args } = plugin;
  if ((await consent?.({ kubeconfig, command, args, env: plugin.env, digest })) === true) return;
  throw new PodtrustError(
    "exec-plugin-unconfirmed",
    `kubeconfig ${kubeconfig} names a program to run, which was not confirmed: ${commandLine}`,
    {
      next: `Look at it. Then run the command on a terminal and answer the question, or set ${consentVariable}=${digest}.`,
      detail: { reason: "credentials", kubeconfig, command, digest },
    },
  );
}
