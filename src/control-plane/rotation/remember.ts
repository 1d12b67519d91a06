import { defined, errorText, PodtrustError } from "../../core/base/index.ts";
import {
  checkedEarlier,
  emptyRecord,
  observe,
  type RotationFacts,
  type RotationRecord,
} from "../../rules/rotation/index.ts";
import type { RotationSources, RotationView } from "./sources.ts";

// `rotate status` and a run that waits write the same record.
const attempts = 5;

/** What one look has shown, without what is remembered. */
export type LookedRotation = Omit<RotationFacts, "record" | "now">;

/** What is remembered after a look, and what is to be said of it. */
type Remembered = Pick<RotationFacts, "record" | "now"> & Pick<RotationView, "notes">;

interface LookTime {
  /** The time where no server tells its own. */
  readonly otherwise: number;
  readonly signal: AbortSignal;
}

const unknownText =
  "no server remembers a rotation: whether one was under way is not known. What signs and what is published was read anew, and every wait begins now. Where API servers sign with different keys, podtrust rotate abort has all of them sign with one";

/** Whether something that only a rotation, or a person, can have left is there. */
const looksRotated = ({ servers }: LookedRotation): boolean =>
  servers.some(({ verifies }) => verifies.length > 1) || new Set(servers.map(({ signs }) => signs)).size > 1;

/**
 * What a podtrust of before kept in the cluster, as far as the machines show it. Where its next key is encrypted, its file is from
 * there: it is opened for that key alone.
 */
async function takenOver(
  { servers, record: store }: RotationSources,
  earlier: RotationRecord,
  seen: LookedRotation,
  signal: AbortSignal,
): Promise<{ readonly record: RotationRecord; readonly note: string }> {
  const record = checkedEarlier(earlier, seen.servers);
  const { next, sealed } = record;
  if (next !== undefined) {
    const halves = await Promise.all(servers.map((server) => server.publicHalf(next, signal)));
    const publicKey = halves.find((half) => half !== undefined);
    // `checkedEarlier` takes no key that no machine has.
    if (publicKey === undefined) throw new TypeError(`no machine has ${next}`);
    await store.holdHalf({ kid: next, publicKey, ...defined({ file: sealed?.file }) }, signal);
  }
  const dropped = [earlier.next, earlier.before].filter(
    (kid) => kid !== undefined && kid !== next && kid !== record.before,
  );
  const taken =
    next === undefined
      ? ""
      : ` Its next key is ${next}: if you did not prepare it, run podtrust rotate abort.`;
  const left = dropped.length === 0 ? "" : ` The machines do not have ${dropped.join(", ")} of it.`;
  return {
    record,
    note: `the record that an earlier podtrust kept in the cluster is on the servers from now on; every wait begins anew.${taken}${left}`,
  };
}

/** Throws what the record's store does, unless that is only said. */
async function kept(
  { record: store, onUnkept }: RotationSources,
  record: RotationRecord,
  signal: AbortSignal,
): Promise<void> {
  try {
    await store.keep(record, signal);
  } catch (error) {
    signal.throwIfAborted();
    const isSaid = error instanceof PodtrustError && error.code !== "rotation-elsewhere";
    if (onUnkept === undefined || !isSaid) throw error;
    onUnkept(errorText(error));
  }
}

async function rememberedOnce(
  sources: RotationSources,
  seen: LookedRotation,
  { otherwise, signal }: LookTime,
): Promise<Remembered> {
  const { record: before, now = otherwise, isBlank, earlier, notes } = await sources.record.read(signal);
  // An earlier record is taken over once, by what every server shows.
  if (earlier !== undefined && seen.unanswered.length > 0) return { record: before, now, notes };
  const taken = earlier === undefined ? undefined : await takenOver(sources, earlier, seen, signal);
  const isUnknown = isBlank && taken === undefined && looksRotated(seen);
  const more = isUnknown ? unknownText : taken?.note;
  const record = observe({ ...seen, now, record: taken?.record ?? before });
  await kept(sources, record, signal);
  return { record, now, notes: more === undefined ? notes : [...notes, more] };
}

/** The record after this look, written on the condition that no other process has written in between. */
export async function remembered(
  sources: RotationSources,
  seen: LookedRotation,
  time: LookTime,
): Promise<Remembered> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await rememberedOnce(sources, seen, time);
    } catch (error) {
      time.signal.throwIfAborted();
      if (!(error instanceof PodtrustError)) throw error;
      if (error.code === "rotation-elsewhere" && attempt < attempts) continue;
      if (sources.onUnkept === undefined) throw error;
      sources.onUnkept(errorText(error));
      const now = time.otherwise;
      return { record: observe({ ...seen, now, record: emptyRecord }), now, notes: [] };
    }
  }
}
