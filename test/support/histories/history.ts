/**
 * One random history of an operator's bindings, whichever relying party they are of. After each call by which the operator
 * changes something, and at the end, when nothing is left to do, four things hold:
 * - nobody may do more than one grant allows that the turn read, or than before the call;
 * - what a ServiceAccount had, and what is granted to it still, is not taken away by anybody else's deed;
 * - nobody has what no grant of its binding's trust allows, once the operator had its turns;
 * - no namespace has more than half of the operator's turns.
 */
import assert from "node:assert/strict";
import { type JsonRecord, PodtrustError, recordOf, recordsOf } from "../../../src/core/base/index.ts";
import type { Controller, ReconcileResult } from "../../../src/operator/controller/index.ts";
import { HistoryCluster } from "./cluster.ts";
import {
  type Change,
  type HistoryEvent,
  nowhere,
  people,
  type Rush,
  trustNames,
  type Turn,
  turnOf,
} from "./events.ts";
import { turnsAtOnce } from "./turns.ts";
import {
  type CallFate,
  type RightsByOne,
  type HistoryParty,
  type LoadCode,
  operatorItself,
  type PartySpecs,
  type Vendor,
  type VendorCall,
} from "./vendor.ts";

/** A binding that was Ready: what it gave, and by what. */
interface SettledBinding {
  readonly by: string;
  readonly rights: ReadonlyMap<string, ReadonlySet<string>>;
}

/** For these the operator comes back by itself, after what it says; so often at the most it has another turn at once. */
const waited: ReadonlySet<string> = new Set([
  "CredentialPending",
  "CredentialSettling",
  "MemberSettling",
  "RolePending",
  "RoleSettling",
]);
const maxAgain = 3;
/** What waits no longer than this is under way, in milliseconds. */
const soon = 5000;
const none: ReadonlySet<string> = new Set();
const isWithin = (rights: ReadonlySet<string>, limit: ReadonlySet<string>): boolean =>
  [...rights].every((one) => limit.has(one));
const named = (rights: ReadonlySet<string>): string =>
  rights.size === 0 ? "nothing" : [...rights].join(", ");
const keyOf = ({ who, what }: RightsByOne): string => `${who} ${what}`;

/** The process has lost its lease. */
class LeaseLost extends Error {}

export class History {
  readonly #party: HistoryParty;
  readonly #vendor: Vendor & PartySpecs;
  readonly #load: LoadCode;
  readonly #told: (line: string) => void;
  readonly #cluster: HistoryCluster;
  #controllers: readonly Controller[] = [];
  /** What is held, as it was seen last. */
  #held = new Map<string, RightsByOne>();
  readonly #settled = new Map<string, SettledBinding>();
  /** What bindings had when they were Ready, by `#nameOf`. */
  readonly #own = new Map<string, Set<string>>();
  readonly #faults: string[] = [];
  #acting = "nobody";
  #judging: Promise<void> = Promise.resolve();
  /** Trusts that their definition refuses: they are no answer, and what stands stays. */
  readonly #refused = new Set<string>();
  /** What a person does at the vendor beside a turn. */
  #deed: Promise<void> = Promise.resolve();

