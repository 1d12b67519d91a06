import { PodtrustError, shellWord } from "../base/index.ts";
import { consentDigest, type ConsentEnvironment, consentNext, isConsented } from "./consent.ts";
import { type CredentialName, credentials } from "./credential-rows.ts";

/** A credential on its way to a place that was not named beside it by who gave it. */
export interface Elsewhere {
  readonly credential: CredentialName;
  /** What would be sent: `BAO_TOKEN`, a file's path. */
  readonly what: string;
  /** Where, in full: what is agreed to is this place and no other. */
  readonly to: string;
  /** Why it is asked about: `the config names it, and BAO_ADDR names another`. */
  readonly why: string;
  /** The file that is agreed to; absent: whatever is of this kind. */
  readonly file?: string;
  /** What to do in place of agreeing: `set BAO_ADDR=… beside it`. */
  readonly instead: string;
}

/** Returns where a person agrees to it, by a digest of all that is shown. Throws `credential-elsewhere`. */
export async function requireConsentTo(elsewhere: Elsewhere, environment: ConsentEnvironment): Promise<void> {
  const { credential, what, to, why, file, instead } = elsewhere;
  const request = {
    kind: "credential",
    subject: credential,
    says: `${what}, ${credentials[credential].what}, would leave: ${why}. It would go to`,
    what: to,
    question: "Send it there, now and from now on?",
    digest: consentDigest([credential, file, to]),
  } as const;
  if (await isConsented(request, environment)) return;
  throw new PodtrustError("credential-elsewhere", `${what} was not sent to ${to}: ${why}`, {
    next: `${instead} ${consentNext(request)}`,
    detail: { credentialName: credential, to, digest: request.digest, reason: "credentials" },
  });
}

/** Returns where a file came with who names the place, or a person agrees. Throws `credential-elsewhere`. */
export async function requireGivenFile(
  {
    credential,
    path,
    to,
    cameWith,
  }: {
    readonly credential: CredentialName;
    /** Where the file really is. */
    readonly path: string;
    readonly to: string;
    /** Whether it came with the file that names both. */
    readonly cameWith: boolean;
  },
  environment: ConsentEnvironment,
): Promise<void> {
  if (cameWith) return;
  await requireConsentTo(
    {
      credential,
      what: path,
      file: path,
      to,
      why: "what names the file and the server did not bring the file",
      instead: `Put a copy of ${shellWord(path)} beside what names it, if it is for that server.`,
    },
    environment,
  );
}
