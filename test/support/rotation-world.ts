import {
  emptyRecord,
  type FileTarget,
  judgeAbort,
  judgeFinishPublication,
  judgeFinishVerifiers,
  judgePrepare,
  judgePromote,
  keyAcross,
  type MoveVerdict,
  observe,
  oldestPrevious,
  prepareSteps,
  recordEnd,
  recordNext,
  recordPromotion,
  recordWithdrawal,
  removeSteps,
  type RotationFacts,
  type RotationRecord,
  type ServerTarget,
  signSteps,
} from "../../src/rules/rotation/index.ts";
import { hour, minute } from "./rotation-facts.ts";

/** What the world may have a person, a machine or time do. */
export type WorldAction =
  | { readonly do: "wait"; readonly ms: number; readonly stale: number }
  | { readonly do: "restart"; readonly server: number }
  /** What `rotate status` does: what is seen is remembered. */
  | { readonly do: "look" }
  | { readonly do: "move"; readonly move: Move; readonly cut: number; readonly pause: number };

export type Move = "prepare" | "promote" | "finish publication" | "finish verifiers" | "abort";

interface ModelServer {
  readonly name: string;
  files: FileTarget;
  privates: readonly string[];
  verifies: readonly string[];
  signs: string;
}

interface ModelToken {
  readonly kid: string;
  readonly expires: number;
  readonly outside: boolean;
}

const times = { poll: 2 * minute, publisherCache: 5 * minute, relyingPartyCache: hour } as const;
const outsideLife = 2 * hour;
const apiLife = hour;

/**
 * A cluster, its publisher and a relying party that keeps what it has: a publisher that sees one API server at a look, a cache
 * between that may hand out what was true `publisherCache` ago, and a relying party that looks again only when its
 * `relyingPartyCache` is over. Whoever refuses a valid token is noted in `refused`.
 */
export class RotationWorld {
  readonly refused: string[] = [];
  readonly allowed: Move[] = [];
  readonly servers: readonly ModelServer[];
  record: RotationRecord = emptyRecord;
  #now = 0;
  #made = 0;
  #polledAt = 0;
  #turn = 0;
  #distrusted = new Set<string>();
  #published: readonly { readonly at: number; readonly kids: readonly string[] }[];
  #kept: { readonly at: number; readonly kids: readonly string[] };
  #tokens: ModelToken[] = [];

  constructor(count: number) {
    this.servers = Array.from({ length: count }, (_none, index) => ({
      name: `server-${index}`,
      files: { verify: ["first"], signing: "first" },
      privates: ["first"],
      verifies: ["first"],
      signs: "first",
    }));
    this.#published = [{ at: -hour, kids: ["first"] }];
    this.#kept = { at: 0, kids: ["first"] };
  }

  act(action: WorldAction): void {
    if (action.do === "wait") this.#wait(action.ms, action.stale);
    else if (action.do === "restart") this.restart(action.server);
    else if (action.do === "look") this.#facts();
    else this.#move(action.move, action.cut, action.pause);
  }

  /** A server takes up what its files say. */
  restart(index: number): void {
    const server = this.servers[index % this.servers.length];
    if (server === undefined) return;
    server.verifies = server.files.verify;
    server.signs = server.files.signing;
    this.#check();
  }

  /** The documented example of k3s: the new key is put first, and each server is started anew. */
  asDocumentedByK3s(): void {
    for (const [index, server] of this.servers.entries()) {
      server.privates = [...server.privates, "second"];
      server.files = { verify: ["second", ...server.files.verify], signing: "second" };
      this.restart(index);
      this.#wait(minute, 0);
    }
  }

  #wait(ms: number, stale: number): void {
    // Not longer than a poll at a time, so that nothing is missed that happens in between.
    for (let left = ms; left > 0; left -= times.poll) {
      this.#now += Math.min(left, times.poll);
      this.#poll();
      if (this.#now - this.#kept.at >= times.relyingPartyCache) this.#fetch(stale);
      this.#check();
    }
  }

