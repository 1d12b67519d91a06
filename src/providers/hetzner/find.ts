import { cloudLabels, type Observed, type StackOwner, type Owner } from "../../rules/plan/index.ts";
import type { HetznerApi } from "./client.ts";
import type { AnswerFields } from "./fields.ts";
import type { ExtraLabels } from "./labels.ts";
import {
  type Firewall,
  firewallOf,
  type PrimaryIp,
  primaryIpOf,
  type Server,
  serverOf,
  type SshKey,
  sshKeyOf,
  type Thing,
} from "./shapes.ts";

/** One kind of thing in a project: where it is listed, and how it is read. */
export interface Kind<T extends Thing> {
  /** The path, and the key of its lists. */
  readonly path: string;
  /** The key of one, and its name in ids. */
  readonly key: string;
  readonly kind: "ssh-key" | "firewall" | "primary-ip" | "server";
  readonly read: (fields: AnswerFields) => T;
}

export const sshKeys: Kind<SshKey> = { path: "ssh_keys", key: "ssh_key", kind: "ssh-key", read: sshKeyOf };
export const firewalls: Kind<Firewall> = {
  path: "firewalls",
  key: "firewall",
  kind: "firewall",
  read: firewallOf,
};
export const primaryIps: Kind<PrimaryIp> = {
  path: "primary_ips",
  key: "primary_ip",
  kind: "primary-ip",
  read: primaryIpOf,
};
export const servers: Kind<Server> = { path: "servers", key: "server", kind: "server", read: serverOf };

/** Whose a plan shows: the stack's own, and what a newer podtrust made of it. */
const shownOwners: readonly Owner["kind"][] = ["ours", "newer-format"];

/** Everything of a kind that carries a stack's label. What the API's filter let through is still compared. */
export async function listOwned<T extends Thing>(
  api: HetznerApi,
  { path, read }: Kind<T>,
  stack: StackOwner,
  signal: AbortSignal,
): Promise<readonly T[]> {
  const selector = `${cloudLabels.stackKey}==${stack.stack}`;
  const listed = (await api.list(path, signal, [["label_selector", selector]])).map(read);
  return listed.filter(({ labels }) => shownOwners.includes(cloudLabels.ownerOf(labels, stack).kind));
}

/** Whether a thing carries the stack's label, and no newer podtrust wrote it. */
export function isOwned({ labels }: Thing, stack: StackOwner): boolean {
  return cloudLabels.ownerOf(labels, stack).kind === "ours";
}

/** The thing of a kind to look for. */
export interface ThingQuery<T extends Thing> extends StackOwner {
  readonly name: string;
  /** Distinguishes those of a stack where it has several of a kind. */
  readonly fits?: (thing: T) => boolean;
  /** Labels besides those of ownership. */
  readonly labels?: ExtraLabels;
}

/**
 * The stack's own thing, found by its label even if it was renamed since: a renamed server is not made again. Of
 * several the one with the wanted name counts, else the oldest.
 */
export function ownOf<T extends Thing>(
  owned: readonly T[],
  { name, fits = () => true }: ThingQuery<T>,
): T | undefined {
  const fitting = owned.filter(fits).sort((a, b) => a.id - b.id);
  return fitting.find((one) => one.name === name) ?? fitting[0];
}

/** The stack's own thing, else the thing that has the name. */
export async function findThing<T extends Thing>(
  api: HetznerApi,
  kind: Kind<T>,
  desired: ThingQuery<T>,
  signal: AbortSignal,
): Promise<T | undefined> {
  const own = ownOf(await listOwned(api, kind, desired, signal), desired);
  if (own !== undefined) return own;
  const named = await api.list(kind.path, signal, [["name", desired.name]]);
  return named.map(kind.read).find(({ name }) => name === desired.name);
}

/** The stack's own thing alone: what a creation whose answer was lost looks for, and then continues with. */
export async function findOwn<T extends Thing>(
  api: HetznerApi,
  kind: Kind<T>,
  desired: ThingQuery<T>,
  signal: AbortSignal,
): Promise<T | undefined> {
  const owned = await listOwned(api, kind, desired, signal);
  return ownOf(
    owned.filter((one) => isOwned(one, desired)),
    desired,
  );
}

/** What was found, for a plan. */
export function observedThing<T extends Thing>(found: T | undefined, stack: StackOwner): Observed<T> {
  if (found === undefined) return { exists: false };
  return { exists: true, state: found, owner: cloudLabels.ownerOf(found.labels, stack) };
}

/** The id of a resource in plans: `hetzner/server/prod`. */
export function idOf({ kind }: Pick<Kind<Thing>, "kind">, name: string): string {
  return `hetzner/${kind}/${name}`;
}
