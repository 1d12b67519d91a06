import type { RelyingPartyName } from "../../rules/oidc/index.ts";
import type { DemoEvent, NotShown, RefusalReport } from "../report.ts";

/** A refusal, and the rule that `podtrust explain` names for it. */
export interface PartyRefusal extends RefusalReport {
  readonly rule: string;
}

/** What the workload became at a relying party, and read there. */
export interface PartyGrant {
  readonly identity: string;
  readonly read: string;
}

/** One relying party, as it was seen. */
export interface ShownParty {
  readonly name: RelyingPartyName;
  readonly title: string;
  /** Of its tokens. */
  readonly audience: string;
  readonly granted: PartyGrant;
  readonly refusals: readonly PartyRefusal[];
}

/** All that the demo of several relying parties saw: the one object of `podtrust demo --for … --json`. */
export interface PartiesReport {
  readonly issuer: string;
  /** NAMESPACE/NAME */
  readonly serviceAccount: string;
  /** Ids of what podtrust made, in order. */
  readonly made: readonly string[];
  readonly parties: readonly ShownParty[];
  readonly notShown: readonly NotShown[];
  readonly seconds: number;
}

/** What happens, as it happens. */
export type PartiesEvent =
  | Extract<DemoEvent, { readonly kind: "heading" | "not-shown" | "step" | "waiting" }>
  | {
      readonly kind: "parties";
      readonly issuer: string;
      /** `AWS, Google Cloud` */
      readonly titles: readonly string[];
      readonly standIns: readonly string[];
      readonly shortened: readonly string[];
    }
  | { readonly kind: "granted"; readonly who: string; readonly granted: PartyGrant }
  | { readonly kind: "party-refusal"; readonly refusal: PartyRefusal }
  | { readonly kind: "parties-shown"; readonly report: PartiesReport };

/** Listens to what happens. */
export type OnPartiesEvent = (event: PartiesEvent) => void;
