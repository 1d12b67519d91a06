import { defined, mapped, PodtrustError } from "../../core/base/index.ts";
import type { Inputs, Resource, Work } from "../../rules/plan/index.ts";
import {
  actionsIn,
  awaitActions,
  retryOnCodes,
  releaseTimeoutMs,
  untilReady,
  actionTimeoutMs,
} from "./actions.ts";
import { hostAddress } from "./cidr.ts";
import type { HetznerApi } from "./client.ts";
import { findOwn, listOwned, servers } from "./find.ts";
import { hostKeysOf, withHostKeys } from "./host-key-label.ts";
import { markedLabels } from "./labels.ts";
import { findImage, findServerType } from "./offers.ts";
import { commonOf, putCommon, removeById, stateOf, stateToUpdate } from "./resource.ts";
import {
  families,
  type Family,
  isInTheMaking,
  needsOf,
  serverDifference,
  type ServerSpec,
  valueOf,
  type OutputOrValue,
} from "./server-difference.ts";
import { act, assign, powerOff, powerOn, readServer, unassign } from "./server-power.ts";
import { actionOf, type Server } from "./shapes.ts";

/** Milliseconds in which what was made may not be shown yet. */
const listLagMs = 30_000;

const maxUserData = 32 * 1024;

function needed(desired: OutputOrValue, inputs: Inputs): string {
  const value = valueOf(desired, inputs);
  if (!value.known) throw new TypeError(`an output of ${value.after} is needed and not known`);
  return value.value;
}

const neededId = (desired: OutputOrValue, inputs: Inputs): number => Number(needed(desired, inputs));

/** The part of a new server's request that says which addresses it has. */
function publicNet(spec: ServerSpec, inputs: Inputs): object {
  const parts = families.map((family) => {
    const address = spec[family];
    const id = defined({ [family]: mapped(address, (held) => neededId(held.id, inputs)) });
    return { [`enable_${family}`]: address !== undefined, ...id };
  });
  return Object.assign({}, ...parts) as object;
}

async function bodyOf(api: HetznerApi, spec: ServerSpec, work: Work): Promise<Record<string, unknown>> {
  const { name, type, location, sshKey } = spec;
  const { inputs, signal } = work;
  if (sshKey === undefined) throw new PodtrustError("plan-changed", `server ${name} is gone`);
  const { architecture } = await findServerType(api, type, signal);
  const image = await findImage(api, { name: spec.image, architecture }, signal);
  const { userData, hostKey } = spec.firstBoot(needed(sshKey.publicKey, inputs));
  const size = Buffer.byteLength(userData);
  if (size > maxUserData) {
    const sentence = `server ${name}: ${size} bytes of user data, where Hetzner takes ${maxUserData}`;
    throw new PodtrustError("machine-user-data", sentence, { detail: { size } });
  }
  return {
    name,
    server_type: type,
    location,
    image: image.id,
    labels: withHostKeys(markedLabels(spec), { current: hostKey }),
    ssh_keys: [neededId(sshKey.id, inputs)],
    // Given here it is on from the first packet.
    firewalls: [{ firewall: neededId(spec.firewall, inputs) }],
    public_net: publicNet(spec, inputs),
    user_data: userData,
    start_after_create: true,
  };
}

/** Waits for a machine that is being deleted: until it is gone it has the name. */
async function untilNoneGoes(api: HetznerApi, spec: ServerSpec, work: Work): Promise<void> {
  const look = async (): Promise<{ is: true } | { waitsFor: string }> => {
    const going = (await listOwned(api, servers, spec, work.signal)).find(
      ({ status }) => status === "deleting",
    );
    return going === undefined ? { is: true } : { waitsFor: `server ${going.name} is still being deleted` };
  };
  await untilReady(api, { what: `server of stack ${spec.stack}`, within: releaseTimeoutMs, look }, work);
}

