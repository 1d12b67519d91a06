import { type Clock, type Logger, PodtrustError } from "../../core/base/index.ts";
import type { ConnectTo } from "../../core/http/index.ts";
import type { CheckOrder } from "../../rules/gcp/index.ts";
import type { GoogleDecision } from "./decisions.ts";

/**
 * What nobody outside of Google knows. Each is `ours` by default: what this stand-in does because it has to do something.
 * Whoever relies on it relies on us, and not on Google.
 */
export interface GoogleUnknowns {
  /**
   * In which order the exchange checks. `ours`: target, token, keys, identity. `keys-first`: issuer and keys before
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
   * How old fetched documents have to be before an unknown kid has them fetched anew, in milliseconds. `ours`: 5 minutes.
   *
   * @default "ours"
   */
  readonly newKey?: "ours" | number;
  /**
   * How long an operation takes, in milliseconds. `ours`: 0, so that it is done when it is answered.
   *
   * @default "ours"
   */
  readonly operation?: "ours" | number;
}

/** What has been measured of Google, in milliseconds of the sandbox's clock. */
export interface GoogleDelays {
  /** Until a member that was written into a policy counts. */
  readonly grant: number;
  /** How long a member goes on counting that was taken out. */
  readonly revoke: number;
  /** Until uploaded keys that were changed count. */
  readonly upload: number;
}

/** What is said of the stand-in for Google where it runs in a sandbox. */
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
   * The project's number, which audiences and principals have.
   *
   * @default "123456789012"
   */
  readonly projectNumber?: string;
  /**
   * Milliseconds until policies and uploaded keys count.
   *
   * @default 70 s, 90 s and 5 s, as measured
   */
  readonly delays?: Partial<GoogleDelays>;
  /** What nobody knows of Google. */
  readonly unknowns?: GoogleUnknowns;
}

export interface StandInGoogleOptions extends SandboxGoogleOptions {
  /**
   * Where it listens; an address that is not loopback lets others in.
   *
   * @default "127.0.0.1"
   */
  readonly listen?: string;
  /**
   * Stands in for public DNS when an issuer is fetched.
   *
   * @default public DNS
   */
  readonly connectTo?: readonly ConnectTo[];
  /**
   * PEM certificates that stand in for the public roots.
   *
   * @default the public roots
   */
  readonly ca?: string;
  /**
   * The clock beneath the one that tests move.
   *
   * @default the machine's own
   */
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** Called with every decision, as it is made. */
  readonly onDecision?: (decision: GoogleDecision) => void;
}

/** The options with every default in its place. */
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

/** Milliseconds of an unknown thing. Throws `usage` for what is no time. */
function timeOf(name: keyof typeof ours, value: "ours" | number = "ours"): number {
  if (value === "ours") return ours[name];
  if (Number.isFinite(value) && value >= 0) return value;
  throw new PodtrustError("usage", `${name} ${String(value)} is neither "ours" nor a number of milliseconds`);
}

function checked(name: string, value: string, form: RegExp, what: string): string {
  if (form.test(value)) return value;
  throw new PodtrustError("usage", `${name} ${JSON.stringify(value)} is not ${what}`);
}

/** Throws `usage` for an option that cannot be. */
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
    delays: { ...measured, ...options.delays },
    checkOrder,
    issuerCacheMs: timeOf("issuerCache", unknowns.issuerCache),
    newKeyMs: timeOf("newKey", unknowns.newKey),
    operationMs: timeOf("operation", unknowns.operation),
  };
}
