import { PodtrustError } from "../../../core/base/index.ts";
import { nameTaken, NotSettled, untilSettled } from "../../dns/index.ts";
import {
  type DnsProvider,
  type DnsWork,
  type DnsZone,
  type ObservedRecordSet,
  innermostZone,
  type RecordKey,
  type RecordSet,
  type TextValue,
} from "../../../rules/dns/index.ts";
import { cloudLabels, lacksIdentity, type StackOwner } from "../../../rules/plan/index.ts";
import { actionsIn, awaitActions, untilReady } from "../actions.ts";
import type { ChangeRequest, HetznerApi } from "../client.ts";
import { isHetznerCode, isNotFound } from "../failure.ts";
import type { AnswerFields } from "../fields.ts";
import {
  type HetznerRecordSet,
  bodyRecords,
  foundSet,
  ownerOf,
  ownType,
  readSet,
  relativeName,
  wholeName,
} from "./record-sets.ts";

const recordTimeoutMs = 120_000;
const publishTimeoutMs = 300_000;
const textTtl = 60;

/** Refusals of a change that another writer, or a request whose answer got lost, has made already. */
const isRace = (error: unknown): boolean => isHetznerCode(error, "uniqueness_error") || isNotFound(error);

// Hetzner Cloud API, "Zones": the state of the delegation from the parent zone.
const notServed: Readonly<Record<string, string>> = {
  invalid: "the zone above does not lead to Hetzner's name servers",
  lame: "the zone above leads to name servers that do not know it",
  unregistered: "the domain is not registered",
};

function checkServed(zone: AnswerFields): void {
  const name = zone.text("name");
  const status =
    zone.optionalFields("authoritative_nameservers")?.optionalText("delegation_status") ?? "unknown";
  const mode = zone.optionalText("mode") ?? "primary";
  const fault =
    mode === "primary" ? notServed[status] : `it is in mode ${mode}, a copy of a zone that others serve`;
  if (fault === undefined) return;
  throw new PodtrustError("dns-zone-inactive", `Hetzner does not serve the zone ${name}: ${fault}`, {
    detail: { zone: name, mode, status },
  });
}

type Step = Omit<ChangeRequest, "during">;

/** DNS records at Hetzner Cloud; a stack's mark is the labels of a set. */
class HetznerDns implements DnsProvider {
  readonly name = "Hetzner";
  readonly caller: string;
  readonly #api: HetznerApi;
  readonly #stack: StackOwner;
  /** The zones that this run wrote into. */
  readonly #written = new Map<string, DnsZone>();
  readonly #ttls = new Map<string, number>();

  constructor(api: HetznerApi, stack: StackOwner, caller: string) {
    this.#api = api;
    this.#stack = stack;
    this.caller = caller;
  }

  zoneOf(name: string, signal: AbortSignal): Promise<DnsZone> {
    return innermostZone(name, "Hetzner shows this token no zone", async (candidate) => {
      const listed = await this.#api.list("zones", signal, [["name", candidate]]);
      const zone = listed.find((one) => one.text("name") === candidate);
      if (zone === undefined) return undefined;
      checkServed(zone);
      const id = String(zone.id("id"));
      this.#ttls.set(id, zone.number("ttl", 3600));
      return { id, name: candidate };
    });
  }