/** Waits for the work under way on a machine at Hetzner, also of another run, until it runs behind its firewall. */
async function finish(api: HetznerApi, server: Server, work: Work): Promise<Server> {
  const what = `server ${server.name}`;
  const path = `servers/${server.id}/actions`;
  const query = [["status", "running"]] as const;
  const answer = await api.get(path, `reading what is done to ${what}`, work.signal, query);
  const actions = answer.neededList("actions").map(actionOf);
  await awaitActions(api, actions, { what, within: actionTimeoutMs }, work);
  const since = api.clock.elapsed();
  let wasSeen = false;
  const look = async (): Promise<{ is: Server } | { waitsFor: string }> => {
    const now = await readServer(api, server.id, work.signal);
    const mayLag = !wasSeen && api.clock.elapsed() - since < listLagMs;
    if (now === undefined && mayLag) return { waitsFor: "Hetzner does not show it yet" };
    if (now === undefined) throw new PodtrustError("plan-changed", `${what} is gone`);
    wasSeen = true;
    if (!isInTheMaking(now)) return { is: now };
    const { status, firewalls } = now;
    const isPending = firewalls.some((one) => one.status === "pending");
    return { waitsFor: isPending ? "its firewall is not yet applied" : `it is ${status}` };
  };
  return untilReady(api, { what, within: actionTimeoutMs, look }, work);
}

/** Makes a server of the first type that can be had: lists call types available that the request is then refused for. */
async function create(api: HetznerApi, spec: ServerSpec, work: Work): Promise<Server> {
  await untilNoneGoes(api, spec, work);
  const [next, ...otherTypes] = spec.otherTypes;
  try {
    return await createOf(api, spec, work);
  } catch (error) {
    if (!(error instanceof PodtrustError) || error.code !== "hetzner-sold-out") throw error;
    if (next === undefined) throw soldOutHere(error, spec);
    return create(api, { ...spec, type: next, otherTypes }, work);
  }
}

/** The way on to the next location of the config: what the machine is made of stands in this one, and another run moves it. */
function soldOutHere(error: PodtrustError, { location, otherLocations }: ServerSpec): PodtrustError {
  const [next] = otherLocations;
  if (next === undefined) return error;
  return new PodtrustError(error.code, error.message, {
    next: `Take ${location} out of machine.hetzner.location and run podtrust up again: it goes on to ${next}. Addresses that no machine ever had are made anew there; where podtrust does not manage the issuer's records, give --allow-replace.`,
    detail: error.detail,
    cause: error,
  });
}

async function createOf(api: HetznerApi, spec: ServerSpec, work: Work): Promise<Server> {
  const during = `creating server ${spec.name}`;
  const body = await bodyOf(api, spec, work);
  const find = async (): Promise<Server | undefined> => {
    const found = await findOwn(api, servers, spec, work.signal);
    return found?.status === "deleting" ? undefined : found;
  };
  // What a deleted machine had is released a little later.
  const wait = {
    what: during,
    within: releaseTimeoutMs,
    codes: ["primary_ip_assigned", "resource_in_use"],
  };
  let isRefused = false;
  const made = await retryOnCodes(api, wait, work, async () => {
    // What holds the addresses may be the very server, whose answer was lost.
    const found = isRefused ? await find() : undefined;
    isRefused = true;
    return found === undefined
      ? api.create({ path: servers.path, body, during }, work.signal, find)
      : { found };
  });
  if ("found" in made) return update(api, spec, made.found, work);
  const server = servers.read(made.answer.fields("server"));
  const what = `server ${spec.name}`;
  await awaitActions(api, actionsIn(made.answer), { what, within: actionTimeoutMs }, work);
  return update(api, spec, server, work);
}

async function changeAddresses(
  api: HetznerApi,
  spec: ServerSpec,
  server: Server,
  work: Work,
): Promise<boolean> {
  const desired = (family: Family): number | undefined => {
    const address = spec[family];
    return address === undefined ? undefined : neededId(address.id, work.inputs);
  };
  const changed = families.filter((family) => desired(family) !== server[family]?.id);
  if (changed.length === 0) return false;
  // The API moves addresses of machines that are off.
  await powerOff(api, server, work);
  try {
    for (const family of changed) {
      const has = server[family];
      if (has !== undefined) await unassign(api, has.id, work);
      const id = desired(family);
      if (id !== undefined) await assign(api, id, server, work);
    }
  } catch (error) {
    // With the addresses that it has it is better on than off; the first error is the one to report.
    if (!work.signal.aborted) await powerOn(api, server, work).catch(() => {});
    throw error;
  }
  return true;
}

