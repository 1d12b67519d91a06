import { randomUUID } from "node:crypto";
import { PodtrustError } from "../core/base/index.ts";
import type { IssuerName } from "../config/index.ts";
import { memoriesOf, type UnnamedContext } from "./parts/index.ts";

/**
 * What to do if no mark of the stack remembers a name: `refuse`; `choose` one; keep the one that a saved plan was made
 * for; or go `without`, since all that is left is to be deleted and found by its marks.
 */
export type UnknownName = "refuse" | "choose" | "without" | { readonly keep: string };

function checkKept(unknown: UnknownName, host: string, stack: string): void {
  if (typeof unknown === "string" || unknown.keep === host) return;
  const sentence = `stack ${stack} has the name ${host} by now, and the plan was made for ${unknown.keep}; nothing was done`;
  throw new PodtrustError("plan-changed", sentence, { detail: { planned: unknown.keep, now: host } });
}

function newName(unknown: UnknownName, { stack, zone }: UnnamedContext["config"]): string {
  // Unguessable and unique: 122 random bits (RFC 9562 §5.4).
  if (unknown === "choose") return `${randomUUID()}.${zone}`;
  if (unknown === "without") return `no-name-yet.${zone}`;
  if (unknown !== "refuse") return unknown.keep;
  const sentence = `stack ${stack} has no name below ${zone} yet`;
  throw new PodtrustError("issuer-unnamed", sentence, { detail: { stack, zone } });
}

/**
 * The names of the first memory that knows any. If a name is to be chosen, an unreachable memory is an error: deleted
 * records must not give a running stack another name.
 */
async function rememberedHosts(
  context: UnnamedContext,
  unknown: UnknownName,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const [first, ...later] = memoriesOf(context);
  const found = (await first?.issuerHosts(signal)) ?? [];
  if (found.length > 0 || unknown === "without") return [...new Set(found)].sort();
  for (const memory of later) {
    const hosts = await memory.issuerHosts(signal).catch((error: unknown) => {
      if (unknown === "refuse" && error instanceof PodtrustError && !signal.aborted) return [];
      throw error;
    });
    if (hosts.length > 0) return [...new Set(hosts)].sort();
  }
  return [];
}

/**
 * The name of an issuer that a config leaves open: the one that the stack's marks remember, or else as specified.
 * Throws `issuer-unnamed`, `issuer-names-differ` if they remember several, `plan-changed` if a saved plan has another,
 * and errors of credentials.
 */
export async function settleIssuer(
  context: UnnamedContext,
  unknown: UnknownName,
  signal: AbortSignal,
): Promise<IssuerName> {
  const { stack, zone } = context.config;
  const hosts = await rememberedHosts(context, unknown, signal);
  const [host, ...others] = hosts;
  if (host === undefined) {
    const name = newName(unknown, context.config);
    return unknown === "without"
      ? { host: name, isNew: false, isPlaceholder: true }
      : { host: name, isNew: true };
  }
  // On the way down everything with the stack's marks is deleted, under any name.
  if (others.length > 0 && unknown !== "without") {
    const sentence = `the marks of stack ${stack} remember ${hosts.length} names below ${zone}: ${hosts.join(" and ")}`;
    throw new PodtrustError("issuer-names-differ", sentence, { detail: { stack, zone, hosts } });
  }
  checkKept(unknown, host, stack);
  return { host, isNew: false };
}