  async #sets(
    zone: DnsZone,
    query: readonly (readonly [string, string])[],
    signal: AbortSignal,
  ): Promise<readonly (HetznerRecordSet & { readonly name: string })[]> {
    const listed = await this.#api.listAt(`zones/${zone.id}/rrsets`, "rrsets", signal, query);
    return listed.map((one) => readSet(one, this.#ttls.get(zone.id) ?? 0));
  }

  /** The set in a key's place: its own, or an alias of the whole name. */
  async #at(
    zone: DnsZone,
    { name, type }: RecordKey,
    signal: AbortSignal,
  ): Promise<HetznerRecordSet | undefined> {
    const relative = relativeName(name, zone.name);
    const found = await this.#sets(zone, [["name", relative]], signal);
    const own = found.filter((one) => one.name === relative);
    return own.find((one) => one.type === "CNAME") ?? own.find((one) => one.type === type);
  }

  async find(zone: DnsZone, key: RecordKey, signal: AbortSignal): Promise<ObservedRecordSet | undefined> {
    const set = await this.#at(zone, key, signal);
    return set && foundSet(key, set, this.#stack);
  }

  async owned(zone: DnsZone, signal: AbortSignal): Promise<readonly ObservedRecordSet[]> {
    const all = await this.#sets(zone, [], signal);
    return all.flatMap((set) => {
      const type = ownType(set.type);
      if (type === undefined || ownerOf(set, this.#stack).kind !== "ours") return [];
      return [foundSet({ name: wholeName(set.name, zone.name), type }, set, this.#stack)];
    });
  }

  async #make(zone: DnsZone, { name, type }: RecordKey, step: Step, work: DnsWork): Promise<void> {
    const verb = { POST: "writing", PUT: "marking", DELETE: "deleting" }[step.method];
    const during = `${verb} the ${type} records of ${name}`;
    try {
      const answer = await this.#api.change({ ...step, during }, work.signal);
      this.#written.set(`${name} ${type}`, zone);
      const wait = { what: `the ${type} records of ${name}`, within: recordTimeoutMs };
      await awaitActions(this.#api, actionsIn(answer), wait, work);
    } catch (error) {
      // It is not documented what the API answers for a single record that exists, or is gone, already.
      const isSingle = step.path.endsWith("/add_records") || step.path.endsWith("/remove_records");
      const isDone = isSingle && isHetznerCode(error, "invalid_input");
      throw isRace(error) || isDone ? new NotSettled(error) : error;
    }
  }

  /** Looks, makes what differs, and looks again, until nothing differs. */
  async #until(
    zone: DnsZone,
    key: RecordKey,
    steps: (found: HetznerRecordSet | undefined) => readonly Step[],
    work: DnsWork,
  ): Promise<void> {
    const { name, type } = key;
    const sentence = `the ${type} records of ${name} are not listed as they were written`;
    await untilSettled({
      look: async () => steps(await this.#at(zone, key, work.signal)),
      make: (step) => this.#make(zone, key, step, work),
      unseen: new PodtrustError("hetzner-unavailable", sentence),
      clock: this.#api.clock,
      signal: work.signal,
    });
  }

  #pathOf(zone: DnsZone, { name, type }: RecordKey): string {
    return `zones/${zone.id}/rrsets/${encodeURIComponent(relativeName(name, zone.name))}/${type}`;
  }

  #creation(zone: DnsZone, { name, type, ttl, values }: RecordSet): Step {
    const records = bodyRecords(type, values);
    const labels = cloudLabels.of(this.#stack);
    const body = { name: relativeName(name, zone.name), type, ttl, records, labels };
    return { method: "POST", path: `zones/${zone.id}/rrsets`, body };
  }

  async write(zone: DnsZone, set: RecordSet, work: DnsWork, takeOver = false): Promise<void> {
    const path = this.#pathOf(zone, set);
    const toward = (found: HetznerRecordSet | undefined): readonly Step[] => {
      if (found === undefined) return [this.#creation(zone, set)];
      const owner = ownerOf(found, this.#stack);
      if (owner.kind !== "ours" && (!takeOver || found.type !== set.type))
        throw takenError(set, found, this.#stack);
      const isSame = [...found.values].sort().join("\n") === [...set.values].sort().join("\n");
      const labels = { ...found.labels, ...cloudLabels.of(this.#stack) };
      const records = bodyRecords(set.type, set.values);
      return [
        // What is taken over is ours before it is changed.
        ...(owner.kind === "ours" && !lacksIdentity(owner)
          ? []
          : [{ method: "PUT", path, body: { labels } } as const]),
        ...(isSame
          ? []
          : [{ method: "POST", path: `${path}/actions/set_records`, body: { records } } as const]),
        ...(found.ttl === set.ttl
          ? []
          : [{ method: "POST", path: `${path}/actions/change_ttl`, body: { ttl: set.ttl } } as const]),
      ];
    };
    await this.#until(zone, set, toward, work);
  }

  async delete(zone: DnsZone, key: RecordKey, work: DnsWork): Promise<void> {
    const toward = (found: HetznerRecordSet | undefined): readonly Step[] =>
      found !== undefined && ownerOf(found, this.#stack).kind === "ours"
        ? [{ method: "DELETE", path: this.#pathOf(zone, key) }]
        : [];
    await this.#until(zone, key, toward, work);
  }

  async addText(zone: DnsZone, { name, value }: TextValue, work: DnsWork): Promise<void> {
    const key = { name, type: "TXT" } as const;
    const toward = (found: HetznerRecordSet | undefined): readonly Step[] => {
      if (found?.values.includes(value) === true) return [];
      if (found === undefined) return [this.#creation(zone, { ...key, ttl: textTtl, values: [value] })];
      const body = { records: bodyRecords("TXT", [value]) };
      return [{ method: "POST", path: `${this.#pathOf(zone, key)}/actions/add_records`, body }];
    };
    await this.#until(zone, key, toward, work);
  }

  async removeText(zone: DnsZone, { name, value }: TextValue, work: DnsWork): Promise<void> {
    const key = { name, type: "TXT" } as const;
    const toward = (found: HetznerRecordSet | undefined): readonly Step[] => {
      const at = found?.values.indexOf(value) ?? -1;
      if (found === undefined || at < 0) return [];
      const body = { records: [{ value: found.raw[at] ?? value }] };
      return [{ method: "POST", path: `${this.#pathOf(zone, key)}/actions/remove_records`, body }];
    };
    await this.#until(zone, key, toward, work);
  }

  /** A zone whose status is `ok` is on its name servers as it is. */
  async untilVisible({ name, type }: RecordKey, work: DnsWork): Promise<void> {
    const zone = this.#written.get(`${name} ${type}`);
    if (zone === undefined) return;
    const waitsFor = "Hetzner brings the zone to its name servers";
    const look = async (): Promise<{ readonly is: string } | { readonly waitsFor: string }> => {
      const answer = await this.#api.get(`zones/${zone.id}`, `reading the zone ${zone.name}`, work.signal);
      const status = answer.fields("zone").text("status");
      return status === "updating" ? { waitsFor } : { is: status };
    };
    const status = await untilReady(
      this.#api,
      { what: `the zone ${zone.name}`, within: publishTimeoutMs, look },
      work,
    );
    if (status !== "error") return;
    const sentence = `Hetzner could not bring the zone ${zone.name} to its name servers`;
    throw new PodtrustError("dns-not-visible", sentence, { detail: { name, type, zone: zone.name } });
  }

  close(): void {}
}

function takenError({ name, type }: RecordKey, found: HetznerRecordSet, stack: StackOwner): PodtrustError {
  const said = `${name} has ${found.type} records that are not to be touched for ${type}: they belong to`;
  return nameTaken({ name, type }, said, { found: found.type, owner: ownerOf(found, stack) });
}

/** DNS at Hetzner Cloud, as one stack sees it. `caller`: the source of the API's token. Makes no request yet. */
export function hetznerDns(api: HetznerApi, stack: StackOwner, caller: string): DnsProvider {
  return new HetznerDns(api, stack, caller);
}
