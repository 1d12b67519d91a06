import type { Link } from "../core/base/index.ts";

/** One link of the chain, as it was seen. */
export interface DemoLinkReport {
  readonly name: Link;
  readonly ok: boolean;
  /** What was seen, with which values. */
  readonly detail: string;
}

/** An attempt that was denied, in AWS's own words (the SDK's where it stopped before asking). */
export interface RefusalReport {
  /** Which client tried what. */
  readonly what: string;
  readonly code: string;
  readonly message: string;
  /** One sentence of why, for a person. */
  readonly why: string;
}

/** The result of the checker that asked STS throughout the rotation. */
export interface RotationReport {
  readonly tokensChecked: number;
  readonly refused: number;
}

/** Something the demo leaves out, and why. */
export interface NotShown {
  readonly what: string;
  readonly why: string;
}

/** All that the demo saw: the one object of `podtrust demo --json`. */
export interface DemoReport {
  readonly links: readonly DemoLinkReport[];
  readonly identity: { readonly arn: string };
  /** Names of the parameters that the workload may read. */
  readonly parameters: readonly string[];
  readonly refusals: readonly RefusalReport[];
  /** Absent where the cluster's keys are not ours to rotate. */
  readonly rotation?: RotationReport;
  readonly notShown: readonly NotShown[];
  readonly seconds: number;
}

/** What happens, as it happens. */
export type DemoEvent =
  | {
      readonly kind: "started";
      readonly issuer: string;
      readonly standIns: readonly string[];
      /** What takes less time than in real life, in words. */
      readonly shortened: readonly string[];
    }
  | { readonly kind: "heading"; readonly title: string }
  | { readonly kind: "link"; readonly link: DemoLinkReport }
  | { readonly kind: "waiting"; readonly reason: string; readonly seconds: number }
  | { readonly kind: "refusal"; readonly refusal: RefusalReport }
  | { readonly kind: "step"; readonly text: string }
  | { readonly kind: "not-shown"; readonly notShown: NotShown }
  | { readonly kind: "finished"; readonly report: DemoReport };

/** Listens to what happens. */
export type OnEvent = (event: DemoEvent) => void;
