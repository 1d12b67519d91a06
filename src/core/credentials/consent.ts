import { createHash } from "node:crypto";
import { type Environment, setting } from "../base/index.ts";

/** What is asked about, and the variable of the environment that may have its answers. */
const consentVariables = {
  program: "PODTRUST_ALLOW_EXEC_PLUGIN",
  credential: "PODTRUST_ALLOW_CREDENTIAL",
} as const;

/** What a file that somebody else may have written wants done, before a person agrees to it. */
export interface ConsentRequest {
  readonly kind: keyof typeof consentVariables;
  /** Who asks, for what is remembered: the file that names a program, the credential that is to be sent. */
  readonly subject: string;
  /** The sentence before the question: `KUBECONFIG names a program that gets the credentials`. */
  readonly says: string;
  /** All that is agreed to, for a person to read: the command line, the address. */
  readonly what: string;
  /** `Run it, now and from now on?` */
  readonly question: string;
  /** `sha256:` and, in hex, the digest of all that is agreed to: what has another digest is asked about again. */
  readonly digest: string;
}

/** Says whether it may be done: asks, or remembers. */
export type Consent = (request: ConsentRequest) => Promise<boolean>;

/** What the process around says about consent. */
export interface ConsentEnvironment {
  readonly env: Environment;
  /** Absent: what the environment does not allow is not done. */
  readonly consent?: Consent;
}

/** The digest of what is agreed to. Parts are told apart, so that no text of one is another's. */
export function consentDigest(parts: readonly unknown[]): string {
  return `sha256:${createHash("sha256").update(JSON.stringify(parts)).digest("hex")}`;
}

/** Whether the environment lists what may be done, even if nothing. */
export function isListed(kind: ConsentRequest["kind"], env: Environment): boolean {
  return setting(env, consentVariables[kind]) !== undefined;
}

/** Whether the environment allows it by its digest, or a person does. */
export async function isConsented(
  request: ConsentRequest,
  { env, consent }: ConsentEnvironment,
): Promise<boolean> {
  const allowed = (setting(env, consentVariables[request.kind]) ?? "").split(",").map((one) => one.trim());
  return allowed.includes(request.digest) || (await consent?.(request)) === true;
}

/** What to do where nobody agreed. */
export function consentNext({ kind, digest }: ConsentRequest): string {
  return `Look at it. Then run the command on a terminal and answer the question, or set ${consentVariables[kind]}=${digest}.`;
}
