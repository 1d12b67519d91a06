import { parseDuration, PodtrustError } from "../../core/base/index.ts";
import { flagOf } from "../options/flag.ts";
import { typedTime } from "../options/time.ts";
import type { DocumentSources } from "./facts.ts";

/** What was typed. */
export interface ExplainOptions extends DocumentSources {
  readonly token: string;
  /** The relying party that is asked. */
  readonly for: string;
  readonly role?: string;
  /** Files of what gcloud, az or bao prints. */
  readonly described?: readonly string[];
  readonly serviceAccount?: string;
  readonly trustPolicy?: string;
  readonly clientId?: readonly string[];
  readonly at?: string;
  readonly duration?: string;
  readonly sessionName: string;
  /** Every rule, not only those that deny the token. */
  readonly all?: true;
}

/** Options only for other relying parties, and options only for AWS. */
const awsForeign = ["described", "serviceAccount"] as const;
const foreignToOthers = ["trustPolicy", "clientId", "duration"] as const;

/** Of `--at`: seconds since the epoch; throws `usage`. */
export function timeOf(text: string | undefined, now: number): number {
  return text === undefined ? Math.floor(now / 1000) : typedTime("--at", text);
}

/** Seconds, as a text; throws `usage`. */
export function durationOf(text: string | undefined): string | undefined {
  if (text === undefined || /^\d{1,9}$/u.test(text)) return text;
  const ms = parseDuration(text);
  if (ms !== undefined && ms % 1000 === 0) return String(ms / 1000);
  throw new PodtrustError("usage", `--duration ${text} is not a time`, {
    next: "Give seconds, as 3600, or a duration, as 1h30m.",
  });
}

/** Throws `usage` for options that do not go together. */
export function checkTogether(options: ExplainOptions): void {
  if ((options.discovery === undefined) !== (options.jwks === undefined)) {
    throw new PodtrustError("usage", "--discovery and --jwks go together", {
      next: "Give both files, or neither: both documents are then fetched from the issuer.",
    });
  }
  const isAws = options.for === "aws";
  const foreign = isAws ? awsForeign : foreignToOthers;
  const wrong = foreign.find((name) => options[name] !== undefined);
  if (wrong !== undefined) {
    const option = flagOf(wrong);
    throw new PodtrustError("usage", `${option} does not go with --for ${options.for}`, {
      next: `Leave ${option} out, or name its relying party with --for.`,
    });
  }
  if (isAws === (options.role === undefined)) {
    throw new PodtrustError(
      "usage",
      isAws ? "--role is missing" : `--role does not go with --for ${options.for}`,
      {
        next: isAws ? "Give the ARN of the role to assume." : "Leave it out.",
      },
    );
  }
  if (options.clientId !== undefined && options.trustPolicy === undefined) {
    throw new PodtrustError("usage", "--client-id goes with --trust-policy: IAM knows the provider's own", {
      next: "Leave --client-id out, or give the trust policy's file.",
    });
  }
}
