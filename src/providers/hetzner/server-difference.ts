import {
  type Difference,
  type FieldChange,
  type Inputs,
  type Known,
  type Observed,
  type ResourceOutput,
  shownKnown,
  type StackOwner,
} from "../../rules/plan/index.ts";
import { commonFields } from "./resource.ts";
import type { Server } from "./shapes.ts";

/** The user data for a new machine's first boot, and the fingerprint of the host key that it will show. */
export interface FirstBoot {
  /** At most 32 KiB. */
  readonly userData: string;
  /** `SHA256:…` */
  readonly hostKey: string;
}

/** A value from another resource, or one that is known. */
export type OutputOrValue = ResourceOutput | string;

export interface ServerSpec extends StackOwner {
  readonly name: string;
  readonly type: string;
  /** Tried in this order where Hetzner refuses the type as sold out, though its list had it. */
  readonly otherTypes: readonly string[];
  readonly location: string;
  /** Where it could be instead; its addresses would have to be there too. */
  readonly otherLocations: readonly string[];
  readonly image: string;
  /** Whether the API refuses to delete or rebuild it. */
  readonly protect: boolean;
  /** Absent for a machine that stands, whose key is in the project no more. */
  readonly sshKey?: { readonly id: OutputOrValue; readonly publicKey: OutputOrValue };
  readonly firewall: ResourceOutput;
  /** Addresses of its own, each by id and address. Absent: the machine has none of that family. */
  readonly ipv4?: { readonly id: ResourceOutput; readonly address: ResourceOutput };
  readonly ipv6?: { readonly id: ResourceOutput; readonly address: ResourceOutput };
  /** Made anew for each machine: the host key of one is no other's. */
  readonly firstBoot: (publicKey: string) => FirstBoot;
}

/** Of the addresses that a server may have. */
export const families = ["ipv4", "ipv6"] as const;
export type Family = (typeof families)[number];

const replaceable = ["type", "location", "image"] as const;

/** Everything that a server takes from other resources. */
export function needsOf({ sshKey, firewall, ipv4, ipv6 }: ServerSpec): readonly ResourceOutput[] {
  const all = [sshKey?.id, sshKey?.publicKey, firewall, ipv4?.id, ipv4?.address, ipv6?.id, ipv6?.address];
  return all.filter((one) => typeof one === "object");
}

/** A value from another resource as it is known now. */
export function valueOf(desired: OutputOrValue, inputs: Inputs): Known<string> {
  return typeof desired === "string" ? { known: true, value: desired } : inputs.get(desired);
}

function newFields(spec: ServerSpec, inputs: Inputs): readonly FieldChange[] {
  const { type, location, image, protect } = spec;
  const addresses = families.flatMap((family) => {
    const address = spec[family]?.address;
    return address === undefined ? [] : [[family, shownKnown(inputs.get(address))] as const];
  });
  const all = [
    ["type", type],
    ["location", location],
    ["image", image],
    ...addresses,
    ...(protect ? ([["protect", true]] as const) : []),
  ] as const;
  return all.map(([field, after]) => ({ field, before: undefined, after }));
}

function addressFields(spec: ServerSpec, state: Server, inputs: Inputs): readonly FieldChange[] {
  return families.flatMap((family) => {
    const [desired, has] = [spec[family], state[family]];
    if (desired === undefined) {
      return has === undefined ? [] : [{ field: family, before: has.ip, after: undefined }];
    }
    const id = inputs.get(desired.id);
    if (id.known && id.value === String(has?.id)) return [];
    return [{ field: family, before: has?.ip, after: shownKnown(inputs.get(desired.address)) }];
  });
}

/** Whether Hetzner is at work on the machine: its state will change by itself. */
export function isInTheMaking({ status, firewalls }: Server): boolean {
  return !["running", "off"].includes(status) || firewalls.some((one) => one.status === "pending");
}

function stateFields(spec: ServerSpec, state: Server, inputs: Inputs): readonly FieldChange[] {
  const firewall = inputs.get(spec.firewall);
  const isOn = firewall.known && state.firewalls.some(({ id }) => String(id) === firewall.value);
  const fields: FieldChange[] = [];
  if (isInTheMaking(state)) {
    const after = { knownAfter: "Hetzner is done with it" };
    fields.push({ field: "state", before: "in the making", after });
  } else if (state.status === "off") {
    fields.push({ field: "state", before: "off", after: "running" });
  }
  if (!isOn) fields.push({ field: "firewall", before: "not on it", after: spec.name });
  if (state.isProtected !== spec.protect) {
    fields.push({ field: "protect", before: state.isProtected, after: spec.protect });
  }
  return fields;
}

/** What another machine is needed for: properties fixed at creation. */
function replacedFields(
  spec: Pick<ServerSpec, (typeof replaceable)[number]>,
  state: Server,
): readonly FieldChange[] {
  return replaceable.flatMap((field): FieldChange[] => {
    const before = state[field];
    // Of a deleted image it is not known what it was.
    return before === undefined || before === spec[field] ? [] : [{ field, before, after: spec[field] }];
  });
}

/** Whether a server is there that a plan does not replace: what only a new one needs is not needed then. */
export const stands = (
  spec: Pick<ServerSpec, (typeof replaceable)[number]>,
  server: Server | undefined,
): boolean =>
  server !== undefined && server.status !== "deleting" && replacedFields(spec, server).length === 0;

/** What would make a server the wanted one. */
export function serverDifference(spec: ServerSpec, observed: Observed<Server>, inputs: Inputs): Difference {
  if (!observed.exists) return { kind: "create", fields: newFields(spec, inputs) };
  const { state } = observed;
  const replaced = replacedFields(spec, state);
  // What else differs goes with the machine.
  if (replaced.length > 0) return { kind: "replace", fields: replaced };
  const addresses = addressFields(spec, state, inputs);
  const fields = [...commonFields(state, spec), ...addresses, ...stateFields(spec, state, inputs)];
  if (fields.length === 0) return { kind: "none", fields };
  return { kind: "update", fields, ...(addresses.length === 0 ? {} : { newOutputs: true }) };
}
