import type { Link } from "../base/index.ts";

/** One link of the chain, as it was seen. */
export interface StoryLink {
  readonly name: Link;
  readonly ok: boolean;
  /** What was seen, with which values. */
  readonly detail: string;
}

/** Somebody who was turned away, in AWS's own words (the SDK's where it stopped before asking). */
export interface StoryRefusal {
  /** Who tried what. */
  readonly what: string;
  readonly code: string;
  readonly message: string;
  /** One sentence of why, for a person. */
  readonly why: string;
}

/** What became of the checker that asked STS all through the rotation. */
export interface StoryRotation {
  readonly tokensChecked: number;
  readonly refused: number;
}

/** Something the story leaves out, and why. */
export interface NotShown {
  readonly what: string;
  readonly why: string;
}

/** The whole story: the one object of `podtrust demo --json`. */
export interface Story {
  readonly links: readonly StoryLink[];
  readonly identity: { readonly arn: string };
  /** Names of the parameters that the workload may read. */
  readonly parameters: readonly string[];
  readonly refusals: readonly StoryRefusal[];
  /** Absent where the cluster's keys are not ours to rotate. */
  readonly rotation?: StoryRotation;
  readonly notShown: readonly NotShown[];
  readonly seconds: number;
}

/** What happens, as it happens. */
export type StoryEvent =
  | { readonly kind: "opening"; readonly issuer: string; readonly standIns: readonly string[] }
  | { readonly kind: "chapter"; readonly title: string }
  | { readonly kind: "link"; readonly link: StoryLink }
  | { readonly kind: "waiting"; readonly reason: string; readonly seconds: number }
  | { readonly kind: "refusal"; readonly refusal: StoryRefusal }
  | { readonly kind: "step"; readonly text: string }
  | { readonly kind: "not-shown"; readonly notShown: NotShown }
  | { readonly kind: "closing"; readonly story: Story };

/** Listens to the story. */
export type Tell = (event: StoryEvent) => void;
