import type {
  Difference,
  FieldChange,
  Observed,
  Resource,
  Work,
  StackOwner,
} from "../../rules/plan/index.ts";
import { actionsIn, awaitActions, retryOnCodes, releaseTimeoutMs, actionTimeoutMs } from "./actions.ts";
import { hostAddress } from "./cidr.ts";
import type { HetznerApi } from "./client.ts";
import { findOwn, primaryIps, type ThingQuery } from "./find.ts";
import { markedLabels } from "./labels.ts";
import { commonFields, commonOf, putCommon, removeById, stateOf, stateToUpdate } from "./resource.ts";
import { takeOffServer } from "./server-power.ts";
import type { PrimaryIp } from "./shapes.ts";

export interface PrimaryIpSpec extends StackOwner {
  readonly name: string;
  readonly type: "ipv4" | "ipv6";
  readonly location: string;
  /** Whether the API refuses to delete it. */
  readonly protect: boolean;
}

function difference(spec: PrimaryIpSpec, observed: Observed<PrimaryIp>): Difference {
  const { location, protect, type } = spec;
  if (!observed.exists) {
    const protection = protect ? [{ field: "protect", before: undefined, after: true }] : [];
    return {
      kind: "create",
      fields: [
        { field: "type", before: undefined, after: type },
        { field: "location", before: undefined, after: location },
        ...protection,
      ],
    };
  }
  const { state } = observed;
  const moved: FieldChange[] =
    state.location === location ? [] : [{ field: "location", before: state.location, after: location }];
  if (moved.length > 0) return { kind: "replace", fields: moved };
  const fields = [...commonFields(state, spec), ...settings(spec, state)];
  return { kind: fields.length > 0 ? "update" : "none", fields };
}

/**
 * What can be set on an existing one. An address that is deleted with its server would leave names that lead nowhere.
 */
function settings({ protect }: PrimaryIpSpec, state: PrimaryIp): readonly FieldChange[] {
  return [
    ...(state.autoDelete ? [{ field: "autoDelete", before: true, after: false }] : []),
    ...(state.isProtected === protect
      ? []
      : [{ field: "protect", before: state.isProtected, after: protect }]),
  ];
}

async function setProtection(
  api: HetznerApi,
  { id, name }: PrimaryIp,
  protect: boolean,
  work: Work,
): Promise<void> {
  const what = `primary-ip ${name}`;
  const answer = await api.change(
    {
      method: "POST",
      path: `primary_ips/${id}/actions/change_protection`,
      body: { delete: protect },
      during: `${protect ? "protecting" : "taking the protection off"} ${what}`,
    },
    work.signal,
  );
  await awaitActions(api, actionsIn(answer), { what, within: actionTimeoutMs }, work);
}

async function create(api: HetznerApi, spec: PrimaryIpSpec, work: Work): Promise<PrimaryIp> {
  const { name, type, location } = spec;
  const body = { name, type, location, labels: markedLabels(spec), auto_delete: false };
  const find = (): Promise<PrimaryIp | undefined> => findOwn(api, primaryIps, specOf(spec), work.signal);
  const asked = { path: "primary_ips", body, during: `creating primary-ip ${name}` };
  const made = await api.create(asked, work.signal, find);
  const address = "found" in made ? made.found : primaryIps.read(made.answer.fields("primary_ip"));
  await update(api, spec, address, work);
  return address;
}

async function update(api: HetznerApi, spec: PrimaryIpSpec, before: PrimaryIp, work: Work): Promise<void> {
  const more = before.autoDelete ? { auto_delete: false } : {};
  await putCommon(api, primaryIps, { before, desired: specOf(spec), more }, work.signal);
  if (before.isProtected !== spec.protect) await setProtection(api, before, spec.protect, work);
}

function specOf({ stack, identity, name, type }: PrimaryIpSpec): ThingQuery<PrimaryIp> {
  return { stack, identity, name, fits: (address) => address.type === type };
}

/** Deletes an address, taken off its server first; it stays in use for a while after that. */
export async function removePrimaryIp(api: HetznerApi, address: PrimaryIp, work: Work): Promise<void> {
  if (address.assignee !== undefined) await takeOffServer(api, address, work);
  const codes = ["must_be_unassigned", "resource_in_use", "conflict", "locked"];
  const wait = { what: `primary-ip ${address.name}`, within: releaseTimeoutMs, codes };
  await retryOnCodes(api, wait, work, () => removeById(api, primaryIps, address, work));
}

/** What an address gives to others: of IPv6 the network's first host, which the machine has. */
export function primaryIpOutputs({ id, ip }: PrimaryIp): Readonly<Record<string, string>> {
  return { id: String(id), address: hostAddress(ip) ?? ip };
}

/** A public address that outlives its server, so that names lead to the next one. */
export function primaryIpResource(api: HetznerApi, spec: PrimaryIpSpec): Resource<PrimaryIp> {
  return {
    ...commonOf(api, primaryIps, specOf(spec)),
    dependsOn: [],
    // The assignee changes with the server.
    fingerprint: ({ assignee: _assignee, ...state }) => state,
    outputs: primaryIpOutputs,
    diff: (observed) => difference(spec, observed),
    async apply(change, work) {
      const before = stateToUpdate(change);
      if (before === undefined) return create(api, spec, work);
      return update(api, spec, before, work);
    },
    // What takes its place would have no protection: what is to be deleted needs none.
    async delete(observed, work) {
      const state = stateOf(observed);
      if (state === undefined) return;
      if (state.isProtected && !spec.protect) await setProtection(api, state, false, work);
      await removePrimaryIp(api, state, work);
    },
  };
}
