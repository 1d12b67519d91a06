import { type JsonRecord, PodtrustError } from "../../core/base/index.ts";
import type {
  Difference,
  Inputs,
  Observed,
  ResourceOutput,
  Resource,
  NamedResource,
} from "../../rules/plan/index.ts";
import type { OpenBaoApi } from "./api.ts";
import { invalidAnswer } from "./failure.ts";
import { changedFields, type Fields, written } from "./fields.ts";
import { findMount, mountNames, type MountRef } from "./mount.ts";

/** The desired role. */
export interface JwtRoleSpec extends MountRef {
  readonly name: string;
  readonly audience: string;
  /** Whole subjects, one at least. */
  readonly subjects: readonly string[];
  /** Policies of its tokens. */
  readonly policies: readonly string[];
}

/** Seconds that a role's token lives, renewed or not: a workload logs in again with a fresh token of its own. */
const tokenLifetime = 3600;

/** The names of a role in plans and selections. */
export function jwtRoleNames(ref: Pick<MountRef, "server" | "mount">, name: string): NamedResource {
  const { id, names } = mountNames(ref);
  return { id: `${id}/role/${name}`, kind: "role", names: [name, `role/${name}`, ...names], link: "trust" };
}

/**
 * A role as the API takes it: who logs in, and what the token may do. Every field that could let in more, or make a
 * token live longer, is set explicitly, so that it is repaired where it was changed. A list of subjects is a bound
 * claim, since `bound_subject` holds one.
 */
export function jwtRoleFields({ audience, subjects, policies }: JwtRoleSpec): Fields {
  const [only = "", ...others] = subjects;
  const isOne = others.length === 0;
  return {
    role_type: "jwt",
    user_claim: "sub",
    user_claim_json_pointer: false,
    groups_claim: "",
    claim_mappings: {},
    bound_audiences: [audience],
    bound_subject: isOne ? only : "",
    bound_claims_type: "string",
    bound_claims: isOne ? {} : { sub: [...subjects] },
    expiration_leeway: 0,
    not_before_leeway: 0,
    clock_skew_leeway: 0,
    token_policies: [...policies],
    token_policies_template_claims: false,
    token_no_default_policy: false,
    token_type: "default",
    token_ttl: tokenLifetime,
    token_max_ttl: tokenLifetime,
    token_explicit_max_ttl: 0,
    token_period: 0,
    token_num_uses: 0,
    token_bound_cidrs: [],
    token_strictly_bind_ip: false,
    verbose_oidc_logging: false,
  };
}

/** A role as it is. Throws `openbao-*`. */
export function readJwtRole(
  api: OpenBaoApi,
  mount: string,
  name: string,
  signal: AbortSignal,
): Promise<JsonRecord | undefined> {
  return api.read(["auth", mount, "role", name], `reading role ${name} of auth/${mount}`, signal);
}

const maxRoles = 10_000;

/** The names of all roles of a mount. Throws `openbao-*`. */
export async function listJwtRoles(
  api: OpenBaoApi,
  mount: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const what = `listing the roles of auth/${mount}`;
  const found = await api.read(["auth", mount, "role"], what, signal, { query: "?list=true" });
  const keys: unknown = found === undefined ? [] : found["keys"];
  if (!Array.isArray(keys) || keys.length > maxRoles)
    throw invalidAnswer(what, "it has no list of at most 10,000");
  return keys.map((key: unknown) => {
    // What the server takes for a role's name (framework.GenericNameRegex).
    if (typeof key === "string" && /^\w(?:[\w.-]{0,254}\w)?$/u.test(key)) return key;
    throw invalidAnswer(what, "one of the names is none");
  });
}

/** A role as a plan sees it: what is in our mount is ours. */
export function observedJwtRole(state: JsonRecord | undefined): Observed<JsonRecord> {
  return state === undefined ? { exists: false } : { exists: true, state, owner: { kind: "ours" } };
}

const accessorOf = (ref: MountRef): ResourceOutput => ({ after: mountNames(ref).id, name: "accessor" });

/** Checks, before a write, that the mount is still the one that was found to be ours. */
async function checkMount(
  api: OpenBaoApi,
  ref: MountRef,
  inputs: Inputs,
  signal: AbortSignal,
): Promise<void> {
  const accessor = inputs.get(accessorOf(ref));
  const found = await findMount(api, ref.mount, signal);
  if (accessor.known && found?.accessor === accessor.value) return;
  throw new PodtrustError(
    "plan-changed",
    `auth/${ref.mount} at ${ref.server} is no longer the one that was found`,
  );
}

function roleBase(api: OpenBaoApi, ref: MountRef, name: string) {
  const path = ["auth", ref.mount, "role", name];
  return {
    ...jwtRoleNames(ref, name),
    isRight: true,
    dependsOn: [],
    needs: [accessorOf(ref)],
    fingerprint: (state: JsonRecord) => state,
    async read(signal: AbortSignal, inputs: Inputs): Promise<Observed<JsonRecord>> {
      // In a mount that does not exist, or is not ours, nothing is ours.
      if (!inputs.get(accessorOf(ref)).known) return { exists: false };
      return observedJwtRole(await readJwtRole(api, ref.mount, name, signal));
    },
    async delete(_observed, { signal, inputs }) {
      await checkMount(api, ref, inputs, signal);
      await api.call({ method: "DELETE", path, what: `deleting role ${name} of auth/${ref.mount}` }, signal);
    },
  } satisfies Partial<Resource<JsonRecord>>;
}

/** A role of the config's, as a plan's resource. */
export function jwtRoleResource(api: OpenBaoApi, spec: JwtRoleSpec): Resource<JsonRecord> {
  const desired = jwtRoleFields(spec);
  const { name, mount } = spec;
  return {
    ...roleBase(api, spec, name),
    diff(observed): Difference {
      const fields = changedFields(desired, observed.exists ? observed.state : {});
      if (!observed.exists) return { kind: "create", fields };
      return { kind: fields.length === 0 ? "none" : "update", fields };
    },
    async apply(_change, { signal, inputs }) {
      await checkMount(api, spec, inputs, signal);
      const call = { method: "POST", path: ["auth", mount, "role", name], body: written(desired) } as const;
      await api.call({ ...call, what: `writing role ${name} of auth/${mount}` }, signal);
    },
  };
}

/** A role that no config names any more: it is found and deleted. */
export function surplusJwtRole(api: OpenBaoApi, ref: MountRef, name: string): Resource<JsonRecord> {
  return {
    ...roleBase(api, ref, name),
    diff: () => ({ kind: "none", fields: [] }),
    apply: () => Promise.reject(new TypeError(`role ${name} is only ever deleted`)),
  };
}
