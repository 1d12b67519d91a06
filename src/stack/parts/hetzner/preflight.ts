import { errorText, PodtrustError } from "../../../core/base/index.ts";
import {
  checkLocation,
  findImage,
  findServerType,
  type HetznerApi,
  type MonthlyPrice,
  monthlyPrices,
  notSold,
  type PrimaryIp,
  type Server,
} from "../../../providers/hetzner/index.ts";
import type { Config, HetznerMachine, MachineConfig } from "../../../config/index.ts";
import type { Change } from "../../../rules/plan/index.ts";
import type { PartPlan, Preflight } from "../part.ts";
import { takesAnything, type UnmarkedQuery, unmarkedRefusals } from "./unmarked.ts";

export interface MachinePreflightInput extends PartPlan {
  readonly config: Config;
  readonly machine: MachineConfig;
  readonly hetzner: HetznerMachine;
  readonly api: HetznerApi;
  /** Where servers without the stack's mark are looked for. */
  readonly unmarked: UnmarkedQuery;
  /** What stays with a server that a person leaves, in sentences. */
  readonly left: readonly string[];
  /** Why the caller's address is unknown, or partly so; empty if it is known or not needed. */
  readonly addressFailures: readonly string[];
  /** Whether nothing is known of it. */
  readonly isCallerUnknown: boolean;
}

/** What is lost with a machine and not restored by another. */
const lost = "everything on its disk goes with it: the cluster, its signing keys and its certificates";

function isGoing({ kind }: Change): boolean {
  return kind === "delete" || kind === "replace";
}

function isPrecious({ resource }: Change): boolean {
  return resource.kind === "server" || resource.kind === "primary-ip";
}

function stateOf({ observed }: Change): Server | PrimaryIp | undefined {
  return observed.exists ? (observed.state as Server | PrimaryIp) : undefined;
}

function protectedRefusal(change: Change, { machine }: MachinePreflightInput): readonly PodtrustError[] {
  const { resource, kind } = change;
  const what = `${resource.id} would be ${kind === "delete" ? "deleted" : "replaced"}`;
  if (machine.protect)
    return [new PodtrustError("machine-protected", `${what}, and machine.protect is true`)];
  // What is protected at Hetzner stays protected, whatever the config says.
  if (kind !== "delete" || stateOf(change)?.isProtected !== true) return [];
  return [new PodtrustError("hetzner-protected", `${what}, and it is protected at Hetzner`)];
}

function changesText({ fields }: Change): string {
  return fields.map(({ field, before, after }) => `${field} ${String(before)} → ${String(after)}`).join(", ");
}

/** What a replacement costs, in a sentence. */
function replacementText(change: Change): string {
  const { resource } = change;
  const what = `${resource.id} can only be replaced (${changesText(change)})`;
  return resource.kind === "server"
    ? `${what}: the machine is deleted and ${lost}; tokens that it signed are refused from then on, and the new one has today's price`
    : `${what}: its address is given back and the new one is another, so every name that leads there has to change`;
}

/**
 * The addresses that no machine of the stack ever had: none stands, and the issuer's name, whose records follow the machine,
 * leads to none of them. Where podtrust does not manage the records it is not known.
 */
async function unusedAddresses({ changes, leads }: MachinePreflightInput): Promise<readonly Change[]> {
  const server = changes.find(({ resource }) => resource.kind === "server");
  const found = server?.kind === "create" ? await leads() : undefined;
  if (found === undefined) return [];
  const led = new Set(found.map(({ address }) => address));
  return changes.filter(({ resource, observed }) => {
    if (resource.kind !== "primary-ip" || !observed.exists || observed.owner.kind !== "ours") return false;
    const { assignee } = observed.state as PrimaryIp;
    return assignee === undefined && !led.has(resource.outputs?.(observed.state)["address"] ?? "");
  });
}

function replacements(input: MachinePreflightInput, unused: readonly Change[]): Preflight {
  const replaced = input.changes.filter(
    (change) => change.kind === "replace" && change.resource.kind !== "ssh-key" && !unused.includes(change),
  );
  const texts = replaced.map(replacementText);
  if (input.allowReplace) return { refusals: [], warnings: texts };
  return { refusals: texts.map((text) => new PodtrustError("machine-replace", text)), warnings: [] };
}

