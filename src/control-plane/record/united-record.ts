import { errorText, PodtrustError } from "../../core/base/index.ts";
import {
  blankRecord,
  type NextHalf,
  readServerRecord,
  type ServerClocks,
  type ServerRecord,
  serverRecordText,
  unitedRecords,
} from "../../rules/rotation/index.ts";
import type { RecordKeeper } from "./record-files.ts";

/** A server, and its copy of the record. */
export interface RecordServer {
  /** By which its clock is named in the record. */
  readonly name: string;
  readonly record: RecordKeeper;
}

/** API servers with their copies of the record, each by the name of its API. */
export const recordServers = (
  servers: readonly { readonly api: { readonly name: string }; readonly record: RecordKeeper }[],
): readonly RecordServer[] => servers.map(({ api, record }) => ({ name: api.name, record }));

/** What the servers that answered remember. */
export interface RecordReading {
  /** Their copies, united. */
  readonly record: ServerRecord;
  /** Undefined where none of them answered. */
  readonly clocks: ServerClocks | undefined;
  /** Public halves that any of them holds, by key ID. */
  readonly halves: ReadonlyMap<string, NextHalf>;
  /** Whose copy could not be read: sentences. */
  readonly unread: readonly string[];
}

/** How far a record was written. */
export interface RecordWriting {
  /** Another run has written since: what it wrote is not in the record. */
  readonly isStale: boolean;
  /** Whose copy could not be written: sentences. */
  readonly unwritten: readonly string[];
}

const byName = (a: RecordServer, b: RecordServer): number => (a.name < b.name ? -1 : 1);

/**
 * The record as all servers have it: read from each and united, written to each. Two runs that write at once both begin with
 * the same server, by its name, and one of them loses there.
 */
export class UnitedRecord {
  readonly #servers: readonly RecordServer[];
  /** What each that answered had. */
  #copies: ReadonlyMap<string, string | undefined> = new Map();
  /** By the server's name: the key IDs of the halves that it holds. */
  readonly #held = new Map<string, ReadonlySet<string>>();

  constructor(servers: readonly RecordServer[]) {
    this.#servers = [...servers].sort(byName);
  }

  /** A server that does not answer is part of it. Throws `rotation-record` for a copy that a later podtrust wrote. */
  async read(signal: AbortSignal): Promise<RecordReading> {
    const copies = new Map<string, string | undefined>();
    const times = new Map<string, number>();
    const halves = new Map<string, NextHalf>();
    const unread: string[] = [];
    let record = blankRecord;
    const read = this.#servers.map(async ({ name, record: keeper }) => {
      try {
        const { now, text, halves: own } = await keeper.read(signal);
        times.set(name, now);
        copies.set(name, text);
        this.#held.set(name, new Set(own.map(({ kid }) => kid)));
        for (const half of own)
          if (half.file !== undefined || !halves.has(half.kid)) halves.set(half.kid, half);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof PodtrustError)) throw error;
        unread.push(`${name}: ${errorText(error)}`);
      }
    });
    await Promise.all(read);
    for (const [name, text] of copies) {
      const one = text === undefined ? undefined : readServerRecord(text);
      if (one?.is === "record") record = unitedRecords(record, one.record);
      if (one?.is === "damaged") unread.push(`${name}: its record is damaged, and is written anew`);
      if (one?.is === "later")
        throw new PodtrustError("rotation-record", `a later podtrust wrote the record on ${name}`, {
          next: "Use that version of podtrust for this cluster, or a later one.",
        });
    }
    this.#copies = copies;
    const now = this.#servers.map(({ name }) => times.get(name)).find((time) => time !== undefined);
    return { record, clocks: now === undefined ? undefined : { now, times }, halves, unread };
  }

  /** Has each server that the last reading was of hold a half. */
  async holdHalf(half: NextHalf, signal: AbortSignal): Promise<void> {
    for (const { name, record: keeper } of this.#servers) {
      if (!this.#copies.has(name) || this.#held.get(name)?.has(half.kid) === true) continue;
      await keeper.putHalf(half, signal);
      this.#held.set(name, new Set([...(this.#held.get(name) ?? []), half.kid]));
    }
  }

  /** As `keep`, but for one that is written whatever becomes of the others: a machine that fails, and another run, stop none. */
  async keepAtEach(record: ServerRecord, signal: AbortSignal): Promise<RecordWriting> {
    const text = serverRecordText(record);
    const copies = new Map(this.#copies);
    const unwritten: string[] = [];
    let isStale = false;
    for (const { name, record: keeper } of this.#servers) {
      if (!copies.has(name) || copies.get(name) === text) continue;
      try {
        if (await keeper.write(text, copies.get(name), signal)) copies.set(name, text);
        else isStale = true;
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof PodtrustError)) throw error;
        unwritten.push(`${name}: ${errorText(error)}`);
      }
    }
    this.#copies = copies;
    return { isStale, unwritten };
  }

  /** Has each of them hold it no more. */
  async forgetHalf(kid: string, signal: AbortSignal): Promise<void> {
    for (const { name, record: keeper } of this.#servers)
      if (this.#held.get(name)?.has(kid) === true) await keeper.forgetHalf(kid, signal);
  }

  /**
   * Writes it to each server that the last reading was of and that has another. Throws `rotation-elsewhere` where another run has
   * written since, and what the machines throw.
   */
  async keep(record: ServerRecord, signal: AbortSignal): Promise<void> {
    const text = serverRecordText(record);
    const copies = new Map(this.#copies);
    for (const { name, record: keeper } of this.#servers) {
      if (!copies.has(name) || copies.get(name) === text) continue;
      if (!(await keeper.write(text, copies.get(name), signal)))
        throw new PodtrustError("rotation-elsewhere", `the record on ${name} was changed by another run`);
      copies.set(name, text);
      this.#copies = copies;
    }
  }
}
