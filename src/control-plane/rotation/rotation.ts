import { errorText, isoTime, PodtrustError, until } from "../../core/base/index.ts";
import {
  type AcceptedLoss,
  type FileTarget,
  isSealed,
  isUnderWay,
  judgeAbort,
  judgeFinishPublication,
  judgeFinishVerifiers,
  judgePrepare,
  judgePromote,
  keyAcross,
  keysAcross,
  type MoveRefusal,
  type MoveVerdict,
  oldestPrevious,
  prepareSteps,
  recordEnd,
  recordNext,
  recordPromotion,
  type RotationFacts,
  type RotationRecord,
  recordWithdrawal,
  refusedOf,
  removeSteps,
  type ServerTarget,
  signSteps,
} from "../../rules/rotation/index.ts";
import { refusedText } from "../../rules/oidc/index.ts";
import { lookAt } from "./look.ts";
import type { RotatedServer, RotationAlgorithm } from "./rotated-server.ts";
import type { RotationView } from "./sources.ts";
import type { RotationDeps } from "./rotation-deps.ts";
import { makeSealedKey, openSealedKey } from "./sealed-key.ts";
import { settledWith, steadyView, untilPublished } from "./settle.ts";

type MoveJudge = (facts: RotationFacts) => MoveVerdict;
type Allowed = Extract<MoveVerdict, { is: "allowed" }>;

/** What a run may leave to a person. */
export type LeftMove = "finish publication" | "finish verifiers";

const maxDelay = 60_000;

/** The error of a move that is refused; `detail.from` says from when it will be allowed, if that is known. */
function refusalOf(verdict: Extract<MoveVerdict, { is: "refused" }>): PodtrustError {
  const { reason, message, next, from } = verdict;
  const when = from === undefined ? "" : `; allowed from ${isoTime(from)}`;
  return new PodtrustError("rotation-refused", `${message}${when}`, { next, detail: { reason, from } });
}

/**
 * A rotation of a cluster's signing key. Each move looks first, is judged by what is seen (`rules/rotation/`), changes
 * one API server, waits until that runs with its keys, and looks again: after an interruption anywhere, call it again to
 * continue.
 *
 * Moves throw `rotation-refused` with the reason and the time from which they will be allowed, `rotation-not-settled`,
 * `rotation-elsewhere`, and what the machines and the cluster do.
 */
export class Rotation {
  readonly #deps: RotationDeps;

  constructor(deps: RotationDeps) {
    this.#deps = deps;
  }

