import { defined } from "../../core/base/index.ts";
import { type Observed, type Resource, type Work, type StackOwner } from "../../rules/plan/index.ts";
import type { HetznerApi } from "./client.ts";
import {
  firewalls,
  isOwned,
  type Kind,
  listOwned,
  observedThing,
  primaryIps,
  servers,
  sshKeys,
} from "./find.ts";
import { removeFirewall } from "./firewall-resource.ts";
import { primaryIpOutputs, removePrimaryIp } from "./primary-ip-resource.ts";
import { hetznerNames, removeById, stateOf } from "./resource.ts";
import { removeServer } from "./server-resource.ts";
import type { Firewall, PrimaryIp, Server, SshKey, Thing } from "./shapes.ts";

/** Everything in a project that carries a stack's label. */
export interface OwnedThings {
  readonly sshKeys: readonly SshKey[];
  readonly firewalls: readonly Firewall[];
  readonly primaryIps: readonly PrimaryIp[];
  readonly servers: readonly Server[];
}

/** Lists everything that carries the stack's label: four requests, however much there is of others. */
export async function ownedThings(
  api: HetznerApi,
  stack: StackOwner,
  signal: AbortSignal,
): Promise<OwnedThings> {
  const [keys, walls, addresses, machines] = await Promise.all([
    listOwned(api, sshKeys, stack, signal),
    listOwned(api, firewalls, stack, signal),
    listOwned(api, primaryIps, stack, signal),
    listOwned(api, servers, stack, signal),
  ]);
  return {
    sshKeys: keys,
    firewalls: walls,
    primaryIps: addresses,
    servers: machines.filter(({ status }) => status !== "deleting"),
  };
}

/** A server that does not carry a stack's mark, and what it uses of that stack, as `firewall/prod`. */
export interface UnmarkedUse {
  readonly server: Server;
  readonly uses: readonly string[];
  /** It has the name that the stack's machine has. */
  readonly isNamesake: boolean;
}

/**
 * The servers of a project, whosever they are, that have the name of a stack's machine, or use a firewall or an address of
 * it, without its mark.
 */
export async function unmarkedUses(
  api: HetznerApi,
  stack: StackOwner,
  owned: Pick<OwnedThings, "firewalls" | "primaryIps">,
  signal: AbortSignal,
): Promise<readonly UnmarkedUse[]> {
  const listed = (await api.list(servers.path, signal)).map(servers.read);
  const others = listed.filter((server) => server.status !== "deleting" && !isOwned(server, stack));
  return others.flatMap((server) => {
    const walls = new Set(server.firewalls.map(({ id }) => id));
    const addresses = new Set([server.ipv4?.id, server.ipv6?.id]);
    const uses = [
      ...owned.firewalls.filter(({ id }) => walls.has(id)).map(({ name }) => `firewall/${name}`),
      ...owned.primaryIps.filter(({ id }) => addresses.has(id)).map(({ name }) => `primary-ip/${name}`),
    ];
    const isNamesake = server.name === stack.stack;
    return uses.length === 0 && !isNamesake ? [] : [{ server, uses, isNamesake }];
  });
}

type Remove<T extends Thing> = (api: HetznerApi, thing: T, work: Work) => Promise<void>;

/** How things of a kind go. */
interface Doom<T extends Thing> {
  readonly kind: Kind<T>;
  readonly stack: StackOwner;
  readonly remove: Remove<T>;
  /** What a plan has to know of what goes. */
  readonly outputs?: (state: T) => Readonly<Record<string, string>>;
}

/** A thing as it was found, to be deleted whatever the config says. */
function doomed<T extends Thing>(
  api: HetznerApi,
  { kind, stack, remove, outputs }: Doom<T>,
  dependsOn: readonly string[],
): (thing: T) => Resource<T> {
  return (thing) => ({
    ...hetznerNames(kind.kind, thing.name),
    dependsOn,
    async read(signal): Promise<Observed<T>> {
      const now = (await listOwned(api, kind, stack, signal)).find(({ id }) => id === thing.id);
      return observedThing(now, stack);
    },
    fingerprint: ({ id }) => ({ id }),
    ...defined({ outputs }),
    diff: () => ({ kind: "none", fields: [] }),
    apply: () => Promise.reject(new TypeError("what is only there to be deleted is never applied")),
    async delete(observed, work) {
      const state = stateOf(observed);
      if (state !== undefined) await remove(api, state, work);
    },
  });
}

/** A thing that was found, and what deletes it. */
export interface OwnedResource {
  readonly thing: Thing;
  readonly resource: Resource;
}

/** What was found as resources, for what is no longer in the config, and for the way down: servers go first. */
export function ownedResources(
  api: HetznerApi,
  stack: StackOwner,
  owned: OwnedThings,
): readonly OwnedResource[] {
  const of =
    <T extends Thing>(doom: Omit<Doom<T>, "stack">, dependsOn: readonly string[]) =>
    (thing: T): OwnedResource => ({
      thing,
      resource: doomed(api, { ...doom, stack }, dependsOn)(thing),
    });
  const removeKey: Remove<SshKey> = (_api, key, work) => removeById(api, sshKeys, key, work);
  const addresses = { kind: primaryIps, remove: removePrimaryIp, outputs: primaryIpOutputs };
  const keys = owned.sshKeys.map(of({ kind: sshKeys, remove: removeKey }, []));
  const idsOf = (all: readonly OwnedResource[]): readonly string[] => all.map(({ resource }) => resource.id);
  // The key goes last: while anything else is left, a machine may be that it is needed for.
  const others = [
    ...owned.firewalls.map(of({ kind: firewalls, remove: removeFirewall }, idsOf(keys))),
    ...owned.primaryIps.map(of(addresses, idsOf(keys))),
  ];
  const used = idsOf([...keys, ...others]);
  return [...keys, ...others, ...owned.servers.map(of({ kind: servers, remove: removeServer }, used))];
}
