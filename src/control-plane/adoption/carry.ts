import { defined, errorText, PodtrustError } from "../../core/base/index.ts";
import { type AdoptionRefusal, type AdoptionStep, nextStep } from "../../rules/adoption/index.ts";
import { changeServer, checkTokens, type Working } from "./change-server.ts";
import { type AdoptionContext, gatherAdoption, type AdoptionGather, type Scope } from "./gather.ts";
import { changeKubeadm, restoreKubeadm } from "./kubeadm.ts";
import { type AdoptionReport, judgeAdoption } from "./judge.ts";
import { rememberSigning } from "./switches.ts";

/** A move of a cluster between issuers: its steps, what blocks them, and what is read for them. */
export interface AdoptionMove {
  readonly scope: Scope;
  readonly stepsOf: (report: AdoptionReport) => readonly AdoptionStep[];
  readonly refusalsOf: (report: AdoptionReport) => readonly AdoptionRefusal[];
}

/** Adoption, the way back, and the removal of the former issuer. */
export const adoptionMoves: Readonly<Record<"run" | "undo" | "finish", AdoptionMove>> = {
  run: { scope: "all", stepsOf: ({ steps }) => steps, refusalsOf: ({ refusals }) => refusals },
  undo: { scope: "back", stepsOf: ({ undo }) => undo, refusalsOf: (report) => report.undoRefusals },
  finish: { scope: "all", stepsOf: ({ finish }) => finish, refusalsOf: ({ refusals }) => refusals },
};

/** Throws `adoption-refused` with the first of the refusals. */
export function checkRefusals(refusals: readonly AdoptionRefusal[]): void {
  const [first] = refusals;
  if (first === undefined) return;
  const { reason, message, next, server } = first;
  throw new PodtrustError("adoption-refused", message, { next, detail: { reason, ...defined({ server }) } });
}

/** Has the servers remember that one may sign as an issuer from now on. The way back does not depend on it. */
async function mayHaveSigned(
  { servers, signal }: AdoptionContext,
  [issuer = ""]: readonly string[],
  { scope, remember }: Required<AdoptionGather>,
): Promise<void> {
  try {
    await rememberSigning(servers, issuer, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (scope === "all" || !(error instanceof PodtrustError)) throw error;
    remember(errorText(error));
  }
}

/**
 * Carries steps out, each time the first that the cluster does not show yet: an interrupted run continues
 * from the cluster's state. Throws `adoption-refused`, `adoption-waits` for what another party has to do
 * first, `adoption-token-refused`, `adoption-by-hand`, and what the servers throw.
 */
async function carryOut(
  context: AdoptionContext,
  working: Working,
  { scope, stepsOf, refusalsOf }: AdoptionMove,
): Promise<AdoptionReport> {
  const remember = (couldNot: string): void =>
    working.notice(
      `that no API server signs as the other issuer any more could not be written down, so the wait begins anew with each restart: ${couldNot}`,
    );
  for (;;) {
    const report = judgeAdoption(await gatherAdoption(context, working, { scope, remember }));
    const step = nextStep(stepsOf(report));
    if (step === undefined) return report;
    checkRefusals(refusalsOf(report));
    if ("missing" in step)
      throw new PodtrustError(
        "adoption-waits",
        `before an API server is changed: ${step.missing.join("; ")}`,
        {
          detail: { step: step.kind, missing: step.missing },
        },
      );
    working.began(step);
    // The first pass repairs servers that refuse each other's tokens.
    if (step.kind !== "accept" && step.kind !== "restore") await checkTokens(context);
    if (step.flags !== undefined) await mayHaveSigned(context, step.flags.issuers, { scope, remember });
    await changeServer(context, step, working);
    if (step.flags !== undefined) await changeKubeadm(context, step.flags, working.notice);
  }
}

/** Writes the API servers' flags to kubeadm's config too: a run may have been interrupted between the two. */
async function keepInKubeadm(context: AdoptionContext, { notice }: Working): Promise<void> {
  const [first] = context.servers;
  if (first === undefined) return;
  const { issuers, audiences, jwksUri } = (await first.api.whatRuns(context.signal)).starts;
  await changeKubeadm(context, { issuers, ...defined({ audiences, jwksUri }) }, notice);
}

/** Gives every API server the new issuer, in two passes. Throws as `carryOut` does. */
export async function runAdoption(context: AdoptionContext, working: Working): Promise<AdoptionReport> {
  const report = await carryOut(context, working, adoptionMoves.run);
  await keepInKubeadm(context, working);
  return report;
}

/** Goes back to the former issuer, in two passes, and then restores the files. Throws as `carryOut` does. */
export async function undoAdoption(context: AdoptionContext, working: Working): Promise<AdoptionReport> {
  const report = await carryOut(context, working, adoptionMoves.undo);
  await restoreKubeadm(context, working.notice);
  return report;
}

/** Removes the former issuers from every API server. Throws as `carryOut` does. */
export async function finishAdoption(context: AdoptionContext, working: Working): Promise<AdoptionReport> {
  const report = await carryOut(context, working, adoptionMoves.finish);
  await keepInKubeadm(context, working);
  return report;
}
