import { errorText, PodtrustError } from "../../core/base/index.ts";
import {
  emptyRecord,
  knowsNoRotation,
  type NextHalf,
  recordedChanges,
  rotationRecordOf,
  type RotationRecord,
  type ServerRecord,
  serverRecordText,
  unitedRecords,
} from "../../rules/rotation/index.ts";
import { earlierRecord, type SecretCluster, showRecord } from "./record-secret.ts";
import { type RecordReading, type RecordServer, UnitedRecord } from "./united-record.ts";

/** What is remembered of a rotation at one moment. */
export interface RememberedRotation {
  readonly record: RotationRecord;
  /** Milliseconds since the epoch, by the servers' own clocks; undefined where none of them answered. */
  readonly now: number | undefined;
  /** No server that answered remembers anything of a rotation. */
  readonly isBlank: boolean;
  /** What a podtrust of before kept in the cluster, where no server remembers anything: to be checked. */
  readonly earlier: RotationRecord | undefined;
  /** What could not be read or shown: sentences. */
  readonly notes: readonly string[];
}

/** Where a rotation's record lies between two runs. */
export interface RecordStore {
  read(signal: AbortSignal): Promise<RememberedRotation>;
  /** Has the servers remember a record. Throws `rotation-elsewhere` if another run has written since the last `read`. */
  keep(record: RotationRecord, signal: AbortSignal): Promise<void>;
  /** Has each server hold the public half of a key, before anything else knows that it is to be the next one. */
  holdHalf(half: NextHalf, signal: AbortSignal): Promise<void>;
  forgetHalf(kid: string, signal: AbortSignal): Promise<void>;
}

/**
 * The record of a rotation as the servers have it. The cluster gets a copy for others to see, and nothing of it is believed: it
 * is read only while no server remembers anything, for the record that a podtrust of before kept there.
 */
export class ServersRecord implements RecordStore {
  readonly #united: UnitedRecord;
  readonly #cluster: SecretCluster;
  #reading: RecordReading | undefined;
  #record: RotationRecord = emptyRecord;
  /** What could not be written: this run goes on by it. */
  #unwritten: ServerRecord | undefined;
  #unshown: string | undefined;

  constructor(servers: readonly RecordServer[], cluster: SecretCluster) {
    this.#united = new UnitedRecord(servers);
    this.#cluster = cluster;
  }

  async read(signal: AbortSignal): Promise<RememberedRotation> {
    const read = await this.#united.read(signal);
    const unwritten = this.#unwritten;
    const record = unwritten === undefined ? read.record : unitedRecords(read.record, unwritten);
    this.#reading = { ...read, record };
    const { clocks, halves, unread } = read;
    this.#record = clocks === undefined ? emptyRecord : rotationRecordOf(record, clocks, halves);
    const isBlank = knowsNoRotation(record);
    const { earlier, why } = isBlank ? await this.#earlier(signal) : {};
    const notes = [...unread, why, this.#unshown].filter((one) => one !== undefined);
    return { record: this.#record, now: clocks?.now, isBlank, earlier, notes };
  }

  async keep(record: RotationRecord, signal: AbortSignal): Promise<void> {
    const { clocks, halves, record: before } = this.#read();
    if (clocks === undefined)
      throw new PodtrustError(
        "rotation-record",
        "no machine of cluster.servers answers: nothing is remembered",
      );
    const half = halves.get(record.next ?? "");
    // A machine that was away, or was made anew.
    if (half !== undefined) await this.#united.holdHalf(half, signal);
    const after = recordedChanges(before, { before: this.#record, after: record }, clocks);
    const isChanged = serverRecordText(after) !== serverRecordText(before);
    try {
      await this.#united.keep(after, signal);
      this.#unwritten = undefined;
    } catch (error) {
      const isLost = error instanceof PodtrustError && error.code === "rotation-elsewhere";
      if (!isLost) this.#unwritten = after;
      throw error;
    }
    this.#reading = { ...this.#read(), record: after };
    this.#record = record;
    if (isChanged) await this.#show(record, signal);
  }

  async holdHalf(half: NextHalf, signal: AbortSignal): Promise<void> {
    await this.#united.holdHalf(half, signal);
    const reading = this.#read();
    this.#reading = { ...reading, halves: new Map([...reading.halves, [half.kid, half]]) };
  }

  forgetHalf(kid: string, signal: AbortSignal): Promise<void> {
    return this.#united.forgetHalf(kid, signal);
  }

  #read(): RecordReading {
    if (this.#reading === undefined) throw new TypeError("a record is read before it is kept");
    return this.#reading;
  }

  async #earlier(
    signal: AbortSignal,
  ): Promise<{ readonly earlier?: RotationRecord | undefined; readonly why?: string }> {
    try {
      return { earlier: await earlierRecord(this.#cluster, signal) };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof PodtrustError)) throw error;
      return { why: `what an earlier podtrust kept in the cluster could not be read: ${errorText(error)}` };
    }
  }

  /** Nothing depends on it. */
  async #show(record: RotationRecord, signal: AbortSignal): Promise<void> {
    try {
      await showRecord(this.#cluster, record, signal);
      this.#unshown = undefined;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof PodtrustError)) throw error;
      this.#unshown = `what the servers remember could not be written into the cluster for others to see: ${errorText(error)}`;
    }
  }
}
