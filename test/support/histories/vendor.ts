/** What a random history needs of a relying party: one row of the table of parties. */
import type { JsonRecord } from "../../../src/core/base/index.ts";
import type { Controllers, ControllerTools } from "../../../src/operator/index.ts";
import type { MovedClock } from "../bindings/pass-world.ts";
import type { Mint } from "./cluster.ts";

/**
 * What becomes of a call that changes something: it is done; it is refused, or said to be one too many; it is done, and
 * nobody hears of it; nobody hears of it, and it is done when the pass is over; or the process is told to stop while it is
 * under way.
 */
export type CallFate = "done" | "refused" | "throttled" | "lost" | "late" | "stopped";

/** A call of the operator that changes something at the vendor. */
export interface VendorCall {
  /** As a person reads it. */
  readonly text: string;
  /** Of what it changes something, as `Vendor.held` takes it. */
  readonly of: string;
}

/** Who has what the operator itself needs: nobody's deed, and no turn of its own, may take it. */
export const operatorItself = "podtrust/operator";

/** What a ServiceAccount may do by one thing at the vendor: a role, a service account, an identity. */
export interface RightsByOne {
  /** NAMESPACE/NAME of the ServiceAccount. */
  readonly who: string;
  readonly what: string;
  /** As a call names it that changes something of it. */
  readonly of: string;
  /** By the sandbox's judge. */
  readonly rights: ReadonlySet<string>;
  /** Whether a person took podtrust's mark from it: it is not podtrust's any more, and stays as it is. */
  readonly isForeign?: boolean;
  /** Whether it is from before the operator's start, and nothing at the vendor says whose it is. */
  readonly isForgotten?: boolean;
  /** Whether one grant of one of these trusts allows as much as that, to whoever has it; by their specs. */
  readonly isWithin: (trusts: readonly JsonRecord[]) => boolean;
}

/** How the operator's modules are had, by their paths below src/operator/bindings/: as they are, or with a fault in them. */
export type LoadCode = (path: string) => Promise<unknown>;

/** A relying party that runs: the sandbox's, with what people do there. */
export interface Vendor {
  readonly clock: MovedClock;
  readonly mint: Mint;
  /** Empties it, and makes what every history begins with. */
  readonly reset: () => Promise<void>;
  /** Another process of the operator, which remembers nothing. */
  readonly operate: (tools: ControllerTools, load: LoadCode) => Promise<Controllers>;
  /** What is held by all, or what may have changed with one thing; nothing is held where the rights are none. */
  readonly held: (of?: string) => Promise<readonly RightsByOne[]>;
  /** Of a binding's status that is Ready: what it gives its ServiceAccount. */
  readonly named: (status: JsonRecord, trust: JsonRecord) => readonly string[];
  /** A person does something, to what a ServiceAccount has. */
  readonly deed: (deed: string, who: string) => Promise<void>;
  /** Asked before each call of the operator that changes something. */
  onCall: (call: VendorCall) => Promise<CallFate>;
  /** Told of each, once it was done or refused. */
  onDone: (call: VendorCall) => Promise<void>;
  /** Waits for what a turn left under way, and does what is late. */
  readonly settleLate: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** A relying party: what its bindings ask for, what its trusts grant, and how it is started. */
export interface HistoryParty {
  readonly kinds: { readonly binding: string; readonly trust: string };
  /** Places that a trust chooses from, the one of the first trust first; and how many a binding does. */
  readonly trustPlaces: readonly number[];
  readonly places: number;
  /** How many grants a trust chooses from. */
  readonly grants: number;
  /** How many a binding chooses from. */
  readonly specs: number;
  readonly deeds: readonly string[];
  /** So many minutes apart, and so many, looks at what is left of bindings find it for ten minutes, and take it away. */
  readonly looks: { readonly minutes: number; readonly count: number };
  /** Whether an Event says of what is held that nobody knows who made it. */
  readonly unclaimed?: (note: string, held: RightsByOne) => boolean;
  /** Whether an Event says of what is held that it stays without its binding, as that asked: within a grant still. */
  readonly retained?: (note: string, held: RightsByOne) => boolean;
  readonly start: () => Promise<Vendor & PartySpecs>;
}

/** The specs of a party's objects. */
export interface PartySpecs {
  /** Of a trust; undefined where none fits. */
  readonly trustSpec: (name: string, grants: readonly number[], place: number) => JsonRecord;
  /** Of a binding, but for its trust. */
  readonly bindingSpec: (spec: number, place: number) => JsonRecord;
}