  look(): Promise<RotationView> {
    const { clock, signal } = this.#deps;
    return lookAt(this.#deps, clock.now(), signal);
  }

  /**
   * A next key is in every verifier and published, and signs nothing. With `recipients` (age1…) its private half is on no machine
   * until it is promoted, but encrypted to them beside the record on each machine.
   */
  async prepare(algorithm: RotationAlgorithm, recipients: readonly string[] = []): Promise<void> {
    const { facts } = await this.#steady();
    const verdict = judgePrepare(facts, algorithm);
    if (verdict.is === "refused") throw refusalOf(verdict);
    if (verdict.is === "allowed" && verdict.kid === "") await this.#make(facts, algorithm, recipients);
    await this.#carryOut(judgePrepare, prepareSteps, async (server, kid, seen) => {
      if (!isSealed(seen.record, kid)) await this.#distribute(server, kid);
    });
    await this.#seenOutside();
  }

  /** The next key signs, server by server. As an answer to a theft whatever runs: with what will be started. */
  async promote(why: "change" | "theft" = "change"): Promise<void> {
    await this.#carryOut(promoteJudge(why), signSteps, async (server, kid, facts) => {
      if (isSealed(facts.record, kid)) await this.#unseal(server, kid, facts.record);
      const before = facts.servers.find(({ signs }) => signs !== kid)?.signs ?? "";
      await server.keepSigner(this.#deps.signal);
      await this.#keep(recordPromotion(facts.record, { next: kid, before }, facts.now));
    });
    // That every API server signs with it is remembered by a look, from which the old key's end is counted.
    const { facts } = await this.look();
    const [signing] = facts.servers.map(({ signs }) => signs);
    if (signing !== undefined && facts.record.next === undefined)
      await this.#unhindered(({ record, signal }) => record.forgetHalf(signing, signal));
    for (const { name, signs, controllerManager = [] } of facts.servers) {
      const others = controllerManager.filter((kid) => kid !== signs);
      if (others.length > 0)
        this.#deps.onStep(
          `${name}: its controller manager still signs tokens in Secrets with ${others.join(", ")}, until --service-account-private-key-file names another key.`,
        );
    }
  }

  /** The same, once it is allowed: waits as long as only time prevents it. */
  async promoteInTime(why: "change" | "theft" = "change"): Promise<void> {
    await this.#allowed(promoteJudge(why));
    await this.promote(why);
  }

  /** A previous key leaves what is published. `accepted`: pods whose copies of its tokens a person gives up. */
  async finishPublication(kid?: string, accepted?: AcceptedLoss): Promise<string | undefined> {
    const { facts } = await this.look();
    const one = kid ?? oldestPrevious(facts);
    if (one === undefined) return undefined;
    const verdict = judgeFinishPublication(facts, one, accepted);
    if (verdict.is === "refused") throw refusalOf(verdict);
    if (verdict.is === "allowed") await this.#withdraw(facts, one, verdict.why);
    return one;
  }

  /** A previous key leaves the API servers. */
  async finishVerifiers(kid?: string, accepted?: AcceptedLoss): Promise<string | undefined> {
    const { facts } = await this.look();
    const one = kid ?? verifiedOnly(facts);
    if (one === undefined) return undefined;
    await this.#carryOut((seen) => judgeFinishVerifiers(seen, one, accepted), removeSteps);
    await this.#forget(one);
    return one;
  }

  /** Back to the key that signed before, or without the next one. */
  async abort(): Promise<void> {
    const { facts } = await this.look();
    const kid = await this.#carryOut(judgeAbort, (seen, one) =>
      one === seen.record.next ? removeSteps(seen, one) : signSteps(seen, one),
    );
    if (kid === undefined) return;
    if (kid === facts.record.next) await this.#forget(kid);
    const { facts: after } = await this.look();
    await this.#keep(recordEnd(after.record, kid));
  }

  /**
   * All of it with its waits: prepare, promote, a next key again, and the end of the old one's publication. `onLeft` is called
   * with the move that is left to do then, why, and from when. What only a person can give up ends it there, too.
   */
  async run(
    algorithm: RotationAlgorithm,
    onLeft: (move: LeftMove, text: string, from: number | undefined) => void,
    recipients: readonly string[] = [],
  ): Promise<void> {
    const { record } = (await this.look()).facts;
    if (isUnderWay(record)) await this.promote();
    // A promotion that an earlier run has finished is not repeated: only the end of its old key is left.
    else if (record.before === undefined) {
      await this.prepare(algorithm, recipients);
      await this.promoteInTime();
    }
    const { facts } = await this.look();
    const old = facts.record.before ?? oldestPrevious(facts);
    await this.prepare(algorithm, recipients);
    if (old === undefined) return;
    const ended = await this.#allowed((seen) => judgeFinishPublication(seen, old), "copies-live");
    if (ended?.is === "refused")
      return onLeft("finish publication", `${ended.message}. ${ended.next}`, undefined);
    await this.finishPublication(old);
    const last = judgeFinishVerifiers((await this.look()).facts, old);
    if (last.is === "refused") onLeft("finish verifiers", last.message, last.from);
    else if (last.is === "allowed") onLeft("finish verifiers", last.why, undefined);
    return undefined;
  }

  /** Gives a stolen key up: the publisher drops it at once, whatever tokens of it live. */
  async distrust(kid: string): Promise<void> {
    const { facts } = await this.look();
    await this.#withdraw(facts, kid, "it is distrusted");
  }

  async #make(
    facts: RotationFacts,
    algorithm: RotationAlgorithm,
    recipients: readonly string[],
  ): Promise<void> {
    const { servers, record, signal, onStep } = this.#deps;
    if (recipients.length > 0) {
      const { kid, sealed } = await makeSealedKey(algorithm, recipients);
      // Before anything else knows of it: the record alone makes no key.
      await record.holdHalf({ kid, ...sealed }, signal);
      await this.#keep(recordNext(facts.record, kid, sealed));
      onStep(`The key ${kid} was made (${algorithm}) and encrypted; no machine has its private half.`);
      return;
    }
    const [first] = servers;
    if (first === undefined) throw new TypeError("a cluster without an API server");
    const kid = await first.makeKey(algorithm, signal);
    const publicKey = await first.publicHalf(kid, signal);
    if (publicKey === undefined) throw new TypeError(`${first.name} lacks the key that it made`);
    await record.holdHalf({ kid, publicKey }, signal);
    await this.#keep(recordNext(facts.record, kid));
    onStep(`${first.name}: the key ${kid} was made (${algorithm}); it signs nothing.`);
  }

  /** The machines that have the private half of a key. */
  async #holdersOf(kid: string): Promise<readonly RotatedServer[]> {
    const { servers, signal } = this.#deps;
    const holders: RotatedServer[] = [];
    for (const one of servers) {
      const { keys } = await one.look(signal);
      if (keys.files.privates.includes(kid)) holders.push(one);
    }
    return holders;
  }

  /** The private half of an encrypted key reaches a machine. */
  async #unseal(server: RotatedServer, kid: string, { sealed }: RotationRecord): Promise<void> {
    const { identities = [], signal } = this.#deps;
    if (sealed === undefined || (await this.#holdersOf(kid)).includes(server)) return;
    if (identities.length === 0) {
      throw new PodtrustError("rotation-refused", `the private half of ${kid} is encrypted`, {
        next: "Give the file of the age identity that opens it: --identity FILE.",
        detail: { reason: "private-half-encrypted" },
      });
    }
    await server.putKey(kid, await openSealedKey(kid, sealed, identities), signal);
  }

  /** The private half of a key reaches a machine, encrypted, from one that has it. */
  async #distribute(server: RotatedServer, kid: string): Promise<void> {
    const { signal } = this.#deps;
    const holders = await this.#holdersOf(kid);
    if (holders.includes(server)) return;
    const [from] = holders;
    if (from === undefined) {
      throw new PodtrustError("rotation-refused", `the private half of ${kid} is on no machine any more`, {
        next: "Run podtrust rotate abort, then podtrust rotate prepare for another key.",
        detail: { reason: "private-half-missing" },
      });
    }
    const sealed = await from.sealKey(kid, await server.recipient(signal), signal);
    await server.takeKey(kid, sealed, signal);
  }

  /** Changes server by server what a move is allowed to. Gives the key that it was about. */
  async #carryOut(
    judge: MoveJudge,
    steps: (facts: RotationFacts, kid: string) => readonly ServerTarget[],
    before?: (server: RotatedServer, kid: string, facts: RotationFacts) => Promise<void>,
  ): Promise<string | undefined> {
    const about = await this.#changeAll(judge, steps, before);
    await this.#deps.onMoved();
    return about;
  }

  /** Judges a move anew before each server. */
  async #changeAll(
    judge: MoveJudge,
    steps: (facts: RotationFacts, kid: string) => readonly ServerTarget[],
    before?: (server: RotatedServer, kid: string, facts: RotationFacts) => Promise<void>,
  ): Promise<string | undefined> {
    let about: string | undefined;
    // Of this run alone: what a run before it left half done is given once more.
    let given = "";
    for (;;) {
      const { facts } = await this.#steady();
      const verdict: MoveVerdict = judge(facts);
      if (verdict.is === "refused") throw refusalOf(verdict);
      if (verdict.is === "done") return about;
      about = verdict.kid;
      const [step] = steps(facts, verdict.kid);
      if (step === undefined) return about;
      const server = this.#deps.servers.find(({ name }) => name === step.server);
      if (server === undefined) throw new TypeError(`no server ${step.server}`);
      await before?.(server, verdict.kid, facts);
      const isStored = given === JSON.stringify(step.target);
      await this.#change(server, step.target, { record: facts.record, isStored });
      given = JSON.stringify(step.target);
    }
  }

  async #change(
    server: RotatedServer,
    target: FileTarget,
    { record: { next, sealed }, isStored }: { readonly record: RotationRecord; readonly isStored: boolean },
  ): Promise<void> {
    const { signal, onStep } = this.#deps;
    const encrypted = sealed === undefined || next === undefined ? [] : [[next, sealed.publicKey] as const];
    await server.write(target, signal, { sealed: new Map(encrypted), isStored });
    await settledWith(server, target, this.#deps);
    onStep(`${server.name}: signs with ${target.signing}, verifies ${target.verify.join(", ")}.`);
  }

  #steady(): Promise<RotationView> {
    return steadyView(() => this.look(), this.#deps);
  }

  async #withdraw(facts: RotationFacts, kid: string, why: string): Promise<void> {
    await this.#keep(recordWithdrawal(facts.record, kid, facts.now));
    await this.#deps.withdraw(kid);
    const refused = refusedText(refusedOf(facts, kid), { now: facts.now, time: isoTime });
    this.#deps.onStep(`${kid} is published no more: ${why}. ${refused}`);
    await this.#until("what is published", async () => {
      const view = await this.look();
      return keyAcross(view.facts, kid).published
        ? `${kid} is still published as seen from outside`
        : undefined;
    });
    await this.#deps.onWithdrawn?.(kid);
  }

  async #forget(kid: string): Promise<void> {
    const { servers, signal } = this.#deps;
    for (const server of servers) await server.forgetKey(kid, signal);
    await this.#deps.record.forgetHalf(kid, signal);
  }

  #keep(record: RotationRecord): Promise<void> {
    return this.#unhindered((deps) => deps.record.keep(record, deps.signal));
  }

  /** Throws what the record's store does, unless that is only said: then this run goes on by what it knows. */
  async #unhindered(work: (deps: RotationDeps) => Promise<void>): Promise<void> {
    const { onUnkept, signal } = this.#deps;
    try {
      await work(this.#deps);
    } catch (error) {
      signal.throwIfAborted();
      if (onUnkept === undefined || !(error instanceof PodtrustError)) throw error;
      onUnkept(errorText(error));
    }
  }

  /** Waits until the next key is seen from outside, from when on its age counts. */
  async #seenOutside(): Promise<void> {
    await this.#until("the publisher", async () => {
      const { facts, unpublished } = await this.look();
      const { next } = facts.record;
      if (next === undefined) return undefined;
      const { unpublishedOn } = keyAcross(facts, next);
      if (facts.published.length > 0 && unpublishedOn.length === 0) return undefined;
      const why = unpublished.length === 0 ? "" : ` (${unpublished.join("; ")})`;
      return `${next} is not yet published as seen from outside ${unpublishedOn.join(" and ")}${why}`;
    });
  }

  #until(what: string, missing: () => Promise<string | undefined>): Promise<void> {
    const late = (reason: string): PodtrustError =>
      new PodtrustError("rotation-not-settled", `${what}: not within 10 minutes; last: ${reason}`, {
        next: "Look with podtrust rotate status why, then run the same command again: it continues where it was.",
      });
    return untilPublished(missing, late, this.#deps);
  }

  /**
   * Waits until a move is allowed, as long as only time prevents it; gives the refusal of the reason that `orUntil` names.
   */
  async #allowed(
    judge: MoveJudge,
    orUntil?: MoveRefusal["reason"],
  ): Promise<Allowed | MoveRefusal | undefined> {
    const { clock, signal, onWait } = this.#deps;
    let left = 0;
    return until<Allowed | MoveRefusal | undefined>({
      clock,
      // Each refusal says its own end; a person ends the wait by a signal.
      withinMs: Number.MAX_SAFE_INTEGER,
      delays: [1000],
      signal,
      onWait: (reason) => onWait(reason, left),
      look: async () => {
        const { facts } = await this.look();
        const verdict = judge(facts);
        if (verdict.is === "allowed") return { is: verdict };
        if (verdict.is === "done") return { is: undefined };
        if (verdict.reason === orUntil) return { is: verdict };
        if (verdict.from === undefined) throw refusalOf(verdict);
        left = Math.max(1000, verdict.from - facts.now);
        return { waitsFor: verdict.message, minDelay: Math.min(left, maxDelay) };
      },
      late: (reason) => new PodtrustError("rotation-not-settled", reason),
    });
  }
}

/** Judges a promotion; one that answers a theft is not stopped by a server that runs with something else than it will be started with. */
const promoteJudge =
  (why: "change" | "theft"): MoveJudge =>
  (facts) =>
    judgePromote(facts, why === "theft");

/** A previous key that is verified and no longer published. */
function verifiedOnly(facts: RotationFacts): string | undefined {
  return keysAcross(facts).find(({ state, published }) => state === "previous" && !published)?.kid;
}
