import { asPodtrustError } from "../../base/index.ts";
import { type Binding, type Found, proofTokenSeconds, type Trust } from "../../bindings/index.ts";
import { roleConfigOf } from "../parts/index.ts";
import { finding, type Finding } from "../status/index.ts";
import { foundOf, usualTurn } from "./ending.ts";
import { judgeBinding, type RoleSeen } from "./findings.ts";
import type { Turn } from "./turn.ts";

/** What came of AWS's or the cluster's trouble is tried again sooner. */
export const soon = 5000;
/** Most roles are known to STS after eight seconds: before five it is hardly worth asking again, then every one and a half. */
const settles = { from: 5000, every: 1500 } as const;
const proofEvery = 3_600_000;
// As long as IAM needs at the most until STS knows of a change (`longestPropagation` of aws/).
const longestSettling = 36_000;

const worst = (findings: readonly Finding[]): Finding | undefined => {
  const order = ["broken", "warning", "unseen", "ok"];
  return [...findings].sort((a, b) => order.indexOf(a.outcome) - order.indexOf(b.outcome))[0];
};

/** Asks STS for every role with one token of the ServiceAccount. */
async function exchangedAll(
  { clients, signal }: Turn,
  { binding, trust, roles }: Bound,
): Promise<readonly RoleSeen[] | Finding> {
  const { cluster, aws } = clients;
  const wish = { audiences: trust.audiences.slice(0, 1), expirationSeconds: proofTokenSeconds };
  let token: string;
  try {
    ({ token } = await cluster.requestToken(binding.namespace, binding.name, wish, { signal }));
  } catch (error) {
    signal.throwIfAborted();
    const { message } = asPodtrustError(error);
    return finding("TokenRequestFailed", { seen: message, from: cluster.server });
  }
  return Promise.all(
    roles.map(async (one): Promise<RoleSeen> => {
      const account = aws.of(trust, one.granted.account);
      try {
        const value = await account.exchange(roleConfigOf(binding, one.granted), token, signal);
        return { ...one, exchange: { kind: "seen", value } };
      } catch (error) {
        signal.throwIfAborted();
        return { ...one, exchange: { kind: "failed", error: asPodtrustError(error) } };
      }
    }),
  );
}

/** A binding whose roles were seen. */
export interface Bound {
  readonly binding: Binding;
  readonly trust: Trust;
  readonly roles: readonly RoleSeen[];
}

const isRefused = ({ exchange }: RoleSeen): boolean =>
  exchange?.kind === "seen" && exchange.value.kind === "refused" && exchange.value.code === "AccessDenied";

/** What STS says to the ServiceAccount; while a change is young, a refusal means nothing yet. */
async function proved(
  turn: Turn,
  bound: Bound,
  changedAt: string | undefined,
): Promise<{ readonly finding: Finding; readonly isProof: boolean }> {
  const { clients, clock } = turn;
  const asked = await exchangedAll(turn, bound);
  if ("reason" in asked) return { finding: asked, isProof: false };
  const none = { kind: "skipped", needs: "serviceaccount" } as const;
  const seen = { ...bound, roles: asked, serviceAccount: none, now: clock.now() };
  const judged = worst(judgeBinding(seen).get("sts") ?? []);
  const isYoung = changedAt !== undefined && clock.now() - Date.parse(changedAt) < longestSettling;
  if (isYoung && asked.some(isRefused)) {
    const told = { seen: "the role was changed a moment ago, and STS does not know it yet", from: "STS" };
    return { finding: finding("RoleSettling", told), isProof: false };
  }
  const result = judged ?? finding("LookFailed", { seen: "nothing was asked", from: clients.cluster.server });
  return { finding: result, isProof: result.reason === "StsAccepted" };
}

/** Whether the last proof still says something: it is of this hour, and nothing was changed since. */
function isProofFresh({ facts, clock, status }: Turn, changed: boolean): boolean {
  const { lastProof, observedGeneration, conditions } = status;
  const ready = conditions.find(({ type }) => type === "Ready");
  return (
    !changed &&
    ready?.status === "True" &&
    observedGeneration === facts.object.metadata.generation &&
    lastProof !== undefined &&
    clock.now() - Date.parse(lastProof) < proofEvery
  );
}

/** Milliseconds until STS is asked again about a role that was changed a moment ago. */
function settlingWait({ clock }: Turn, changedAt: string | undefined): number {
  const age = clock.now() - Date.parse(changedAt ?? "");
  return Math.max(settles.every, settles.from - (Number.isNaN(age) ? 0 : age));
}

/** What `Ready` says: the last proof while it is fresh, else a new one. */
export async function readyFinding(
  turn: Turn,
  bound: Bound,
  { changed, changedAt }: { readonly changed: boolean; readonly changedAt: string | undefined },
): Promise<{ readonly found: Found; readonly isProof: boolean; readonly againIn: number }> {
  const stood = turn.status.conditions.find(({ type }) => type === "Ready");
  if (stood !== undefined && isProofFresh(turn, changed)) {
    const { type, reason, message } = stood;
    return { found: { type, reason, message }, isProof: false, againIn: usualTurn };
  }
  const { finding: told, isProof } = await proved(turn, bound, changedAt);
  const againIn =
    told.reason === "RoleSettling" ? settlingWait(turn, changedAt) : told.outcome === "ok" ? usualTurn : soon;
  return { found: foundOf("Ready", told), isProof, againIn };
}
