import { PodtrustError } from "../../core/base/index.ts";
import { type PoolName, principalOf } from "../../rules/gcp/index.ts";
import type { Difference, Observed, Resource, Work } from "../../rules/plan/index.ts";
import type { ApiCall } from "../../core/http/index.ts";
import type { GoogleApi } from "./api.ts";
import { googleError, isNotFound } from "./vendor.ts";
import { memberNames, poolNames } from "./resource-paths.ts";
import { settle, type SettleStep } from "./settle.ts";
import { type PolicyBinding, type AccountPolicy, readPolicyShape } from "./shapes.ts";

/** The role that lets a federated principal make tokens of a service account. */
const role = "roles/iam.workloadIdentityUser";
/** Principals that one policy may name (IAM, "Quotas and limits"). */
const maxPrincipals = 1500;

/** The principals of a pool that may become one service account. */
export interface MemberSpec {
  readonly name: PoolName;
  readonly email: string;
  /** Subjects, as tokens carry them; empty: none may. */
  readonly subjects: readonly string[];
  /** The one subject that is ours; absent: every one of the pool. */
  readonly only?: string;
  /** Ids of resources that must exist before it. */
  readonly dependsOn?: readonly string[];
}

/** The subjects of the pool that a service account's policy lets in. */
export interface MemberState {
  readonly principals: readonly string[];
}

type Ours = Pick<MemberSpec, "name" | "only">;

/** Whether a member is ours to touch: a principal of the pool, or the only one that is. */
function isOurs(member: string, { name, only = "" }: Ours): boolean {
  const own = principalOf(name, only);
  return only === "" ? member.startsWith(own) : member === own;
}

const isPlain = (binding: PolicyBinding): boolean => binding.role === role && !binding.isConditional;

function stateOf({ bindings }: AccountPolicy, ours: Ours): MemberState {
  const members = bindings.filter(isPlain).flatMap((binding) => binding.members);
  return { principals: [...new Set(members.filter((one) => isOurs(one, ours)))].sort() };
}

/** The policy with these principals in place of ours that it has; everything else as it came. */
function policyWith({ raw, bindings, etag }: AccountPolicy, scope: Ours, desired: readonly string[]): object {
  const ours = bindings.find(isPlain);
  const rest = bindings.flatMap((binding) => {
    if (!isPlain(binding)) return [binding.raw];
    const others = binding.members.filter((member) => !isOurs(member, scope));
    const members = binding === ours ? [...others, ...desired] : others;
    // An empty binding is refused.
    return members.length === 0 ? [] : [{ ...binding.raw, members }];
  });
  const added = ours === undefined && desired.length > 0 ? [{ role, members: desired }] : [];
  // A write without version 3 loses the conditions of others.
  return { ...raw, version: 3, etag, bindings: [...rest, ...added] };
}

const policyPath = (email: string): string => `/v1/projects/-/serviceAccounts/${encodeURIComponent(email)}`;

/** The service account's own policy; undefined where there is no such account. Throws `gcp-*`. */
async function readPolicy(
  api: GoogleApi,
  email: string,
  signal: AbortSignal,
): Promise<AccountPolicy | undefined> {
  const what = `reading the policy of ${email}`;
  const path = `${policyPath(email)}:getIamPolicy`;
  const query = { "options.requestedPolicyVersion": "3" };
  try {
    return readPolicyShape(await api.read({ method: "POST", path, query, what }, signal), what);
  } catch (thrown) {
    if (isNotFound(thrown)) return undefined;
    throw googleError(thrown, what);
  }
}

const principalsOf = ({ name, subjects }: MemberSpec): readonly string[] =>
  [...new Set(subjects.map((subject) => principalOf(name, subject)))].sort();

const same = (a: readonly string[], b: readonly string[]): boolean => a.join("\n") === b.join("\n");

function absentAccount(email: string): PodtrustError {
  return new PodtrustError("gcp-service-account-absent", `there is no service account ${email}`, {
    detail: { email },
  });
}

function difference(spec: MemberSpec, observed: Observed<MemberState>): Difference {
  const after = principalsOf(spec);
  const before = observed.exists ? observed.state.principals : [];
  if (same(before, after)) return { kind: "none", fields: [] };
  const fields = [{ field: "principals", before: observed.exists ? before : undefined, after }];
  return { kind: observed.exists ? "update" : "create", fields };
}

/** Throws `gcp-limit` for a policy that would name too many. */
function checkLimit(
  { bindings }: AccountPolicy,
  { email, ...scope }: Ours & Pick<MemberSpec, "email">,
  desired: readonly string[],
): void {
  const others = bindings.flatMap(({ members }) => members.filter((one) => !isOurs(one, scope)));
  const total = new Set([...others, ...desired]).size;
  if (total <= maxPrincipals) return;
  const sentence = `the policy of ${email} would name ${total} principals, and Google takes ${maxPrincipals}`;
  throw new PodtrustError("gcp-limit", sentence, { detail: { total } });
}

/** Writes until the policy has just these principals of ours: other writers lose nothing. */
function settlePrincipals(
  api: GoogleApi,
  spec: Ours & Pick<MemberSpec, "email">,
  desired: readonly string[],
  work: Work,
): Promise<void> {
  const { email } = spec;
  return settle(api, work, async (): Promise<SettleStep | undefined> => {
    const policy = await readPolicy(api, email, work.signal);
    if (policy === undefined) {
      if (desired.length === 0) return undefined;
      throw absentAccount(email);
    }
    if (same(stateOf(policy, spec).principals, desired)) return undefined;
    checkLimit(policy, spec, desired);
    const what = `writing the policy of ${email}`;
    const body = { policy: policyWith(policy, spec, desired) };
    const call: ApiCall = { method: "POST", path: `${policyPath(email)}:setIamPolicy`, body, what };
    return { what, make: async () => void (await api.write(call, work.signal, work.waiting.bind(work))) };
  });
}

/**
 * The principals of a pool in a service account's own policy, as a plan's resource: read, changed and written back with
 * its etag. A principal of our pool is ours, or the only one that is; whatever else the policy holds goes back as it
 * came. It exists once it names one.
 */
export function memberResource(api: GoogleApi, spec: MemberSpec): Resource<MemberState> {
  const { name, email, only } = spec;
  const names = memberNames(name, email);
  return {
    ...names,
    // One policy has several such resources: each binding has its own.
    id: only === undefined ? names.id : `${names.id}/${only}`,
    isRight: true,
    dependsOn: [poolNames(name).id, ...(spec.dependsOn ?? [])],
    fingerprint: ({ principals }) => principals,
    async read(signal) {
      const policy = await readPolicy(api, email, signal);
      if (policy === undefined && spec.subjects.length > 0) throw absentAccount(email);
      const state = policy === undefined ? undefined : stateOf(policy, spec);
      // Without a principal of ours there is nothing of ours. How many others there are is asked again when it is written.
      if (state === undefined || state.principals.length === 0) return { exists: false };
      return { exists: true, state, owner: { kind: "ours" } };
    },
    diff: (observed) => difference(spec, observed),
    apply: (_change, work) => settlePrincipals(api, spec, principalsOf(spec), work),
    delete: (_observed, work) => settlePrincipals(api, spec, [], work),
  };
}
