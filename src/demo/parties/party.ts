import type { RelyingPartyName } from "../../rules/oidc/index.ts";
import type { SandboxOptions } from "../../sandbox/index.ts";
import type { DemoEnvironment } from "../environment.ts";

/** Which client comes with which token, and is refused. */
export type AttemptName = "other-account" | "other-audience" | "forged" | "expired";

/** What a relying party answered to a token. */
export type PartyAnswer =
  | {
      readonly outcome: "granted";
      /** The workload's identity there. */
      readonly identity: string;
      /** What it read with that, as the end of a sentence. */
      readonly read: string;
    }
  | {
      readonly outcome: "refused";
      /** The relying party's own code and words. */
      readonly code: string;
      readonly message: string;
      /** The rule that `podtrust explain` names for it, and what that found. */
      readonly rule: string;
      readonly why: string;
    };

/** The environment in which a relying party is shown. */
export interface PartySetup {
  readonly environment: DemoEnvironment;
  /** The program and first arguments that run podtrust's `job`. */
  readonly program: readonly string[];
  /** Where other programs are looked for: PATH. */
  readonly path: string;
  readonly signal: AbortSignal;
}

/** A relying party that has a secret for the workload, and trusts no cluster yet. */
export interface OpenedParty {
  /** What existed before podtrust ran, as sentences. */
  readonly given: readonly string[];
  /** Its section of the config that all of them share. */
  readonly section: Readonly<Record<string, unknown>>;
  /** The environment variables by which podtrust reaches it to make what the section names. */
  readonly env: Readonly<Record<string, string>>;
  /** Exchanges a token as the workload does. */
  exchange(token: string): Promise<PartyAnswer>;
  close(): Promise<void>;
}

/** A relying party as the demo shows it. */
export interface DemoParty {
  readonly name: RelyingPartyName;
  /** What the sandbox has to run for it. */
  readonly sandbox: Pick<SandboxOptions, "azure" | "gcp">;
  /** Which of its parts are stand-ins, in words. */
  readonly standIn: string;
  /** What takes less time than in real life, in words. */
  readonly shortened?: string;
  /** The rule by which it refuses each attempt. */
  readonly rules: Readonly<Record<AttemptName, string>>;
  /** Rules that refuse even the right token, for a moment after something was made, and why. */
  readonly settling: Readonly<Record<string, string>>;
  /** Why it cannot be shown here, and what to do about it; undefined if it can. Absent: it always can. */
  readonly missing?: (path: string) => string | undefined;
  open(place: PartySetup): Promise<OpenedParty>;
}

/** What the sandbox runs for a relying party, which its row has asked for. */
export function running<Value>(value: Value | undefined, { name }: Pick<DemoParty, "name">): Value {
  if (value === undefined) throw new TypeError(`the sandbox does not run what ${name} is shown with`);
  return value;
}

/** The fields that the decisions of all stand-ins share. */
interface RecordedDecision {
  readonly decision: "allow" | "deny" | "invalid";
  readonly rule: string;
  readonly why?: string;
}

/** A refusal with the rule that the stand-in has just recorded for it. */
export function refusedBy(
  decisions: readonly RecordedDecision[],
  said: { readonly code: string; readonly message: string },
): PartyAnswer {
  const last = decisions.findLast(({ decision }) => decision !== "allow");
  const { code, message } = said;
  return { outcome: "refused", code, message, rule: last?.rule ?? "", why: last?.why ?? "" };
}
