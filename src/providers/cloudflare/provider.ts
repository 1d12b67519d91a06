import { type Clock, PodtrustError, recordOf, textOf } from "../../core/base/index.ts";
import type { OnApiWait } from "../../core/http/index.ts";
import { nameTaken, NotSettled, untilSettled } from "../dns/index.ts";
import {
  type DnsProvider,
  type DnsWork,
  type DnsZone,
  type ObservedRecordSet,
  innermostZone,
  type RecordKey,
  type RecordSet,
  type TextValue,
} from "../../rules/dns/index.ts";
import type { CloudflareAccess } from "./access.ts";
import { CloudflareApi } from "./api.ts";
import {
  cloudflareError,
  isAboutRights,
  isAboutToken,
  isZoneListRefusal,
  CloudflareRefusal,
  Unanswered,
} from "./failure.ts";
import { type ApiRecord, isAt, ownerOf, readRecord, setOf } from "./record.ts";
import { type RecordStep, stepsToward } from "./steps.ts";
import { checkServed, isReadOnly, readZone } from "./zone.ts";
import type { StackOwner } from "../../rules/plan/index.ts";

export interface CloudflareOptions extends StackOwner {
  readonly access: CloudflareAccess;
  readonly clock: Clock;
  /** Called for waits outside of a change. */
  readonly waiting?: OnApiWait;
}

// "An identical record already exists.", "The record already exists.", "Record does not exist.": an answer got lost, or
// another writer was faster. Looking again shows which.
const lookAgain = [81_057, 81_058, 81_044];

// For records that exist for a minute.
const textTtl = 60;

/** DNS records at Cloudflare; a stack's mark is the record's comment. */
class CloudflareDns implements DnsProvider {
  readonly name = "Cloudflare";
  readonly caller = "its API token";
  readonly #api: CloudflareApi;
  readonly #stack: StackOwner;
  readonly #clock: Clock;
  readonly #waiting: OnApiWait;

  constructor({ access, clock, waiting = () => {}, ...stack }: CloudflareOptions) {
    this.#api = new CloudflareApi(access, clock);
    this.#stack = stack;
    this.#clock = clock;
    this.#waiting = waiting;
  }

  zoneOf(name: string, signal: AbortSignal): Promise<DnsZone> {
    return innermostZone(name, "Cloudflare shows this token no zone", (candidate) =>
      this.#zoneNamed(candidate, signal),
    );
  }

