import { type Clock, defined, type Logger, PodtrustError } from "../../core/base/index.ts";
import type { ConnectTo } from "../../core/http/index.ts";
import type { CheckOrder } from "../../rules/gcp/index.ts";
import type { GoogleDecision } from "./decisions.ts";

/**
 * Behaviour that Google does not document. Each is `ours` by default: an arbitrary choice of this stand-in. Do not rely
 * on it for Google.
 */
export interface GoogleUnknowns {
  /**
   * The order of the exchange's checks. `ours`: target, token, keys, identity. `keys-first`: issuer and keys before
   * audience and time.
   *
   * @default "ours"
   */
  readonly checkOrder?: CheckOrder;
  /**
   * How long fetched documents are used, in milliseconds. `ours`: 24 hours; a removed key was accepted for 21.7 hours.
   *
   * @default "ours"
   */
  readonly issuerCache?: "ours" | number;
  /**
   * The age of fetched documents from which an unknown kid causes a new fetch, in milliseconds. `ours`: 5 minutes.
   *
   * @default "ours"
   */
  readonly newKey?: "ours" | number;
  /**
   * How long an operation takes, in milliseconds. `ours`: 0, so it is done when it is answered.
   *
   * @default "ours"
   */
  readonly operation?: "ours" | number;
}

/** Delays measured at Google, in milliseconds of the sandbox's clock. */
export interface GoogleDelays {
  /** Until a member added to a policy takes effect. */
  readonly grant: number;
  /** Until a member removed from a policy loses effect. */
  readonly revoke: number;
  /** Until changed uploaded keys take effect. */
  readonly upload: number;
}

/** Options of the stand-in for Google in a sandbox. */
export interface SandboxGoogleOptions {
  /**
   * 0: any free one.
   *
   * @default 0
   */
  readonly port?: number;
  /**
   * The project's id.
   *
   * @default "podtrust-sandbox"
   */
  readonly project?: string;
  /**
   * The project's number, used in audiences and principals.
   *
   * @default "123456789012"
   */
  readonly projectNumber?: string;
  /**
   * Milliseconds until policies and uploaded keys take effect.
   *
   * @default 70 s, 90 s and 5 s, as measured
   */
  readonly delays?: Partial<GoogleDelays>;
  /**
   * Behaviour that Google does not document.
   *
   * @default each as `ours`
   */
  readonly unknowns?: GoogleUnknowns;
}

export interface StandInGoogleOptions extends SandboxGoogleOptions {
  /**
   * Where it listens; an address other than loopback admits other machines.
   *
   * @default "127.0.0.1"
   */
  readonly listen?: string;
  /**
   * Replaces public DNS when an issuer is fetched.
   *
   * @default public DNS
   */
  readonly connectTo?: readonly ConnectTo[];
  /**
   * PEM certificates that replace the public roots.
   *
   * @default the public roots
   */
  readonly ca?: string;
  /**
   * The clock under the one that tests move.
   *
   * @default the machine's own
   */
  readonly clock?: Clock;
  /**
   * Where it logs.
   *
   * @default none
   */
  readonly logger?: Logger;
  /**
   * Called with every decision, when it is made.
   *
   * @default none
   */
  readonly onDecision?: (decision: GoogleDecision) => void;
}

/** The options with all defaults. */
export interface Settings {
  readonly project: string;
  readonly projectNumber: string;
  readonly delays: GoogleDelays;
  readonly checkOrder: CheckOrder;
  readonly issuerCacheMs: number;
  readonly newKeyMs: number;
  readonly operationMs: number;
}

const hour = 3_600_000;
const measured: GoogleDelays = { grant: 70_000, revoke: 90_000, upload: 5000 };
const ours = { issuerCache: 24 * hour, newKey: 300_000, operation: 0 };

/** Milliseconds of an undocumented delay. */
function timeOf(name: keyof typeof ours, value: "ours" | number = "ours"): number {
  return value === "ours" ? ours[name] : value;
}

function checked(name: string, value: string, form: RegExp, what: string): string {
  if (form.test(value)) return value;
  throw new PodtrustError("usage", `${name} ${JSON.stringify(value)} is not ${what}`);
}

/** Throws `usage` for an invalid option. */
export function settingsOf(options: SandboxGoogleOptions): Settings {
  const { project = "podtrust-sandbox", projectNumber = "123456789012", unknowns = {} } = options;
  const { checkOrder = "ours" } = unknowns;
  if (checkOrder !== "ours" && checkOrder !== "keys-first")
    throw new PodtrustError(
      "usage",
      `checkOrder ${JSON.stringify(checkOrder)} is neither ours nor keys-first`,
    );
  return {
    project: checked("project", project, /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/u, "a project's id"),
    projectNumber: checked("projectNumber", projectNumber, /^[1-9]\d{0,18}$/u, "a project's number"),
    delays: { ...measured, ...defined(options.delays ?? {}) },
    checkOrder,
    issuerCacheMs: timeOf("issuerCache", unknowns.issuerCache),
    newKeyMs: timeOf("newKey", unknowns.newKey),
    operationMs: timeOf("operation", unknowns.operation),
  };
}