  #poll(): void {
    if (this.#now - this.#polledAt < times.poll) return;
    this.#polledAt = this.#now;
    const one = this.servers[(this.#turn += 1) % this.servers.length];
    const seen = new Set([...this.#publishedNow(), ...(one?.verifies ?? [])]);
    this.#publish([...seen].filter((kid) => !this.#distrusted.has(kid)));
  }

  #publishedNow(): readonly string[] {
    return this.#published.at(-1)?.kids ?? [];
  }

  #publish(kids: readonly string[]): void {
    this.#published = [...this.#published.slice(-400), { at: this.#now, kids }];
  }

  #fetch(stale: number): void {
    const at = this.#now - Math.min(stale, times.publisherCache);
    const kids = this.#published.findLast((one) => one.at <= at)?.kids ?? [];
    this.#kept = { at: this.#now, kids };
  }

  #check(): void {
    for (const { signs } of this.servers) {
      for (const [outside, life] of [
        [true, outsideLife],
        [false, apiLife],
      ] as const) {
        const known = this.#tokens.findIndex((one) => one.kid === signs && one.outside === outside);
        if (known >= 0) this.#tokens.splice(known, 1);
        this.#tokens.push({ kid: signs, outside, expires: this.#now + life });
      }
    }
    this.#tokens = this.#tokens.filter(({ expires }) => expires > this.#now);
    for (const { kid, outside } of this.#tokens) {
      const lacking = outside
        ? [{ name: "the relying party", kids: this.#kept.kids }]
        : this.servers.map(({ name, verifies }) => ({ name, kids: verifies }));
      for (const { name, kids } of lacking)
        if (!kids.includes(kid)) this.refused.push(`${name} refuses a token of ${kid} at ${this.#now}`);
    }
  }

  #facts(): RotationFacts {
    const facts: RotationFacts = {
      now: this.#now,
      servers: this.servers.map(({ name, verifies, signs, files, privates }) => ({
        name,
        verifies,
        signs,
        files: { ...files, privates },
        stale: undefined,
      })),
      unanswered: [],
      published: [{ where: "over IPv4", kids: this.#publishedNow() }],
      record: this.record,
      times,
      lives: {
        outside: { ms: outsideLife, of: "a pod" },
        api: { ms: apiLife, of: "a pod" },
        extended: undefined,
        lasting: [],
      },
      legacy: [],
    };
    this.record = observe(facts);
    return { ...facts, record: this.record };
  }

  #judge(move: Move, facts: RotationFacts): MoveVerdict {
    if (move === "prepare") return judgePrepare(facts);
    if (move === "promote") return judgePromote(facts);
    if (move === "abort") return judgeAbort(facts);
    // Of verifiers the key is meant that is published no more.
    const kid =
      move === "finish verifiers"
        ? facts.servers.flatMap(({ verifies }) => verifies).find((one) => !keyAcross(facts, one).published)
        : oldestPrevious(facts);
    if (kid === undefined) return { is: "done", why: "nothing is left" };
    return (move === "finish verifiers" ? judgeFinishVerifiers : judgeFinishPublication)(facts, kid);
  }

  #move(move: Move, cut: number, pause: number): void {
    const facts = this.#facts();
    const verdict = this.#judge(move, facts);
    if (verdict.is !== "allowed") return;
    this.allowed.push(move);
    const kid = verdict.kid === "" ? `made-${(this.#made += 1)}` : verdict.kid;
    if (move === "finish publication") {
      this.record = recordWithdrawal(this.record, kid, this.#now);
      this.#distrusted.add(kid);
      this.#publish(this.#publishedNow().filter((one) => one !== kid));
      return;
    }
    if (verdict.kid === "") this.record = recordNext(this.record, kid);
    const before = facts.servers[0]?.signs ?? "";
    if (move === "promote") this.record = recordPromotion(this.record, { next: kid, before }, this.#now);
    const dropped = move === "finish verifiers" || (move === "abort" && kid === this.record.next);
    const steps = dropped
      ? removeSteps(facts, kid)
      : (move === "prepare" ? prepareSteps : signSteps)(facts, kid);
    if (this.#carryOut(steps, kid, cut, pause) && move === "abort") this.record = recordEnd(this.record, kid);
  }

  /** Each step is a file and a start; `cut` says after how many of those the run is ended. True where none was cut. */
  #carryOut(steps: readonly ServerTarget[], kid: string, cut: number, pause: number): boolean {
    let left = cut;
    for (const { server: name, target } of steps) {
      const index = this.servers.findIndex((one) => one.name === name);
      const server = this.servers[index];
      if (server === undefined) throw new TypeError(`no server ${name}`);
      if ((left -= 1) < 0) return false;
      server.privates = [...new Set([...server.privates, kid])];
      server.files = target;
      this.#wait(pause, 0);
      if ((left -= 1) < 0) return false;
      this.restart(index);
      this.#wait(pause, 0);
    }
    return true;
  }
}