  /** undefined for a zone that does not exist, or is not the token's: only its owner learns which. */
  async #zoneNamed(name: string, signal: AbortSignal): Promise<DnsZone | undefined> {
    const what = `listing the zone ${name}`;
    const call = { method: "GET", path: "/zones", query: { name }, what } as const;
    try {
      const listed = await this.#api.list(call, 50, signal, this.#waiting);
      const zone = listed.map((one) => readZone(one, what)).find((one) => one.name === name);
      if (zone === undefined) return undefined;
      checkServed(zone);
      return { id: zone.id, name: zone.name, ...(isReadOnly(zone) ? { isReadOnly: true } : {}) };
    } catch (thrown) {
      if (isZoneListRefusal(thrown)) return undefined;
      throw await this.#failure(thrown, what, signal);
    }
  }

  /** A failure as a person meets it. */
  async #failure(thrown: unknown, what: string, signal: AbortSignal): Promise<unknown> {
    return (await this.#tokenFault(thrown, signal)) ?? cloudflareError(thrown, what);
  }

  /**
   * The same codes are given to an invalid token and to one that lacks a right: the token's own page shows which.
   * Undefined where that says nothing against it; tokens of an account have another page, and are not judged here.
   */
  async #tokenFault(thrown: unknown, signal: AbortSignal): Promise<unknown> {
    if (!(thrown instanceof CloudflareRefusal) || !isAboutRights(thrown)) return undefined;
    const what = "verifying the token";
    try {
      const { result } = await this.#api.read(
        { method: "GET", path: "/user/tokens/verify", what },
        signal,
        this.#waiting,
      );
      const status = textOf(recordOf(result)["status"]) ?? "active";
      if (status === "active") return undefined;
      return new PodtrustError("cloudflare-token-refused", `Cloudflare says that the token is ${status}`);
    } catch (refusal) {
      return refusal instanceof CloudflareRefusal && isAboutToken(refusal)
        ? cloudflareError(refusal, what)
        : undefined;
    }
  }

  async #list(
    zone: DnsZone,
    query: Readonly<Record<string, string>>,
    signal: AbortSignal,
    waiting: OnApiWait,
  ): Promise<readonly ApiRecord[]> {
    const what = `listing the records of ${query["name"] ?? zone.name}`;
    const call = { method: "GET", path: `/zones/${zone.id}/dns_records`, query, what } as const;
    try {
      const listed = await this.#api.list(call, 500, signal, waiting);
      return listed.map((record) => readRecord(record, what));
    } catch (thrown) {
      throw await this.#failure(thrown, what, signal);
    }
  }

  /** The records in a key's place. What the API's filter let through is still compared. */
  async #at(zone: DnsZone, key: RecordKey, work: DnsWork): Promise<readonly ApiRecord[]> {
    const waiting: OnApiWait = (reason, deadline) => work.waiting(reason, deadline);
    const found = await this.#list(zone, { name: key.name }, work.signal, waiting);
    return found.filter((record) => isAt(key, record));
  }

  async find(zone: DnsZone, key: RecordKey, signal: AbortSignal): Promise<ObservedRecordSet | undefined> {
    return setOf(key, await this.#at(zone, key, { signal, waiting: this.#waiting }), this.#stack);
  }

  async owned(zone: DnsZone, signal: AbortSignal): Promise<readonly ObservedRecordSet[]> {
    const all = await this.#list(zone, {}, signal, this.#waiting);
    const ours = all.filter((record) => ownerOf(record, this.#stack).kind === "ours");
    const types = ["A", "AAAA", "CAA", "TXT"] as const;
    return types.flatMap((type) => {
      const named = Map.groupBy(
        ours.filter((record) => record.type === type),
        ({ name }) => name,
      );
      return [...named].flatMap(([name, records]) => setOf({ name, type }, records, this.#stack) ?? []);
    });
  }

  async #step(zone: DnsZone, key: RecordKey, step: RecordStep, work: DnsWork): Promise<void> {
    const base = `/zones/${zone.id}/dns_records`;
    const what = `${{ create: "creating", change: "changing", delete: "deleting" }[step.kind]} the ${key.type} record of ${key.name}`;
    const waiting: OnApiWait = (reason, deadline) => work.waiting(reason, deadline);
    try {
      if (step.kind === "create") {
        await this.#api.write({ method: "POST", path: base, body: step.body, what }, work.signal, waiting);
      } else {
        const path = `${base}/${step.id}`;
        const method = step.kind === "change" ? "PATCH" : "DELETE";
        const body = step.kind === "change" ? { body: step.body } : {};
        await this.#api.write({ method, path, ...body, what }, work.signal, waiting);
      }
    } catch (thrown) {
      const isOpen =
        thrown instanceof Unanswered || (thrown instanceof CloudflareRefusal && thrown.has(...lookAgain));
      const error = await this.#failure(thrown, what, work.signal);
      throw isOpen && !work.signal.aborted ? new NotSettled(error) : error;
    }
  }

  /** Looks, makes what differs, and looks again, until nothing differs. */
  async #until(
    zone: DnsZone,
    key: RecordKey,
    steps: (records: readonly ApiRecord[]) => readonly RecordStep[],
    work: DnsWork,
  ): Promise<void> {
    const { name, type } = key;
    const sentence = `the ${type} record of ${name} is not listed as it was written`;
    await untilSettled({
      look: async () => steps(await this.#at(zone, key, work)),
      make: (step) => this.#step(zone, key, step, work),
      unseen: new PodtrustError("cloudflare-unavailable", sentence),
      clock: this.#clock,
      signal: work.signal,
    });
  }

  async write(zone: DnsZone, set: RecordSet, work: DnsWork, takeOver = false): Promise<void> {
    await this.#until(
      zone,
      set,
      (records) => {
        const foreign = records.find(
          (record) => record.type !== set.type || (!takeOver && ownerOf(record, this.#stack).kind !== "ours"),
        );
        if (foreign !== undefined) throw takenError(set, foreign, this.#stack);
        return stepsToward(set, records, this.#stack);
      },
      work,
    );
  }

  async delete(zone: DnsZone, key: RecordKey, work: DnsWork): Promise<void> {
    const isOurs = (record: ApiRecord): boolean => ownerOf(record, this.#stack).kind === "ours";
    await this.#until(
      zone,
      key,
      (records) => records.filter(isOurs).map(({ id, value }): RecordStep => ({ kind: "delete", id, value })),
      work,
    );
  }

  async addText(zone: DnsZone, { name, value }: TextValue, work: DnsWork): Promise<void> {
    const set = { name, type: "TXT", ttl: textTtl, values: [value] } as const;
    // Other records of the name are independent: an existing one keeps its owner.
    const toward = (records: readonly ApiRecord[]): readonly RecordStep[] =>
      records.some((record) => record.value === value) ? [] : stepsToward(set, [], this.#stack);
    await this.#until(zone, set, toward, work);
  }

  async removeText(zone: DnsZone, { name, value }: TextValue, work: DnsWork): Promise<void> {
    const isMeant = (record: ApiRecord): boolean =>
      record.value === value && ownerOf(record, this.#stack).kind === "ours";
    const toward = (records: readonly ApiRecord[]): readonly RecordStep[] =>
      records.filter(isMeant).map(({ id }): RecordStep => ({ kind: "delete", id, value }));
    await this.#until(zone, { name, type: "TXT" }, toward, work);
  }

  close(): void {}
}

function takenError({ name, type }: RecordKey, record: ApiRecord, stack: StackOwner): PodtrustError {
  const said = `${name} has a ${record.type} record that is not to be touched for ${type}: it belongs to`;
  return nameTaken({ name, type }, said, { found: record.type, owner: ownerOf(record, stack) });
}

/** DNS at Cloudflare, as one stack sees it. Asks nothing yet. */
export function cloudflareDns(options: CloudflareOptions): DnsProvider {
  return new CloudflareDns(options);
}
