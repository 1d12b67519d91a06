import { defined, mapped } from "../../core/base/index.ts";
import { describedKeys, type Jwk, type ProviderName, sameUpload, uploadText } from "../../rules/gcp/index.ts";
import {
  type Difference,
  type FieldChange,
  type KnownAfter,
  type Observed,
  type Resource,
  type Work,
  sameSet,
  type StackOwner,
} from "../../rules/plan/index.ts";
import type { ApiCall } from "../../core/http/index.ts";
import type { GoogleApi } from "./api.ts";
import { googleError } from "./vendor.ts";
import { readProvider, uploadKeys } from "./keys.ts";
import {
  checkOwner,
  deletedRefusal,
  deleteKept,
  markFields,
  observedKept,
  observedToDelete,
  operate,
  stateFields,
  takenNext,
} from "./kept.ts";
import { poolNames, poolPath, providerNames, providerPath } from "./resource-paths.ts";
import { settle, type SettleStep } from "./settle.ts";
import { markedDescription, type ProviderState, readProviderShape } from "./shapes.ts";

/** Keys that are not available yet: an existing provider keeps its own, a new one gets them. */
export interface LaterKeys extends KnownAfter {
  find(signal: AbortSignal): Promise<readonly Jwk[]>;
}

/** The desired provider. */
export interface ProviderSpec extends StackOwner {
  readonly name: ProviderName;
  /** As the tokens carry it, to the letter. */
  readonly issuer: string;
  /** Empty: the provider's own name. */
  readonly audiences: readonly string[];
  /** CEL expressions by `google.subject` and `attribute.NAME`. */
  readonly mapping: Readonly<Record<string, string>>;
  /** Empty: none. */
  readonly condition: string;
  /** To upload; `fetch`: Google reads the issuer. */
  readonly keys: LaterKeys | readonly Jwk[] | "fetch";
  /** The resources that make the cluster, where they are part of the plan. */
  readonly dependsOn?: readonly string[];
}

const isLater = (keys: ProviderSpec["keys"]): keys is LaterKeys =>
  typeof keys === "object" && "knownAfter" in keys;

function sameMapping(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  return sameSet(
    Object.entries(a).map((one) => one.join("=")),
    Object.entries(b).map((one) => one.join("=")),
  );
}

