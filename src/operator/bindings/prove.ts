import { asPodtrustError } from "../../core/base/index.ts";
import { type Binding, type Found, proofTokenSeconds, type Trust } from "../../rules/bindings/index.ts";
import { roleConfigOf } from "./account/index.ts";
import { finding, type Finding } from "../../stack/index.ts";
import { foundOf, defaultTurn } from "./ending.ts";
import { judgeBinding, type RoleSeen } from "./findings.ts";
import type { Turn } from "./turn.ts";

/** What came of AWS's or the cluster's trouble is tried again sooner. */
export const soon = 5000;
/**
 * AWS's STS knew no new role before five seconds, and most after eight: before that asking costs a token and two calls for
 * nothing, then it is asked every one and a half.
 */
const settles = { from: 8000, every: 1500 } as const;
const proofEvery = 3_600_000;
// As long as IAM needs at the most until STS knows of a change (`maxPropagation` of aws/).
const maxSettling = 36_000;

/**
 * How old a time of day is that another machine wrote (a replica, or AWS), in milliseconds by our clock, which may be
 * another: what is far in the future says nothing, as what is not there, and is infinitely old.
 */
function ageOf({ clock }: Turn, time: number): number {
  const age = clock.now() - time;
  return age >= -maxSettling ? Math.max(0, age) : Infinity;
}

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
  const spec = { audiences: trust.audiences.slice(0, 1), expirationSeconds: proofTokenSeconds };
  let token: string;
  try {
    ({ token } = await cluster.requestToken(binding.namespace, binding.name, spec, { signal }));
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
  const judged = worst(judgeBinding(seen, "sts"));
  if (asked.some(isRefused) && isYoung(turn, bound, changedAt)) return { finding: settling, isProof: false };
  const result = judged ?? finding("LookFailed", { seen: "nothing was asked", from: clients.cluster.server });
  return { finding: result, isProof: result.reason === "StsAccepted" };
}

/** Whether the last proof still says something: it is of this hour, and nothing was changed since. */
function isProofFresh(turn: Turn, changed: boolean): boolean {
  const { facts, status } = turn;
  const { lastProof, observedGeneration, conditions } = status;
  const ready = conditions.find(({ type }) => type === "Ready");
  return (
    !changed &&
    ready?.status === "True" &&
    observedGeneration === facts.object.metadata.generation &&
    ageOf(turn, Date.parse(lastProof ?? "")) < proofEvery
  );
}

/** What a turn changed at AWS, and when something was changed last. */
interface Settling {
  readonly changed: boolean;
  readonly changedAt: string | undefined;
}

/** Milliseconds until it is worth asking STS about roles that were made a moment ago; 0 where it is. */
function settlingWait({ clients, clock }: Turn, { roles, trust }: Bound): number {
  const made = roles.map(({ granted: { account, managed } }) =>
    managed === undefined ? undefined : clients.aws.of(trust, account).madeAt(managed.name),
  );
  const last = Math.max(...made.map((at) => at ?? Number.NEGATIVE_INFINITY));
  return Math.max(0, last + settles.from - clock.elapsed());
}

/** Whether STS need not know a role yet: it was made, or something of the binding was changed, a moment ago. */
function isYoung(turn: Turn, { roles }: Bound, changedAt: string | undefined): boolean {
  const changes = roles.flatMap(({ look }) =>
    look.kind === "seen" && look.value.observed.exists ? [look.value.observed.state.created] : [],
  );
  return [...changes, Date.parse(changedAt ?? "")].some((at) => ageOf(turn, at) < maxSettling);
}

/** While IAM is asked for a first role, and until STS knows of it. */
export const pending = finding("RolePending", {
  seen: "IAM is asked to make the role, and STS has not let the ServiceAccount in yet",
  from: "IAM",
});

/** While STS need not know what was changed. */
export const settling = finding("RoleSettling", {
  seen: "the role was made or changed a moment ago, and STS does not know it yet",
  from: "STS",
});

/** What `Ready` says: the last proof while it is fresh, else a new one. */
export async function readyFinding(
  turn: Turn,
  bound: Bound,
  settled: Settling,
): Promise<{ readonly found: Found; readonly isProof: boolean; readonly againIn: number }> {
  const stood = turn.status.conditions.find(({ type }) => type === "Ready");
  if (stood !== undefined && isProofFresh(turn, settled.changed)) {
    const { type, reason, message } = stood;
    return { found: { type, reason, message }, isProof: false, againIn: defaultTurn };
  }
  const wait = settlingWait(turn, bound);
  if (wait > 0) return { found: foundOf("Ready", settling), isProof: false, againIn: wait };
  const { finding: told, isProof } = await proved(turn, bound, settled.changedAt);
  const againIn = told === settling ? settles.every : told.outcome === "ok" ? defaultTurn : soon;
  return { found: foundOf("Ready", told), isProof, againIn };
}
