import type { Change } from "@aws-sdk/client-route-53";
import { type Clock, PodtrustError, retry, type RetrySchedule, until } from "../../../core/base/index.ts";
import { nameTaken } from "../../dns/index.ts";
import {
  type DnsProvider,
  type DnsWork,
  type DnsZone,
  type ObservedRecordSet,
  innermostZone,
  type RecordKey,
  type RecordSet,
  type RecordType,
  type TextValue,
} from "../../../rules/dns/index.ts";
import type { Owner, StackOwner } from "../../../rules/plan/index.ts";
import { awsError, complaintOf, isAwsCode } from "../failure.ts";
import type { AwsSession } from "../session.ts";
import { Route53Api } from "./api.ts";
import { claimedName, claimName, claimsWith, claimedTypes, isClaimed, ownerBy } from "./claims.ts";
import { type Route53RecordSet, isAlike, rawSet, sortKey } from "./record-set.ts";

const races: RetrySchedule = {
  name: "a set that another writer changed at the same time is read again",
  delays: [0, 200, 500, 1000, 2000, 4000],
  giveUpAfter: 60_000,
};

const claimTtl = 60;
const syncTimeoutMs = 300_000;
const syncPauseMs = 3000;

/** A name's records, with the claims beside them. */
interface NameRecords {
  readonly sets: readonly Route53RecordSet[];
  readonly claim: Route53RecordSet | undefined;
}

/**
 * A set was changed between our look and our change, or an answer got lost: Route 53 deletes only what is named
 * exactly, and creates only what is not there (ChangeResourceRecordSets).
 */
function isRace(thrown: unknown): boolean {
  if (!isAwsCode(thrown, "InvalidChangeBatch")) return false;
  const { messages } = thrown as { readonly messages?: readonly string[] };
  return /already exists|not found|do not match/iu.test(
    [complaintOf(thrown).message, ...(messages ?? [])].join(),
  );
}

/** Replaces a set exactly; `undefined` is nothing. */
function changesBetween(
  before: Route53RecordSet | undefined,
  after: RecordSet | undefined,
): readonly Change[] {
  if (before !== undefined && after !== undefined && isAlike(before, after.ttl, after.values)) return [];
  return [
    ...(before === undefined ? [] : [{ Action: "DELETE", ResourceRecordSet: before.raw } as const]),
    ...(after === undefined ? [] : [{ Action: "CREATE", ResourceRecordSet: rawSet(after) } as const]),
  ];
}

/** DNS records at Route 53; a stack's mark is a TXT record beside them. */
class Route53Dns implements DnsProvider {
  readonly name = "Route 53";
  readonly caller: string;
  readonly #api: Route53Api;
  readonly #session: AwsSession;
  readonly #stack: StackOwner;
  readonly #clock: Clock;
  /** The last change of each set in this run. */
  readonly #pending = new Map<string, string>();

  constructor(session: AwsSession, stack: StackOwner, caller: string) {
    this.#session = session;
    this.#api = new Route53Api(session);
    this.#stack = stack;
    this.#clock = session.clock;
    this.caller = caller;
  }

  zoneOf(name: string, signal: AbortSignal): Promise<DnsZone> {
    const shows = "Route 53 shows these credentials no public hosted zone";
    return innermostZone(name, shows, async (candidate) => {
      const [zone, ...others] = await this.#api.zonesNamed(candidate, signal);
      if (zone === undefined || others.length === 0) return zone;
      const ids = [zone, ...others].map(({ id }) => id);
      throw new PodtrustError(
        "dns-zone-inactive",
        `Route 53 has ${ids.length} public hosted zones of the name ${candidate} (${ids.join(", ")}), and the world asks one of them`,
        { next: "Delete the one that the registrar does not point at.", detail: { zone: candidate, ids } },
      );
    });
  }

