import { defined, PodtrustError, until } from "../../core/base/index.ts";
import { type AdoptionStep, nextStep, type ServerStep } from "../../rules/adoption/index.ts";
import { type Server, settled, unsettled } from "../servers/index.ts";
import { type AdoptionContext, gatherAdoption } from "./gather.ts";
import { changeKubeadm, restoreKubeadm } from "./kubeadm.ts";
import { type AdoptionReport, judgeAdoption } from "./judge.ts";

/** What a person hears while the steps are carried out. */
export interface Working {
  readonly began: (step: ServerStep) => void;
  /** `deadline` in milliseconds of `clock.elapsed()`. */
  readonly waiting: (step: ServerStep, reason: string, deadline: number) => void;
  /** What a person should know although nothing failed. */
  readonly notice: (text: string) => void;
}

type OnWait = (reason: string, deadline: number) => void;
type StepsOf = (report: AdoptionReport) => readonly AdoptionStep[];

/** Throws `adoption-refused` with the first of the refusals. */
export function checkRefusals({ refusals }: AdoptionReport): void {
  const [first] = refusals;
  if (first === undefined) return;
  const { reason, message, next, server } = first;
  throw new PodtrustError("adoption-refused", message, { next, detail: { reason, ...defined({ server }) } });
}

function serverOf({ servers }: AdoptionContext, step: ServerStep): Server {
  const found = servers.find(({ api }) => api.name === step.server);
  if (found !== undefined) return found;
  throw new PodtrustError(
    "adoption-by-hand",
    `podtrust does not change the files of ${step.server}: cluster.servers does not list it, or its distribution is changed by hand`,
    { detail: { server: step.server, kind: step.kind } },
  );
}

const witness = { namespace: "kube-system", name: "default" } as const;

/** The new tokens of a server, shown to every other at its own address. Gives the names of those that refuse them. */
async function refusedBy(signer: Server, { servers, signal }: AdoptionContext): Promise<readonly string[]> {
  const token = await signer.api.mint(witness, undefined, signal);
  const others = servers.filter((one) => one !== signer);
  const said = await Promise.all(others.map(({ api }) => api.accepts(token, signal)));
  return others.filter((_, index) => said[index] === false).map(({ api }) => api.name);
}

/**
 * Before one server more signs as another issuer, the tokens of every server are shown to every other: a run may have been cut off
 * after a server was changed and before its token was shown. Throws `adoption-token-refused`.
 */
async function checkTokens(context: AdoptionContext): Promise<void> {
  for (const signer of context.servers) {
    const refusing = await refusedBy(signer, context);
    if (refusing.length === 0) continue;
    throw new PodtrustError(
      "adoption-token-refused",
      `${refusing.join(", ")} refuses the tokens of ${signer.api.name}; no other server is touched`,
      { detail: { server: signer.api.name, refusing } },
    );
  }
}

// As long as `settled` waits.
const restartMs = 300_000;

/** Puts a server's files back and waits until it no longer names the new issuer. */
async function restore(context: AdoptionContext, server: Server, onWait: OnWait): Promise<void> {
  const { clock, signal, config } = context;
  const { api, files } = server;
  await files.restoreFiles(signal);
  await until<true>({
    clock,
    withinMs: restartMs,
    delays: [250, 500, 1000],
    signal,
    look: async () => {
      const waitsFor = await unsettled(api, {}, signal);
      if (waitsFor !== undefined) return { waitsFor };
      const { issuers } = await api.running(signal);
      return issuers.includes(config.issuer) ? { waitsFor: `it still names ${config.issuer}` } : { is: true };
    },
    onWait,
    late: (reason) =>
      new PodtrustError(
        "server-not-settled",
        `API server ${api.name}: its files were put back; last: ${reason}`,
        {
          detail: { server: api.name, reason },
        },
      ),
  });
}

/** Changes one server, waits until it runs so, and shows its first token to the others; what they refuse is taken back. */
async function changeServer(context: AdoptionContext, step: ServerStep, working: Working): Promise<void> {
  const { clock, signal } = context;
  const server = serverOf(context, step);
  const onWait: OnWait = (reason, deadline) => working.waiting(step, reason, deadline);
  if (step.flags === undefined) return restore(context, server, onWait);
  const { issuers, audiences, jwksUri } = await server.api.running(signal);
  const settle = { clock, signal, onWait };
  await server.files.change(step.flags, signal);
  await settled(server.api, step.flags, settle);
  const refusing = await refusedBy(server, context);
  if (refusing.length === 0) return;
  const before = { issuers, ...defined({ audiences, jwksUri }) };
  await server.files.change(before, signal);
  await settled(server.api, before, settle);
  throw new PodtrustError(
    "adoption-token-refused",
    `${refusing.join(", ")} refused the first token of ${step.server}, which was put back to what it was`,
    { detail: { server: step.server, refusing } },
  );
}

/**
 * Carries steps out, each time the first that the cluster does not show yet: a run that was cut off goes on where the cluster
 * stands. Throws `adoption-refused`, `adoption-waits` for what somebody else has to do first, `adoption-token-refused`,
 * `adoption-by-hand`, and what the servers throw.
 */
async function carryOut(
  context: AdoptionContext,
  working: Working,
  stepsOf: StepsOf,
): Promise<AdoptionReport> {
  for (;;) {
    const report = judgeAdoption(await gatherAdoption(context));
    const step = nextStep(stepsOf(report));
    if (step === undefined) return report;
    checkRefusals(report);
    if ("missing" in step)
      throw new PodtrustError(
        "adoption-waits",
        `before an API server is changed: ${step.missing.join("; ")}`,
        {
          detail: { step: step.kind, missing: step.missing },
        },
      );
    working.began(step);
    // The first pass is what mends servers that refuse one another.
    if (step.kind !== "accept" && step.kind !== "restore") await checkTokens(context);
    await changeServer(context, step, working);
    if (step.flags !== undefined) await changeKubeadm(context, step.flags, working.notice);
  }
}

/** What the API servers run with, in kubeadm's config too: a run may have been cut off between the two. */
async function keepInKubeadm(context: AdoptionContext, { notice }: Working): Promise<void> {
  const [first] = context.servers;
  if (first === undefined) return;
  const { issuers, audiences, jwksUri } = await first.api.running(context.signal);
  await changeKubeadm(context, { issuers, ...defined({ audiences, jwksUri }) }, notice);
}

/** Gives every API server the new issuer, in two passes. Throws as `carryOut` does. */
export async function runAdoption(context: AdoptionContext, working: Working): Promise<AdoptionReport> {
  const report = await carryOut(context, working, ({ steps }) => steps);
  await keepInKubeadm(context, working);
  return report;
}

/** Goes back to the issuer of before, in two passes, and then to the files. Throws as `carryOut` does. */
export async function undoAdoption(context: AdoptionContext, working: Working): Promise<AdoptionReport> {
  const report = await carryOut(context, working, ({ undo }) => undo);
  await restoreKubeadm(context, working.notice);
  return report;
}

/** Takes the issuers of before out of every API server. Throws as `carryOut` does. */
export async function finishAdoption(context: AdoptionContext, working: Working): Promise<AdoptionReport> {
  const report = await carryOut(context, working, ({ finish }) => finish);
  await keepInKubeadm(context, working);
  return report;
}