  /** `told`: what the operator does, line by line. */
  constructor(
    party: HistoryParty,
    vendor: Vendor & PartySpecs,
    load: LoadCode,
    told: (line: string) => void = () => {},
  ) {
    this.#told = told;
    this.#party = party;
    this.#vendor = vendor;
    this.#load = load;
    this.#cluster = new HistoryCluster(vendor.clock, vendor.mint, told);
    vendor.onDone = (call) => {
      // Calls go side by side: what is judged during a deed would be laid to a call that has nothing to do with it.
      const deed = this.#deed;
      return (this.#judging = this.#judging.then(() => deed).then(() => this.#judge(call)));
    };
  }

  /** Whose deed or turn takes nothing from anybody, the operator least of all from itself. */
  async #begun(): Promise<void> {
    await this.#look();
    const own = [...this.#held.values()].filter(({ who }) => who === operatorItself);
    const rights = new Map(own.map((one) => [one.what, one.rights] as const));
    this.#settled.set(operatorItself, { by: this.#grantedBy(operatorItself), rights });
  }

  /** Empties the vendor, and has one binding that is Ready. */
  async begin(): Promise<void> {
    await this.#vendor.reset();
    await this.#begun();
    await this.#restart();
    const grants = Array.from({ length: this.#party.grants }, (_, index) => index);
    const [place = 0] = this.#party.trustPlaces;
    for (const name of trustNames) this.#change({ kind: "trust", name, grants, place });
    this.#change({ kind: "bind", who: people[0], trust: "default", spec: 0, place: 0 });
    await this.run(turnOf(people[0]));
  }

  async run(event: HistoryEvent): Promise<void> {
    if (event.kind === "turn") await this.#turn(event);
    else if (event.kind === "rush") await this.#rush(event);
    else await this.#person(event);
    assert.deepEqual(this.#faults, []);
  }

  /** Gives the operator all the turns that it wants, and judges what is left. */
  async rest(): Promise<void> {
    const { minutes, count } = this.#party.looks;
    for (let round = 0; round < count; round += 1) {
      this.#vendor.clock.move(minutes * 60_000);
      const bindings = [0, 1, count - 1].includes(round) ? people : [];
      for (const of of [...bindings, ...trustNames]) await this.run(turnOf(of));
    }
    await this.#look();
    for (const one of this.#held.values()) {
      if (one.isForeign === true || one.isForgotten === true || this.#isSaid(one)) continue;
      if (one.isWithin(this.#isRetained(one) ? this.#allTrusts() : this.#trustsOf(one.who))) continue;
      this.#faults.push(`at rest ${one.who} may by ${one.what}: ${named(one.rights)}, which no grant allows`);
    }
    for (const who of people)
      if (this.#settled.has(who) && !this.#isReady(who))
        this.#faults.push(`at rest ${who}, which was Ready, and is granted still, is not`);
    assert.deepEqual(this.#faults, []);
  }

  get #trusts(): readonly JsonRecord[] {
    return [...this.#cluster.read.values()];
  }

  #specOf(kind: "binding" | "trust", key: string): JsonRecord | undefined {
    const object = this.#cluster.get(this.#party.kinds[kind], key);
    return object === undefined ? undefined : recordOf(object["spec"]);
  }

  /** The trusts that are to stay. */
  #allTrusts(): readonly JsonRecord[] {
    const { trust } = this.#party.kinds;
    const all = this.#cluster.keys(trust).map((key) => this.#cluster.get(trust, key));
    return all.flatMap((one) =>
      one === undefined || one.metadata.deletionTimestamp !== undefined ? [] : [recordOf(one["spec"])],
    );
  }

  /** The trust that a binding names, where there is one that is to stay. */
  #trustsOf(who: string): readonly JsonRecord[] {
    const { binding, trust } = this.#party.kinds;
    const object = this.#cluster.get(binding, who);
    if (object === undefined || object.metadata.deletionTimestamp !== undefined) return [];
    const found = this.#cluster.get(trust, String(recordOf(object["spec"])["trust"]));
    if (
      found === undefined ||
      this.#refused.has(found.metadata.name) ||
      found.metadata.deletionTimestamp !== undefined
    )
      return [];
    return [recordOf(found["spec"])];
  }

  #isSaid(held: RightsByOne): boolean {
    return this.#cluster.said.some(({ note }) => this.#party.unclaimed?.(note, held) === true);
  }

  #isRetained(held: RightsByOne): boolean {
    return this.#cluster.said.some(({ note }) => this.#party.retained?.(note, held) === true);
  }

  #isReady(who: string): boolean {
    const object = this.#cluster.get(this.#party.kinds.binding, who);
    const status = recordOf(object?.["status"]);
    if (status["observedGeneration"] !== object?.metadata.generation) return false;
    return recordsOf(status["conditions"]).some((one) => one["type"] === "Ready" && one["status"] === "True");
  }

  /** By what a binding is granted: its spec, and of its trust what matters to it. */
  #grantedBy(who: string): string {
    const spec = this.#specOf("binding", who);
    const [trust] = this.#trustsOf(who);
    const [namespace] = who.split("/");
    const grants = recordsOf(trust?.["grants"]).filter(({ namespaces }) =>
      (namespaces as readonly string[]).some((one) => one === namespace || one === "*"),
    );
    return JSON.stringify([spec, { ...trust, grants }]);
  }

  async #look(of?: string): Promise<void> {
    const seen = await this.#vendor.held(of);
    const others = [...this.#held].filter(([, one]) => of !== undefined && one.of !== of);
    this.#held = new Map([...others, ...seen.map((one) => [keyOf(one), one] as const)]);
  }

  async #judge({ text, of }: VendorCall): Promise<void> {
    const before = this.#held;
    await this.#look(of);
    for (const [key, one] of this.#held) {
      const stood = before.get(key)?.rights ?? none;
      if (isWithin(one.rights, stood) || one.isWithin(this.#trusts)) continue;
      this.#faults.push(
        `${text}, in a turn of ${this.#acting}: ${one.who} may by ${one.what}: ${named(one.rights)}, which is more than before (${named(stood)}) and than one grant allows`,
      );
    }
    for (const [who, lost] of this.#lost())
      this.#faults.push(
        `${text}, in a turn of ${this.#acting}, takes from ${who} ${lost}, which is granted still`,
      );
  }

  /** Of bindings that were Ready those that have less than then; each is told once. */
  #lost(): readonly (readonly [who: string, what: string])[] {
    const lost = [...this.#settled].flatMap(([who, { rights }]) =>
      [...rights]
        .filter(([what, had]) => !isWithin(had, this.#held.get(`${who} ${what}`)?.rights ?? none))
        .map(([what]) => [who, what] as const),
    );
    for (const [who] of lost) this.#settled.delete(who);
    return lost;
  }

  async #restart(): Promise<void> {
    this.#controllers = await this.#vendor.operate(this.#cluster.tools(), this.#load);
    this.#cluster.list();
  }

  async #reconcile(trust: string): Promise<void> {
    const [, trusts] = this.#controllers;
    const { signal } = new AbortController();
    await trusts?.reconcile(trust, { signal, assertHeld: () => {} }).catch((error: unknown) => {
      if (!(error instanceof PodtrustError)) throw error;
    });
  }

  /** What a person does may take from whom it likes: what is lost by it, nobody else has taken. */
  async #person(change: Change): Promise<void> {
    // What the operator read before is too old for it by its next turn: of trusts after a second, of a vendor after minutes.
    const minutes = change.kind === "wait" ? change.minutes : change.kind === "deed" ? 5 : 0.1;
    this.#vendor.clock.move(minutes * 60_000);
    if (change.kind === "restart") return this.#restart();
    // The operator has seen which bindings name it: without that the trust would be gone, and its rights stand, as is documented.
    if (change.kind === "end-trust") await this.#reconcile(change.name);
    this.#change(change);
    if (change.kind === "deed") await (this.#deed = this.#done(change.deed, change.who));
    for (const [who, { by }] of this.#settled) if (by !== this.#grantedBy(who)) this.#settled.delete(who);
    this.#lost();
  }

  /** A person's deed, once the calls that were done before it are judged. */
  async #done(deed: string, who: string): Promise<void> {
    await this.#judging;
    await this.#vendor.deed(deed, who);
    this.#settled.delete(who);
    await this.#look();
  }

  #change(change: Change): void {
    const { binding, trust } = this.#party.kinds;
    if (change.kind === "trust") {
      const spec = this.#vendor.trustSpec(change.name, change.grants, change.place);
      this.#cluster.put({ kind: trust, name: change.name, spec });
      if (change.place === nowhere) this.#refused.add(change.name);
      else this.#refused.delete(change.name);
    } else if (change.kind === "bind") {
      const [namespace = "", name = ""] = change.who.split("/");
      const spec = { trust: change.trust, ...this.#vendor.bindingSpec(change.spec, change.place) };
      this.#cluster.put({ kind: "ServiceAccount", namespace, name });
      this.#cluster.put({ kind: binding, namespace, name, spec });
    } else if (change.kind === "touch") this.#cluster.touch(binding, change.who);
    else if (change.kind === "unbind") this.#cluster.remove(binding, change.who);
    else if (change.kind === "tear") this.#cluster.tearOut(binding, change.who);
    else if (change.kind === "end-trust") this.#cluster.remove(trust, change.name);
  }

  async #turn({ of, fates, held, meanwhile }: Turn): Promise<void> {
    const { clock } = this.#vendor;
    clock.move(5000);
    this.#cluster.read.clear();
    this.#acting = of;
    const stopping = new AbortController();
    const left = [...fates];
    let [calls, leases, isTroubled] = [0, held, false];
    this.#vendor.onCall = async ({ text }): Promise<CallFate> => {
      calls += 1;
      if (calls - 1 === meanwhile?.calls) {
        isTroubled = true;
        await this.#person(meanwhile.change);
      }
      const fate = left.shift() ?? "done";
      if (fate !== "done") isTroubled = true;
      this.#told(fate === "done" ? text : `${text} (${fate})`);
      if (fate === "stopped") stopping.abort(new PodtrustError("interrupted", "the process ends"));
      return fate;
    };
    const assertHeld = (): void => {
      leases -= 1;
      if (leases >= 0) return;
      isTroubled = true;
      throw new LeaseLost();
    };
    const [bindings, trusts] = this.#controllers;
    const controller = of.includes("/") ? bindings : trusts;
    let result: ReconcileResult = {};
    try {
      for (let again = 0; again <= maxAgain; again += 1) {
        result = (await controller?.reconcile(of, { signal: stopping.signal, assertHeld })) ?? {};
        if (isTroubled || !waited.has(result.unmet ?? "")) break;
        clock.move(result.againAfterMs ?? 0);
      }
    } catch (error) {
      // As the runner does: the turn comes again.
      if (!(error instanceof LeaseLost || error instanceof PodtrustError)) throw error;
      isTroubled = true;
    }
    this.#vendor.onCall = () => Promise.resolve("done");
    await this.#vendor.settleLate();
    await this.#judging;
    if (isTroubled || !of.includes("/")) return;
    // What is tried again soon is not done yet.
    if ((result.againAfterMs ?? Infinity) > soon) this.#assertCut(of);
    this.#settle(of);
  }

  /** What a binding had by its trust, and no grant allows any more, is gone after a turn of its own. */
  #assertCut(who: string): void {
    const trusts = this.#trustsOf(who);
    if (trusts.length === 0) return;
    for (const what of this.#own.get(this.#nameOf(who)) ?? []) {
      const one = this.#held.get(`${who} ${what}`);
      if (one === undefined || one.isForeign === true || one.isWithin(trusts)) continue;
      this.#faults.push(`after a turn of ${who} without trouble it may by ${what}: ${named(one.rights)}`);
    }
  }

  #settle(who: string): void {
    const [trust] = this.#trustsOf(who);
    if (trust === undefined || !this.#isReady(who)) return;
    const status = recordOf(this.#cluster.get(this.#party.kinds.binding, who)?.["status"]);
    const rights = this.#vendor.named(status, trust).map((what) => {
      const found = this.#held.get(`${who} ${what}`)?.rights ?? none;
      return [what, found] as const;
    });
    this.#settled.set(who, { by: this.#grantedBy(who), rights: new Map(rights) });
    const own = this.#own.get(this.#nameOf(who)) ?? new Set();
    this.#own.set(this.#nameOf(who), own);
    for (const [what] of rights) own.add(what);
  }

  /** A binding's name, its object's and its trust's: made anew, or by another trust, it is another. */
  #nameOf(who: string): string {
    const { binding, trust } = this.#party.kinds;
    const object = this.#cluster.get(binding, who);
    const name = String(recordOf(object?.["spec"])["trust"]);
    // A trust that was made anew does not know where the one of before had roles.
    return [who, object?.metadata.uid, name, this.#cluster.get(trust, name)?.metadata.uid]
      .map(String)
      .join(" ");
  }

  async #rush({ evil, many }: Rush): Promise<void> {
    const { binding: kind } = this.#party.kinds;
    const [bindings] = this.#controllers;
    const { concurrency = 0 } = bindings ?? {};
    const names = Array.from({ length: many }, (_, index) => `rush-${index}`);
    for (const [index, name] of names.entries()) {
      const spec = { trust: evil[index % evil.length], ...this.#vendor.bindingSpec(0, 0) };
      this.#cluster.put({ kind, namespace: "evil", name, spec });
    }
    if (bindings !== undefined)
      for (const [namespace, turns] of await turnsAtOnce(bindings))
        if (turns > concurrency / 2)
          this.#faults.push(`${namespace} has ${turns} of the operator's ${concurrency} turns`);
    for (const name of names) this.#cluster.tearOut(kind, `evil/${name}`);
  }
}
