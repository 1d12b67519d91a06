import { defined, PodtrustError } from "../../core/base/index.ts";
import { cloudLabels, type Work } from "../../rules/plan/index.ts";
import { actionsIn, awaitActions, untilReady, actionTimeoutMs } from "./actions.ts";
import type { HetznerApi } from "./client.ts";
import { isNotFound } from "./failure.ts";
import { primaryIps, servers } from "./find.ts";
import type { PrimaryIp, Server } from "./shapes.ts";

// Long enough for a clean shutdown; after it the machine is switched off.
const shutdownTimeoutMs = 90_000;

/** A server by its id; undefined once it is gone. */
export async function readServer(
  api: HetznerApi,
  id: number,
  signal: AbortSignal,
): Promise<Server | undefined> {
  try {
    const answer = await api.get(`servers/${id}`, `reading server ${id}`, signal);
    return servers.read(answer.fields("server"));
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Does one of a thing's actions, and waits for it. `body` absent: the action takes none. */
export async function act(
  api: HetznerApi,
  path: string,
  { during, body }: { readonly during: string; readonly body?: Readonly<Record<string, unknown>> },
  work: Work,
): Promise<void> {
  const request = { method: "POST", path, during, ...defined({ body }) } as const;
  const answer = await api.change(request, work.signal);
  await awaitActions(api, actionsIn(answer), { what: during, within: actionTimeoutMs }, work);
}

async function untilStatus(
  api: HetznerApi,
  { id, name }: Server,
  { status, within }: { readonly status: string; readonly within: number },
  work: Work,
): Promise<void> {
  const look = async (): Promise<{ is: true } | { waitsFor: string }> => {
    const now = (await readServer(api, id, work.signal))?.status ?? "gone";
    return now === status ? { is: true } : { waitsFor: `it is ${now}, and is to be ${status}` };
  };
  await untilReady(api, { what: `server ${name}`, within, look }, work);
}

/** Shuts a machine down; one that does not shut down is switched off. */
export async function powerOff(api: HetznerApi, server: Server, work: Work): Promise<void> {
  if (server.status === "off") return;
  const path = `servers/${server.id}/actions`;
  // The action's success only means that the request was delivered.
  await act(api, `${path}/shutdown`, { during: `shutting server ${server.name} down` }, work);
  try {
    await untilStatus(api, server, { status: "off", within: shutdownTimeoutMs }, work);
  } catch (error) {
    if (!(error instanceof PodtrustError) || error.code !== "hetzner-too-slow") throw error;
    await act(api, `${path}/poweroff`, { during: `switching server ${server.name} off` }, work);
    await untilStatus(api, server, { status: "off", within: actionTimeoutMs }, work);
  }
}

export async function powerOn(api: HetznerApi, server: Server, work: Work): Promise<void> {
  const during = `switching server ${server.name} on`;
  await act(api, `servers/${server.id}/actions/poweron`, { during }, work);
  await untilStatus(api, server, { status: "running", within: actionTimeoutMs }, work);
}

/** Takes an address off a server, which has to be off for it. */
export async function unassign(api: HetznerApi, id: number, work: Work): Promise<void> {
  await act(
    api,
    `${primaryIps.path}/${id}/actions/unassign`,
    { during: `taking primary-ip ${id} off` },
    work,
  );
}

/** Gives an address to a server, which has to be off for it. */
export async function assign(api: HetznerApi, id: number, server: Server, work: Work): Promise<void> {
  const body = { assignee_type: "server", assignee_id: server.id };
  const during = `giving primary-ip ${id} to server ${server.name}`;
  await act(api, `${primaryIps.path}/${id}/actions/assign`, { during, body }, work);
}

function foreignServer({ name }: PrimaryIp, server: Server): PodtrustError {
  const sentence = `primary-ip ${name} is on server ${server.name}, which is not of this stack`;
  return new PodtrustError("hetzner-busy", sentence, {
    next: "Take the address off that server in Hetzner's console, then run the same command again.",
    detail: { address: name, server: server.name },
  });
}

/**
 * Frees an address of the stack's own server, which is off from then on: the server's own change decides what happens
 * to it. Throws `hetzner-busy` for one that was assigned to another server: that one is not ours to switch off.
 */
export async function takeOffServer(api: HetznerApi, address: PrimaryIp, work: Work): Promise<void> {
  const server =
    address.assignee === undefined ? undefined : await readServer(api, address.assignee, work.signal);
  // Its holder is being deleted, or is no server at all and only its number is by chance a server's: the deletion is
  // refused until the address is free.
  const has = [server?.ipv4?.id, server?.ipv6?.id].includes(address.id);
  if (server === undefined || server.status === "deleting" || !has) return;
  if (!cloudLabels.isSameOwner(server.labels, address.labels)) throw foreignServer(address, server);
  await powerOff(api, server, work);
  await unassign(api, address.id, work);
}
