import { isDeepStrictEqual } from "node:util";
import { defined, errorText, PodtrustError } from "../../core/base/index.ts";
import { keptRecord, RecordSecret } from "../../control-plane/record/index.ts";
import type { Config } from "../../config/index.ts";
import { emptyRecord, parseRecord, recordAfterLoss } from "../../rules/rotation/index.ts";
import type { CommandContext } from "../context.ts";
import { clusterOf } from "../options/cluster.ts";

/** What a rotation of a config's cluster remembers, for a backup; why not, in a sentence, where that cannot be read. */
type RotationKept = { readonly text?: string } | { readonly why: string };

/** Reads it from the cluster, where the config names the servers that a rotation is about. */
export async function rotationKept(context: CommandContext, config: Config): Promise<RotationKept> {
  if (config.servers === undefined) return {};
  try {
    return defined({ text: await keptRecord(await clusterOf(context, config), context.signal) });
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof PodtrustError)) throw error;
    return { why: `What a rotation remembers is not in it: ${errorText(error)}.` };
  }
}

/** What becomes of a rotation's record at a restore. */
export interface RotationRestore {
  /** In a sentence. */
  readonly says: string;
  apply(): Promise<void>;
}

const nothing = (says: string): RotationRestore => ({ says, apply: () => Promise.resolve() });

/**
 * How the record of a backup is restored into the cluster of a config: only if that has none, since an
 * existing one is newer, and without the times that were not observed since. Throws `backup-damaged`.
 */
export async function planRotation(
  context: CommandContext,
  config: Config,
  text: string,
): Promise<RotationRestore> {
  const parsed = parseRecord(text);
  if (parsed === undefined)
    throw new PodtrustError("backup-damaged", "rotation.json is no record of a rotation");
  // Anyone may have written the backup: no key comes from it, neither to sign next nor to go back to.
  const { next: _next, sealed: _sealed, before: _before, ...record } = parsed;
  if (config.servers === undefined)
    return nothing("rotation: is not used: the config names no cluster.servers");
  try {
    const secret = new RecordSecret(await clusterOf(context, config));
    const there = await secret.read(context.signal);
    if (!isDeepStrictEqual(there, emptyRecord))
      return nothing("rotation: is not used: what the cluster has of it is newer");
    return {
      says: "rotation: key IDs are restored into the cluster, and no key; its waits start again",
      apply: () => secret.keep(recordAfterLoss(record), context.signal),
    };
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof PodtrustError)) throw error;
    return nothing(`rotation: is not restored: ${errorText(error)}. Run the same once the cluster answers`);
  }
}
