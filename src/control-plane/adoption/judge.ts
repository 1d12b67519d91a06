import { defined, isoTime } from "../../core/base/index.ts";
import {
  adoptionRefusals,
  type AdoptionRefusal,
  adoptionSteps,
  type AdoptionStep,
  adoptionWarnings,
  type AccountTrust,
  finishSteps,
  type Gone,
  holdersOf,
  keptNotes,
  type Manner,
  mannerOf,
  nextStep,
  oldIssuers,
  type OldToken,
  type OldTokens,
  type Restarts,
  restartsOf,
  type ServerFacts,
  tokensForApi,
  undoRefusals,
  undoSteps,
} from "../../rules/adoption/index.ts";
import {
  type DistributionName,
  type Instruction,
  issuerInstructions,
  kubernetesMinor,
  talosMinor,
} from "../../rules/distribution/index.ts";
import type { AdoptionReading, Dependents } from "./gather.ts";

/** A cluster's progress to the new issuer, and back. */
export interface AdoptionReport {
  readonly issuer: string;
  /** Issuers of before. */
  readonly old: readonly string[];
  readonly distribution?: DistributionName;
  readonly manner: Manner;
  readonly servers: readonly ServerFacts[];
  readonly refusals: readonly AdoptionRefusal[];
  /** What blocks the way back. */
  readonly undoRefusals: readonly AdoptionRefusal[];
  readonly warnings: readonly string[];
  /** What the steps that are left restart. */
  readonly restarts: Restarts;
  /** If an API server holds one issuer: the tokens that it refuses from its restart on. Else none. */
  readonly breaks: readonly OldToken[];
  readonly steps: readonly AdoptionStep[];
  readonly next?: AdoptionStep;
  readonly finish: readonly AdoptionStep[];
  readonly undo: readonly AdoptionStep[];
  /** Why files are not restored byte for byte: a sentence for each such server. */
  readonly kept: readonly string[];
  /** For distributions whose files podtrust does not write. */
  readonly instructions: readonly Instruction[];
  readonly accounts: readonly AccountTrust[];
  readonly dependents: Dependents;
  readonly unseen: readonly string[];
}

/** RFC 3339 in UTC, to the minute. */
export function timeText(at: number): string {
  return `${isoTime(at).slice(0, 16)}Z`;
}

/** Whether no live pod holds a token of an issuer any more, with the pods that do and until when. */
function goneOf({ tokens, cluster, others }: OldTokens, which: string, isSeen: boolean): Gone {
  if (!isSeen)
    return { done: false, why: `not every pod could be seen, and one may hold a token of ${which}` };
  const holders = holdersOf(tokens);
  const [until, count] = [Math.max(cluster, others), holders.length];
  return {
    done: count === 0,
    why: `${count === 1 ? "one pod" : `${count} pods`} may hold a token of ${which} until ${timeText(until)}, such as ${holders[0] ?? "none"}; restart them, and none does`,
  };
}

/** Judges what was read: what blocks adoption, what comes next, and when the former issuers can be removed. */
export function judgeAdoption({
  facts,
  dependents,
  hints,
  rules,
  unseen,
  sawPods,
}: AdoptionReading): AdoptionReport {
  const { wanted, distribution, servers, accounts } = facts;
  const old = oldIssuers(facts);
  const steps = adoptionSteps(facts);
  const manner = mannerOf(facts);
  const spec = { issuers: [wanted.issuer, ...old], jwksUri: wanted.jwksUri };
  const versions = { kubernetes: kubernetesMinor(hints), talos: talosMinor(hints) };
  return {
    issuer: wanted.issuer,
    old,
    manner,
    servers,
    refusals: adoptionRefusals(facts),
    undoRefusals: undoRefusals(facts),
    warnings: adoptionWarnings(facts),
    restarts: restartsOf(facts, steps),
    breaks: manner === "single" ? tokensForApi(dependents.oldTokens, rules) : [],
    steps,
    finish: finishSteps(facts, goneOf(dependents.oldTokens, "an issuer of before", sawPods)),
    undo: undoSteps(facts, goneOf(dependents.newTokens, wanted.issuer, sawPods)),
    kept: keptNotes(facts),
    instructions: manner === "files" ? [] : issuerInstructions(distribution, spec, versions),
    accounts,
    dependents,
    unseen,
    ...defined({ distribution, next: nextStep(steps) }),
  };
}