/** Whether the resources of a new machine are available. */
async function offers({ api, hetzner }: MachinePreflightInput, signal: AbortSignal): Promise<Preflight> {
  const { type, location, locations, image } = hetzner;
  const refusals: PodtrustError[] = [];
  const warnings: string[] = [];
  const refuse = (error: unknown): void => {
    if (!(error instanceof PodtrustError) || error.code !== "hetzner-unknown") throw error;
    refusals.push(error);
  };
  for (const one of locations) await checkLocation(api, one, signal).catch(refuse);
  const found = await findServerType(api, type, signal).catch(refuse);
  if (found === undefined) return { refusals, warnings };
  const sold = refusals.length === 0 ? notSold(found, location, api.clock.now()) : undefined;
  if (sold !== undefined) refusals.push(sold);
  const wanted = { name: image, architecture: found.architecture };
  const system = await findImage(api, wanted, signal).catch(refuse);
  if (system?.deprecated !== undefined) {
    warnings.push(
      `image ${image} is deprecated since ${system.deprecated.slice(0, 10)}: a newer one lives longer`,
    );
  }
  return { refusals, warnings };
}

function addressWarnings(input: MachinePreflightInput): Preflight {
  const { addressFailures, isCallerUnknown, changes } = input;
  const firewall = changes.find(({ resource }) => resource.kind === "firewall");
  if (!isCallerUnknown || firewall === undefined) return { refusals: [], warnings: [] };
  const sentence = `this machine's address on the Internet is not known: ${addressFailures.join("; ")}`;
  if (firewall.observed.exists) {
    return { refusals: [], warnings: [`${sentence}; the firewall keeps its present networks for port 22`] };
  }
  return { refusals: [new PodtrustError("machine-address-unknown", sentence)], warnings: [] };
}

/** A server that vanished while its other resources exist: perhaps it was deleted by hand. */
function vanishedWarning(
  server: Change,
  changes: readonly Change[],
  unused: readonly Change[],
): readonly string[] {
  const stands = changes.find(
    (change) =>
      change.resource.kind === "primary-ip" &&
      change.observed.exists &&
      change.observed.owner.kind === "ours" &&
      !unused.includes(change),
  );
  if (server.kind !== "create" || stands === undefined) return [];
  return [
    `${server.resource.id} is not there, while ${stands.resource.id} is. If it ran before: ${lost}; tokens that it signed are refused from then on`,
  ];
}

function serverWarnings(change: Change): readonly string[] {
  const { resource, kind, fields, observed } = change;
  if (stateOf(change) === undefined) return [];
  // What is refused as another owner's never had a label of ours.
  if (kind === "blocked") return [];
  const warnings: string[] = [];
  const addresses = fields.some(({ field }) => field === "ipv4" || field === "ipv6");
  if (kind === "update" && addresses) {
    warnings.push(
      `${resource.id} is shut down and started again, since its addresses change only while it is off`,
    );
  }
  const known = observed.exists ? resource.outputs?.(observed.state)["hostKey"] : undefined;
  if (known === undefined) {
    warnings.push(
      `${resource.id} has lost the label podtrust-host-key, by which its SSH host key is known: nothing can be set up on it until the label is put back`,
    );
  }
  return warnings;
}

async function costs(input: MachinePreflightInput, signal: AbortSignal): Promise<readonly MonthlyPrice[]> {
  const { api, hetzner, changes } = input;
  if (!changes.some(({ resource }) => resource.kind === "server")) return [];
  return monthlyPrices(api, hetzner, signal);
}

function joined(parts: readonly Preflight[]): Preflight {
  return {
    refusals: parts.flatMap(({ refusals }) => refusals),
    warnings: parts.flatMap(({ warnings }) => warnings),
  };
}

/** Looks for what would fail half-way or lose data. Only reads. */
export async function hetznerPreflight(
  input: MachinePreflightInput,
  signal: AbortSignal,
): Promise<Preflight> {
  const { changes, goal } = input;
  const server = changes.find(({ resource }) => resource.kind === "server");
  const going = changes.filter((change) => isGoing(change) && isPrecious(change));
  const refused = going.flatMap((change) => protectedRefusal(change, input));
  const protection = { refusals: refused, warnings: [] };
  if (goal === "absent") {
    const warnings = going
      .filter(({ resource }) => resource.kind === "server")
      .map(({ resource }) => `${resource.id} is deleted: ${lost}`);
    const { api, left } = input;
    const unmarked = takesAnything(changes) ? await unmarkedRefusals(api, input.unmarked, signal) : [];
    return { refusals: [...refused, ...unmarked], warnings: [...left, ...warnings] };
  }
  const isMade = server?.kind === "create" || server?.kind === "replace";
  const none: Preflight = { refusals: [], warnings: [] };
  const unused = await unusedAddresses(input);
  const parts = [
    protection,
    replacements(input, unused),
    addressWarnings(input),
    isMade ? await offers(input, signal) : none,
    {
      refusals: [],
      warnings:
        server === undefined ? [] : [...serverWarnings(server), ...vanishedWarning(server, changes, unused)],
    },
  ];
  try {
    return { ...joined(parts), costs: await costs(input, signal) };
  } catch (error) {
    signal.throwIfAborted();
    // Prices are worth knowing, but no reason to fail.
    return joined([...parts, { refusals: [], warnings: [`prices could not be read: ${errorText(error)}`] }]);
  }
}