  /** A name's records and claims: they stand near each other in Route 53's order, and mostly on one page. */
  async #at(zone: DnsZone, name: string, signal: AbortSignal): Promise<NameRecords> {
    const claimAt = claimName(name);
    // Sets after the claim's place are not needed, and a zone may be long.
    const isPast = (sets: readonly Route53RecordSet[]): boolean => {
      const last = sets.at(-1);
      return last !== undefined && sortKey(last.name) > sortKey(claimAt);
    };
    const found = await this.#api.sets(zone, name, isPast, signal);
    return {
      sets: found.filter((set) => set.name === name),
      claim: found.find((set) => set.name === claimAt && set.type === "TXT"),
    };
  }

  #found(key: RecordKey, { sets, claim }: NameRecords): ObservedRecordSet | undefined {
    const claims = claim?.values ?? [];
    const special = sets.find((set) => set.special !== undefined && [key.type, "CNAME"].includes(set.type));
    const set = sets.find(({ type }) => type === key.type);
    const ours = isClaimed(claims, key.type, this.#stack);
    const name = { name: key.name, type: key.type, proxied: false };
    if (special !== undefined) {
      const owner: Owner = { kind: "untagged", looksLike: `an unknown owner who made it ${special.special}` };
      return { ...name, ttl: special.ttl, values: special.values, owner, hasOurs: false };
    }
    // A claim without its records is still to be given up.
    if (set === undefined)
      return ours ? { ...name, ttl: 0, values: [], owner: { kind: "ours" }, hasOurs: true } : undefined;
    const owner = ownerBy(claims, key.type, this.#stack);
    return { ...name, ttl: set.ttl, values: set.values, owner, hasOurs: ours };
  }

  async find(zone: DnsZone, key: RecordKey, signal: AbortSignal): Promise<ObservedRecordSet | undefined> {
    return this.#found(key, await this.#at(zone, key.name, signal));
  }

  async owned(zone: DnsZone, signal: AbortSignal): Promise<readonly ObservedRecordSet[]> {
    const all = await this.#api.sets(zone, undefined, () => false, signal);
    const types: readonly RecordType[] = ["A", "AAAA", "CAA", "TXT"];
    return all.flatMap((claim) => {
      const name = claim.type === "TXT" ? claimedName(claim.name) : undefined;
      if (name === undefined) return [];
      const place = { sets: all.filter((set) => set.name === name), claim };
      const claimed = new Set(claim.values.flatMap(claimedTypes));
      return types
        .filter((type) => claimed.has(type))
        .flatMap((type) => this.#found({ name, type }, place) ?? [])
        .filter(({ hasOurs }) => hasOurs);
    });
  }

  /** Looks, makes what differs in one change, and looks again where another writer was faster. */
  async #until(
    zone: DnsZone,
    key: RecordKey,
    changes: (place: NameRecords) => readonly Change[],
    work: DnsWork,
  ): Promise<void> {
    const { signal } = work;
    const attempt = async (): Promise<void> => {
      const todo = changes(await this.#at(zone, key.name, signal));
      if (todo.length === 0) return;
      const id = await this.#api.change(zone, todo, signal);
      if (id !== undefined) this.#pending.set(`${key.name} ${key.type}`, id);
    };
    try {
      await retry(attempt, { schedule: races, clock: this.#clock, signal, retryable: isRace });
    } catch (thrown) {
      throw awsError(thrown, `changing the ${key.type} records of ${key.name}`);
    }
  }

  #claimChanges({ claim }: NameRecords, { name, type }: RecordKey, claims: boolean): readonly Change[] {
    const before = claim?.values ?? [];
    const values = claimsWith(before, this.#stack, type, claims);
    const ttl = claim?.ttl ?? claimTtl;
    const after = { name: claimName(name), type: "TXT", ttl, values } as const;
    return changesBetween(claim, values.length === 0 ? undefined : after);
  }

  async write(zone: DnsZone, set: RecordSet, work: DnsWork, takeOver = false): Promise<void> {
    const toward = (place: NameRecords): readonly Change[] => {
      const found = this.#found(set, place);
      const special = place.sets.some(
        (one) => one.special !== undefined && [set.type, "CNAME"].includes(one.type),
      );
      if (found !== undefined && found.owner.kind !== "ours" && (special || !takeOver))
        throw nameTaken(set, `${set.name} has ${set.type} records already: they belong to`, {
          owner: found.owner,
        });
      const before = place.sets.find(({ type }) => type === set.type);
      return [...changesBetween(before, set), ...this.#claimChanges(place, set, true)];
    };
    await this.#until(zone, set, toward, work);
  }

  async delete(zone: DnsZone, key: RecordKey, work: DnsWork): Promise<void> {
    const toward = (place: NameRecords): readonly Change[] => {
      const found = this.#found(key, place);
      if (found?.hasOurs !== true) return [];
      const before = place.sets.find(({ type }) => type === key.type);
      return [...changesBetween(before, undefined), ...this.#claimChanges(place, key, false)];
    };
    await this.#until(zone, key, toward, work);
  }

  /** The values of a name are one set, which is replaced only as it was seen, so that no other value gets lost. */
  async #changeTexts(
    zone: DnsZone,
    name: string,
    change: (values: readonly string[]) => readonly string[],
    work: DnsWork,
  ): Promise<void> {
    const key = { name, type: "TXT" } as const;
    const toward = ({ sets }: NameRecords): readonly Change[] => {
      const before = sets.find(({ type }) => type === "TXT");
      const values = change(before?.values ?? []);
      const after = { ...key, ttl: before?.ttl ?? claimTtl, values };
      return changesBetween(before, values.length === 0 ? undefined : after);
    };
    await this.#until(zone, key, toward, work);
  }

  async addText(zone: DnsZone, { name, value }: TextValue, work: DnsWork): Promise<void> {
    await this.#changeTexts(zone, name, (values) => [...new Set([...values, value])], work);
  }

  async removeText(zone: DnsZone, { name, value }: TextValue, work: DnsWork): Promise<void> {
    await this.#changeTexts(zone, name, (values) => values.filter((one) => one !== value), work);
  }

  async untilVisible(key: RecordKey, work: DnsWork): Promise<void> {
    const id = this.#pending.get(`${key.name} ${key.type}`);
    if (id === undefined) return;
    await until<true>({
      clock: this.#clock,
      withinMs: syncTimeoutMs,
      delays: [syncPauseMs],
      signal: work.signal,
      look: async () =>
        (await this.#api.isInSync(id, work.signal))
          ? { is: true }
          : { waitsFor: "Route 53 brings the change to all its name servers" },
      onWait: (reason, deadline) => work.waiting(reason, deadline),
      late: () => {
        const sentence = `the ${key.type} records of ${key.name} are not on all name servers of Route 53 after ${syncTimeoutMs / 60_000} minutes`;
        return new PodtrustError("dns-not-visible", sentence, { detail: { ...key, change: id } });
      },
    });
  }

  close(): void {
    this.#session.close();
  }
}

/** DNS at Route 53, as one stack sees it. `caller`: the owner of the session's credentials. Makes no request yet. */
export function route53Dns(session: AwsSession, stack: StackOwner, caller: string): DnsProvider {
  return new Route53Dns(session, stack, caller);
}
