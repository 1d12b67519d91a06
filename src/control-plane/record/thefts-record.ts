import { PodtrustError } from "../../core/base/index.ts";
import {
  recordedTheft,
  theftProgress,
  type TheftProgress,
  unitedThefts,
} from "../../rules/rotation/index.ts";
import { type RecordServer, UnitedRecord } from "./united-record.ts";

/** What the servers remember of thefts. */
export interface RememberedThefts {
  readonly thefts: readonly TheftProgress[];
  /** Whose copy could not be read: sentences. */
  readonly notes: readonly string[];
}

// Another run writes a handful of times in an hour.
const attempts = 5;

/**
 * How far answers to thefts have come, in the record that each server has: any machine of a person's goes on from there. Nothing of it is
 * in the cluster, where the thief writes. A copy that cannot be written stops nothing: what the others have is united with it later.
 */
export class TheftsRecord {
  readonly #servers: readonly RecordServer[];

  constructor(servers: readonly RecordServer[]) {
    this.#servers = servers;
  }

  /** A server that does not answer is part of it. Throws `rotation-record` for a copy that a later podtrust wrote. */
  async read(signal: AbortSignal): Promise<RememberedThefts> {
    const { record, clocks, unread } = await new UnitedRecord(this.#servers).read(signal);
    const thefts =
      clocks === undefined
        ? []
        : [...record.thefts].map(([stolen, theft]) => theftProgress(stolen, theft, clocks));
    return { thefts, notes: unread };
  }

  /**
   * Has each server that answers remember an answer, together with what other runs wrote of the same theft, and gives all of that. Throws
   * `rotation-record` where none of them took it.
   */
  async keep(progress: TheftProgress, signal: AbortSignal): Promise<TheftProgress> {
    const { stolen } = progress;
    let why: readonly string[] = [];
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const united = new UnitedRecord(this.#servers);
      const { record, clocks, unread } = await united.read(signal);
      why = unread;
      if (clocks === undefined) break;
      const known = record.thefts.get(stolen);
      const own = recordedTheft(progress, clocks.times);
      const theft = known === undefined ? own : unitedThefts(known, own);
      const thefts = new Map([...record.thefts, [stolen, theft]]);
      const { isStale, unwritten } = await united.keepAtEach({ ...record, thefts }, signal);
      why = [...unread, ...unwritten];
      if (why.length === this.#servers.length) break;
      if (!isStale) return theftProgress(stolen, theft, clocks);
    }
    throw new PodtrustError(
      "rotation-record",
      `how far the answer to the theft of ${stolen} has come is remembered nowhere: ${why.join("; ")}`,
    );
  }
}