async function putBehindFirewall(
  api: HetznerApi,
  spec: ServerSpec,
  server: Server,
  work: Work,
): Promise<void> {
  const id = neededId(spec.firewall, work.inputs);
  if (server.firewalls.some((one) => one.id === id)) return;
  const body = { apply_to: [{ type: "server", server: { id: server.id } }] };
  const during = `putting server ${spec.name} behind its firewall`;
  await retryOnCodes(
    api,
    // A try whose answer was lost has assigned it.
    { what: during, within: actionTimeoutMs, codes: ["conflict"] },
    work,
    () => act(api, `firewalls/${id}/actions/apply_to_resources`, { during, body }, work).catch(ifApplied),
  );
  await finish(api, server, work);
}

function ifApplied(error: unknown): void {
  const isOn = error instanceof PodtrustError && error.detail["hetznerCode"] === "firewall_already_applied";
  if (!isOn) throw error;
}

/** Gives the server as it was before its own changes; once it is made, if it was in the making. */
async function update(api: HetznerApi, spec: ServerSpec, before: Server, work: Work): Promise<Server> {
  const server = isInTheMaking(before) ? await finish(api, before, work) : before;
  await putCommon(api, servers, { before: server, desired: spec }, work.signal);
  await putBehindFirewall(api, spec, server, work);
  const isOff = (await changeAddresses(api, spec, server, work)) || server.status === "off";
  if (isOff) await powerOn(api, server, work);
  await setProtection(api, spec, server, work);
  return server;
}

async function setProtection(
  api: HetznerApi,
  { protect }: ServerSpec,
  { id, name, isProtected }: Server,
  work: Work,
): Promise<void> {
  if (isProtected === protect) return;
  // Deletion and rebuilding are protected together.
  const body = { delete: protect, rebuild: protect };
  const during = `changing the protection of server ${name}`;
  await act(api, `servers/${id}/actions/change_protection`, { during, body }, work);
}

/** Deletes a server and waits until it is gone. */
export async function removeServer(api: HetznerApi, server: Server, work: Work): Promise<void> {
  const what = `server ${server.name}`;
  await retryOnCodes(api, { what, within: releaseTimeoutMs, codes: ["locked", "conflict"] }, work, () =>
    removeById(api, servers, server, work),
  );
  const look = async (): Promise<{ is: true } | { waitsFor: string }> => {
    const now = await readServer(api, server.id, work.signal);
    return now === undefined ? { is: true } : { waitsFor: `it is still there, and ${now.status}` };
  };
  await untilReady(api, { what, within: actionTimeoutMs, look }, work);
}

/** The outputs of a server: what the API names, the addresses that it has, and its host key. */
export function serverOutputs({
  id,
  type,
  location,
  ipv4,
  ipv6,
  labels,
}: Server): Readonly<Record<string, string>> {
  const { current, next } = hostKeysOf(labels);
  const address = ipv6 === undefined ? undefined : hostAddress(ipv6.ip);
  return {
    id: String(id),
    type,
    location,
    ...defined({ ipv4: ipv4?.ip, ipv6: address, hostKey: current, nextHostKey: next }),
  };
}

/** A machine in Hetzner's cloud. */
export function serverResource(api: HetznerApi, spec: ServerSpec): Resource<Server> {
  const common = commonOf(api, servers, spec);
  return {
    ...common,
    dependsOn: [],
    needs: needsOf(spec),
    async read(signal, inputs) {
      const observed = await common.read(signal, inputs);
      // One that is being deleted no longer counts as a machine.
      const isGoing =
        observed.exists && observed.owner.kind === "ours" && observed.state.status === "deleting";
      return isGoing ? { exists: false } : observed;
    },
    // What moves by itself while it is made, and what the host's own change sets, is no part of it.
    fingerprint: ({ id, name, type, location, image, ipv4, ipv6 }) => ({
      id,
      name,
      type,
      location,
      image,
      ipv4,
      ipv6,
    }),
    outputs: serverOutputs,
    diff: (observed, inputs) => serverDifference(spec, observed, inputs),
    async apply(change, work) {
      const before = stateToUpdate(change);
      if (before === undefined) return create(api, spec, work);
      // Its addresses and labels may be others now: they are read again.
      await update(api, spec, before, work);
      return undefined;
    },
    // What takes its place would have no protection: it need not have any to go.
    async delete(observed, work) {
      const state = stateOf(observed);
      if (state === undefined) return;
      if (!spec.protect) await setProtection(api, spec, state, work);
      await removeServer(api, state, work);
    },
  };
}
