import {
  type Change,
  type Difference,
  type FieldChange,
  type Inputs,
  type Known,
  lacksIdentity,
  mapKnown,
  type Observed,
  type Owner,
  type ResourceOutput,
  type Resource,
  shownKnown,
  type Work,
} from "../plan/index.ts";
import { canonicalValue } from "./canonical.ts";
import type { DnsProvider, DnsZone, ObservedRecordSet, RecordKey, RecordType } from "./provider.ts";

/** Where records are kept: a provider, and the zone that was found there. */
export interface ProviderZone {
  readonly provider: DnsProvider;
  zone(signal: AbortSignal): Promise<DnsZone>;
}

/** Values that are made of another resource's output. */
export interface DerivedValues {
  readonly from: ResourceOutput;
  /** None: there is nothing to write yet, and existing records stay. */
  make(text: string): readonly string[];
}

/** The wanted state of a set of records. */
export interface RecordSpec extends RecordKey {
  /** Seconds. */
  readonly ttl: number;
  /** What they hold. */
  readonly values: readonly string[] | DerivedValues;
  readonly dependsOn?: readonly string[];
}

const isDerived = (values: RecordSpec["values"]): values is DerivedValues => !Array.isArray(values);

/** The name of a set of records in a plan. */
export function recordNames({ name, type }: RecordKey): Pick<Resource, "id" | "kind" | "names" | "link"> {
  return { id: `dns/${name}/${type}`, kind: "record", names: [name, type], link: "dns" };
}

/** The mark, where it has no identity yet. */
function markFields(owner: Owner): readonly FieldChange[] {
  return lacksIdentity(owner)
    ? [{ field: "mark", before: "by the stack's name", after: "by its identity too" }]
    : [];
}

function observed(found: ObservedRecordSet | undefined): Observed<ObservedRecordSet> {
  return found === undefined ? { exists: false } : { exists: true, state: found, owner: found.owner };
}

/** What a field is called by the type of its records. */
const valuesField: Readonly<Record<RecordType, string>> = {
  A: "addresses",
  AAAA: "addresses",
  CAA: "values",
  TXT: "values",
};

const sorted = (values: readonly string[]): readonly string[] => [...values].sort();

function common(place: ProviderZone, key: RecordKey): Omit<Resource<ObservedRecordSet>, "diff" | "apply"> {
  const { provider } = place;
  return {
    ...recordNames(key),
    dependsOn: [],
    ifTaken: `Remove it at ${provider.name} if it is not needed, or choose another name for the issuer.`,
    async read(signal) {
      return observed(await provider.find(await place.zone(signal), key, signal));
    },
    outputs: ({ recordIds = {} }) => ({ recordIds: JSON.stringify(recordIds) }),
    fingerprint: ({ ttl, values, proxied }) => ({ ttl, values: sorted(values), proxied }),
    ...(provider.untilVisible === undefined
      ? {}
      : { confirm: async (_change, work) => provider.untilVisible?.(key, work) }),
    async delete(_found, work) {
      await provider.delete(await place.zone(work.signal), key, work);
    },
  };
}

/** A set of records as the config has it, as a resource of a plan. */
export function recordResource(place: ProviderZone, spec: RecordSpec): Resource<ObservedRecordSet> {
  const { name, type, ttl, values } = spec;
  const canonical = (list: readonly string[]): readonly string[] =>
    sorted(list.map((value) => canonicalValue(type, value)));
  const wanted = (inputs: Inputs): Known<readonly string[]> =>
    isDerived(values)
      ? mapKnown(inputs.get(values.from), (text) => canonical(values.make(text)))
      : { known: true, value: canonical(values) };

  function fields(found: ObservedRecordSet | undefined, inputs: Inputs): readonly FieldChange[] {
    const desired = wanted(inputs);
    const is = found === undefined ? undefined : sorted(found.values);
    const isSame = desired.known && is !== undefined && desired.value.join("\n") === is.join("\n");
    const proxied: FieldChange = { field: "proxied", before: true, after: false };
    return [
      ...(isSame ? [] : [{ field: valuesField[type], before: is, after: shownKnown(desired) }]),
      ...(found?.ttl === ttl ? [] : [{ field: "ttl", before: found?.ttl, after: ttl }]),
      ...(found?.proxied === true ? [proxied] : []),
    ];
  }

  return {
    ...common(place, spec),
    dependsOn: spec.dependsOn ?? [],
    ...(isDerived(values) ? { needs: [values.from] } : {}),
    diff(before: Observed<ObservedRecordSet>, inputs): Difference {
      const desired = wanted(inputs);
      if (desired.known && desired.value.length === 0) return { kind: "none", fields: [] };
      if (!before.exists) return { kind: "create", fields: fields(undefined, inputs) };
      const differing = [...fields(before.state, inputs), ...markFields(before.owner)];
      // Taken over, it gets our mark and nothing else.
      if (differing.length === 0 && before.owner.kind === "ours") return { kind: "none", fields: [] };
      return { kind: "update", fields: differing };
    },
    async apply(change: Change<ObservedRecordSet>, work: Work) {
      const desired = wanted(work.inputs);
      if (!desired.known) throw new TypeError(`${name} ${type} is written before its value is known`);
      const takeOver = change.observed.exists && change.observed.owner.kind !== "ours";
      const zone = await place.zone(work.signal);
      await place.provider.write(zone, { name, type, ttl, values: desired.value }, work, takeOver);
    },
  };
}

/**
 * A set of records that only has to go: before what it was made of, since an address may have another owner afterwards.
 */
export function recordToDelete(
  place: ProviderZone,
  { name, type }: RecordKey,
  dependsOn: readonly string[],
): Resource<ObservedRecordSet> {
  return {
    ...common(place, { name, type }),
    dependsOn,
    // It leads relying parties to what the name publishes.
    issuers: () => (type === "A" || type === "AAAA" ? [`https://${name}`] : []),
    async read(signal) {
      const found = await place.provider.find(await place.zone(signal), { name, type }, signal);
      // Records of others beside ours stay, and do not keep ours from going.
      return observed(found?.hasOurs === true ? { ...found, owner: { kind: "ours" } } : found);
    },
    diff: () => ({ kind: "none", fields: [] }),
    apply: () => Promise.reject(new TypeError(`${name} ${type} is there to be deleted`)),
  };
}

/** What a listing found, as a plan takes it. */
export function recordsSeen(found: readonly ObservedRecordSet[]): ReadonlyMap<string, Observed> {
  return new Map(found.map((set) => [recordNames(set).id, observed(set)]));
}
