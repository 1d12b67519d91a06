import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { PodtrustError, shellWord } from "../../core/base/index.ts";
import { consentDigest, consentNext, isConsented } from "../../core/credentials/index.ts";
import type { ClusterEnvironment, ExecPlugin } from "./environment.ts";

/** The same as the kubeconfig has it. */
export interface NamedPlugin extends ExecPlugin {
  /** The command as it is written: a path in it starts from the kubeconfig's folder. */
  readonly named: string;
  /** SHA-256 of the kubeconfig's content, hex. */
  readonly kubeconfigDigest: string;
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

/**
 * The digest of the kubeconfig's content, and of command, arguments and environment as they are written there; where the
 * command is a path, also of that file. It does not cover what the program itself loads.
 */
async function digestOf(plugin: NamedPlugin): Promise<string> {
  const { named, command, args, env, kubeconfigDigest } = plugin;
  const content = named.includes("/") ? await digestOfFile(command) : "";
  return consentDigest([kubeconfigDigest, named, args, Object.entries(env), content]);
}

// Consent requires that the command line can be read.
const maxCommandLineChars = 8192;

/** A plugin's command line in full, with what is set before it, as a shell would take it. */
function execCommandLine({ command, args, env }: Pick<ExecPlugin, "command" | "args" | "env">): string {
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
export async function requireConsent(plugin: NamedPlugin, environment: ClusterEnvironment): Promise<void> {
  const commandLine = execCommandLine(plugin);
  if (commandLine.length > maxCommandLineChars) throw unreadable(plugin, commandLine.length);
  const { kubeconfig, command } = plugin;
  const request = {
    kind: "program",
    subject: kubeconfig,
    says: `${kubeconfig} names a program that gets the credentials`,
    what: commandLine,
    question: "Run it, now and from now on?",
    digest: await digestOf(plugin),
  } as const;
  if (await isConsented(request, environment)) return;
  throw new PodtrustError(
    "exec-plugin-unconfirmed",
    `kubeconfig ${kubeconfig} names a program to run, which was not confirmed: ${commandLine}`,
    {
      next: consentNext(request),
      detail: { reason: "credentials", kubeconfig, command, digest: request.digest },
    },
  );
}