/** One field of a provider: how it differs, and what a PATCH of it says. */
interface Field {
  readonly field: string;
  /** As `updateMask` names it. */
  readonly mask: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** The fields that differ, without mark, state and keys. */
function changedFields(spec: ProviderSpec, before: ProviderState): readonly Field[] {
  const { issuer, audiences, mapping, condition } = spec;
  const fields: readonly (Field & { readonly same: boolean })[] = [
    {
      field: "issuer",
      mask: "oidc.issuerUri",
      before: before.issuerUri,
      after: issuer,
      same: before.issuerUri === issuer,
    },
    {
      field: "audiences",
      mask: "oidc.allowedAudiences",
      before: before.allowedAudiences,
      after: audiences,
      same: sameSet(before.allowedAudiences, audiences),
    },
    {
      field: "mapping",
      mask: "attributeMapping",
      before: before.attributeMapping,
      after: mapping,
      same: sameMapping(before.attributeMapping, mapping),
    },
    {
      field: "condition",
      mask: "attributeCondition",
      before: before.attributeCondition,
      after: condition,
      same: before.attributeCondition === condition,
    },
  ];
  return fields.filter(({ same }) => !same);
}

const fetched = "fetched from the issuer";

/** The keys in a plan: kids, and more where those alone do not distinguish them. */
function keysField({ keys }: ProviderSpec, before: ProviderState | undefined): readonly FieldChange[] {
  if (isLater(keys)) {
    if (before !== undefined) return [];
    return [{ field: "keys", before: undefined, after: { knownAfter: keys.knownAfter } }];
  }
  const desired = keys === "fetch" ? undefined : keys;
  if (before !== undefined && sameUpload(before.jwksJson, desired)) return [];
  const was = before === undefined || before.jwksJson === "" ? undefined : before.jwksJson;
  const shown = describedKeys(was, desired);
  return [
    {
      field: "keys",
      before: before === undefined ? undefined : (shown.before ?? fetched),
      after: shown.after ?? fetched,
    },
  ];
}

function newFields(spec: ProviderSpec): readonly FieldChange[] {
  const { issuer, audiences, mapping, condition } = spec;
  const after: Readonly<Record<string, unknown>> = {
    description: markedDescription("", spec),
    issuer,
    ...(audiences.length === 0 ? {} : { audiences }),
    mapping,
    ...(condition === "" ? {} : { condition }),
  };
  const fields = Object.entries(after).map(([field, value]) => ({ field, before: undefined, after: value }));
  return [...fields, ...keysField(spec, undefined)];
}

function difference(spec: ProviderSpec, observed: Observed<ProviderState>): Difference {
  if (!observed.exists) return { kind: "create", fields: newFields(spec) };
  const { state, owner } = observed;
  const changed = changedFields(spec, state).map(({ field, before, after }) => ({ field, before, after }));
  const fields = [...stateFields(state), ...markFields(state, spec), ...changed, ...keysField(spec, state)];
  const refusal = deletedRefusal(state, owner.kind, { id: spec.name.provider, kind: "provider" });
  if (refusal !== undefined) return { kind: "update", fields, refusal };
  return { kind: fields.length === 0 ? "none" : "update", fields };
}

/** The provider whole, as the API has it. */
function bodyOf(spec: ProviderSpec, description: string, keys: readonly Jwk[] | undefined): object {
  const { issuer, audiences, mapping, condition } = spec;
  return {
    description,
    attributeMapping: mapping,
    attributeCondition: condition,
    oidc: {
      issuerUri: issuer,
      allowedAudiences: audiences,
      ...defined({ jwksJson: mapped(keys, uploadText) }),
    },
  };
}

async function wantedKeys({ keys }: ProviderSpec, signal: AbortSignal): Promise<readonly Jwk[] | undefined> {
  if (keys === "fetch") return undefined;
  return isLater(keys) ? keys.find(signal) : keys;
}

function nextStep(
  api: GoogleApi,
  spec: ProviderSpec,
  found: ProviderState | undefined,
  work: Work,
): SettleStep | undefined {
  const { name } = spec;
  const { provider } = name;
  const path = providerPath(name);
  const step = (what: string, call: (what: string) => Promise<ApiCall>): SettleStep => ({
    what,
    make: async () => operate(api, await call(what), path, work),
  });
  if (found === undefined)
    return step(`creating the provider ${provider}`, async (what) => ({
      method: "POST",
      path: `${poolPath(name)}/providers`,
      query: { workloadIdentityPoolProviderId: provider },
      body: bodyOf(spec, markedDescription("", spec), await wantedKeys(spec, work.signal)),
      what,
    }));
  if (found.state === "DELETED")
    return step(`undeleting the provider ${provider}`, async (what) => ({
      method: "POST",
      path: `${path}:undelete`,
      body: {},
      what,
    }));
  const description = markedDescription(found.description, spec);
  const masks = [
    ...(description === found.description ? [] : ["description"]),
    ...changedFields(spec, found).map(({ mask }) => mask),
  ];
  if (masks.length === 0) return undefined;
  return step(`changing the provider ${provider}`, async (what) => ({
    method: "PATCH",
    path,
    query: { updateMask: masks.join(",") },
    body: bodyOf(spec, description, undefined),
    what,
  }));
}

/** All providers of a pool, deleted ones too. Throws `gcp-*`. */
export async function listProviders(
  api: GoogleApi,
  name: Pick<ProviderName, "pool" | "projectNumber">,
  signal: AbortSignal,
): Promise<readonly ProviderState[]> {
  const what = `listing the providers of the pool ${name.pool}`;
  const query = { pageSize: "100", showDeleted: "true" };
  const call = { method: "GET", path: `${poolPath(name)}/providers`, query, what } as const;
  try {
    const found = await api.list(call, "workloadIdentityPoolProviders", signal);
    return found.map((one) => readProviderShape(one, what));
  } catch (thrown) {
    throw googleError(thrown, what);
  }
}

/**
 * An OIDC provider of a pool as a plan's resource. Audiences are a set, and keys too: their order is no difference. Whether
 * it is disabled is for a person to say, and no difference.
 */
export function providerResource(api: GoogleApi, spec: ProviderSpec): Resource<ProviderState> {
  const { name } = spec;
  const { provider } = name;
  return {
    ...providerNames(name),
    dependsOn: [poolNames(name).id, ...(spec.dependsOn ?? [])],
    ifTaken: takenNext("provider", provider),
    fingerprint: (state) => state,
    issuers: ({ issuerUri }) => [issuerUri],
    read: async (signal) => observedKept(await readProvider(api, name, signal), spec),
    diff: (observed) => difference(spec, observed),
    async apply(change, work) {
      await settle(api, work, async () => {
        const found = await readProvider(api, name, work.signal);
        if (found !== undefined) checkOwner(found, change, spec);
        return nextStep(api, spec, found, work);
      });
      if (!isLater(spec.keys))
        await uploadKeys(api, spec, spec.keys === "fetch" ? undefined : spec.keys, work);
    },
    delete: (_observed, work) => {
      const what = `deleting the provider ${provider}`;
      const read = (signal: AbortSignal): Promise<ProviderState | undefined> =>
        readProvider(api, name, signal);
      return deleteKept(api, { read, path: providerPath(name), what, stack: spec }, work);
    },
  };
}

/** The same for the way down, by its name alone: it is found and deleted, and nothing is compared. */
export function providerToDelete(
  api: GoogleApi,
  { name, ...stack }: StackOwner & Pick<ProviderSpec, "name">,
): Resource<ProviderState> {
  const spec = {
    ...stack,
    name,
    issuer: "",
    audiences: [],
    mapping: {},
    condition: "",
    keys: "fetch",
  } as const;
  const read = async (signal: AbortSignal): Promise<Observed<ProviderState>> =>
    observedToDelete(await readProvider(api, name, signal), spec);
  return { ...providerResource(api, spec), read };
}
