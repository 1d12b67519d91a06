import { randomInt } from "node:crypto";
import {
  type Clock,
  defined,
  errorText,
  isoTime,
  type Logger,
  PodtrustError,
} from "../../core/base/index.ts";
import type { PublicJwk } from "../../rules/keys/index.ts";
import type { PublishedCluster } from "./published-cluster.ts";
import type { RefusalReason } from "../status.ts";
import { explainUnauthenticated } from "./credential.ts";
import { type PublishedDocuments, renderDocuments } from "./documents.ts";
import { foreignKeys } from "./former.ts";
import { type PublishedUrls, judge, type Observation, refusalOf } from "./judge.ts";
import { logEvents } from "./log.ts";
import type { KeyTimes } from "./key-status.ts";
import { mergeStates } from "./merge-states.ts";
import { isListed } from "./distrust.ts";
import type { KeyRing } from "./keys.ts";
import {
  distrust,
  distrustByConfig,
  emptyState,
  hear,
  observe,
  type SourceState,
  type SourceStep,
  handedOver,
  restore,
} from "./state.ts";
import type { DocumentStore } from "./store.ts";
import type { Restored } from "./stored-state.ts";
import { TokenRenewal } from "./token-renewal.ts";

export interface SourceOptions {
  readonly names: PublishedUrls;
  readonly cluster: PublishedCluster;
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What its keys' times depend on; they are kept for `keyRetention`, and read every `poll`. */
  readonly times: () => KeyTimes;
  /** Issuers that the cluster's tokens may name in place of ours. */
  readonly formerIssuers: readonly string[];
  /** Key IDs that the config lists as distrusted. */
  readonly listed: readonly string[];
  /** Publish even if earlier distrusts cannot be read, and if a cluster shows none of the earlier keys. */
  readonly acceptKeys: boolean;
  /** Called at once whenever other documents are to be served. */
  readonly publish: (documents: PublishedDocuments) => void;
  /** Called after each look at the cluster. */
  readonly looked?: () => void;
}

/** Counts since the start, for metrics. */
export interface SourceTallies {
  confirmed: number;
  readonly refused: Map<RefusalReason, number>;
  unsaved: number;
  /** Looks at what replicas share that no replica wrote. */
  forged: number;
}

/** Result of an operator's request. */
interface Changed {
  readonly changed: boolean;
  /** False if a place that stores it refused. */
  readonly persisted: boolean;
}

/** For how long the status tells that what replicas share was forged: it is put right at once. */
const forgedFor = 86_400_000;

/** How often times of sightings are written to the disk; changes are written at once. */
const saveEvery = 300_000;

/**
 * The documents of one issuer: polls the cluster, judges its answers, and publishes what may be published. Whatever
 * goes wrong, the last good documents stay.
 */
export class IssuerSource {
  readonly tallies: SourceTallies = { confirmed: 0, refused: new Map(), unsaved: 0, forged: 0 };
  readonly #options: SourceOptions;
  readonly #ending = new AbortController();
  readonly #renewal: TokenRenewal;
  #state: SourceState = emptyState;
  #documents: PublishedDocuments | undefined;
  #diskWarning: string | undefined;
  #held: string | undefined;
  #unproven: { readonly why: string; readonly isForged: boolean; readonly at: number } | undefined;
  #notice: string | undefined;
  #loop: Promise<void> | undefined;
  #looking: Promise<void> | undefined;
  #saving: Promise<boolean> = Promise.resolve(true);
  #saved: SourceState | undefined;
  #unsavedChange = false;
  #unsubscribe: (() => void) | undefined;

  constructor(options: SourceOptions) {
    this.#options = options;
    this.#renewal = new TokenRenewal(options);
  }

  get state(): SourceState {
    return this.#state;
  }

  get documents(): PublishedDocuments | undefined {
    return this.#documents;
  }

  /** Problems of the disk, and what was lost before the start, in sentences. */
  get storeWarnings(): readonly string[] {
    const { why, at = -Infinity, isForged = false } = this.#unproven ?? {};
    const { store, clock } = this.#options;
    const forged = isForged && clock.now() - at < forgedFor ? `${isoTime(at)}: ${why}` : undefined;
    return [this.#diskWarning, forged, store.lacking?.(), this.#notice].flatMap((one) => one ?? []);
  }

  /** Why nothing is published until earlier distrusts can be read, in a sentence. */
  get held(): string | undefined {
    return this.#held;
  }

  /** Publishes what the disk holds, or what a predecessor knew, then polls the cluster until `close`. */
  async start(predecessor?: SourceState): Promise<void> {
    if (predecessor === undefined) this.#restore(await this.#options.store.load());
    else this.#state = predecessor;
    this.#takeListed();
    this.#render();
    this.#unsubscribe = this.#options.store.onChange?.(() => void this.#othersSaved());
    this.#loop = this.#run(this.#ending.signal);
  }

  /** Reads the cluster once; joins a read in progress. Never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  /** Throws what `distrust` of the state throws. Returns whether it changed something and is on disk. */
  distrust(kid: string, force: boolean): Promise<Changed> {
    return this.#change(distrust(this.#state, kid, { now: this.#options.clock.now(), force }));
  }

  /** Throws `publisher-key-distrusted`. Returns whether it changed something and is on disk. */
  handOver(jwk: PublicJwk): Promise<Changed> {
    this.#checkListed(jwk);
    return this.#change(handedOver(this.#state, jwk, this.#options.clock.now()));
  }

  #checkListed(jwk: PublicJwk): void {
    if (!isListed(this.#options.listed, jwk)) return;
    throw new PodtrustError(
      "publisher-key-listed",
      `the config lists ${jwk.kid} in publisher.distrusted: it would be taken out again at once`,
      { detail: { kid: jwk.kid } },
    );
  }

  /** Throws `publisher-key-unknown`. Returns whether it changed something and is on disk. */
  restore(kid: string): Promise<Changed> {
    const { clock, times } = this.#options;
    const key = this.#state.ring.find(({ jwk }) => jwk.kid === kid);
    if (key !== undefined) this.#checkListed(key.jwk);
    return this.#change(restore(this.#state, kid, { now: clock.now(), keyRetention: times().keyRetention }));
  }

  /** Stops polling, and saves what was seen last. */
  async close(): Promise<void> {
    this.#ending.abort(new Error("the publisher is ending"));
    this.#unsubscribe?.();
    await this.#loop;
    await this.#save();
  }

  #restore(restored: Restored): void {
    const { logger, listed, acceptKeys, store } = this.#options;
    const { state, said, warning, notice, unread } = restored;
    this.#state = state;
    this.#saved = state;
    this.#prove(restored);
    this.#hear(said);
    this.#diskWarning = warning;
    this.#notice =
      notice ??
      (restored.empty === true && listed.length > 0
        ? `${store.place} is empty, and the config lists distrusted keys (${listed.join(", ")}): they stay out; what else an earlier publisher of this stack knew is lost.`
        : undefined);
    const held = acceptKeys ? undefined : unread;
    if (warning !== undefined && (held === undefined || held !== this.#held)) logger.error(warning);
    if (this.#notice !== undefined) logger.warn(this.#notice);
    this.#held = held;
  }

  /** Whether the keys that the cluster shows may be published: only once their distrusts are known. */
  async #mayPublish(): Promise<boolean> {
    if (this.#held === undefined) return true;
    this.#restore(await this.#options.store.load());
    if (this.#held !== undefined) return false;
    this.#takeListed();
    this.#render();
    this.#options.logger.info("what was distrusted before can be read again");
    return true;
  }

  /**
   * Whether a replica wrote what replicas share. What one did not write is replaced at the next look, and so is what has
   * lost a distrust of ours: an old copy was put back.
   */
  #prove({ state, unproven }: Restored): void {
    const { logger, clock } = this.#options;
    const kept = new Set(state.ring.flatMap((key) => (key.distrustedAt === undefined ? [] : [key.jwk.kid])));
    const isOld = this.#state.ring.some((key) => key.distrustedAt !== undefined && !kept.has(key.jwk.kid));
    this.#unsavedChange ||= isOld || unproven?.isForged === true;
    const before = this.#unproven;
    if (unproven === undefined) {
      if (before?.isForged === false) this.#unproven = undefined;
      return;
    }
    const { isForged, why } = unproven;
    if (isForged) this.tallies.forged += 1;
    if (before?.why !== why) logger[isForged ? "error" : "warn"](why);
    this.#unproven = { ...unproven, at: clock.now() };
  }

  /** What is said where others may write; nothing new if that could not be read. */
  #hear(said: KeyRing | undefined): void {
    if (said !== undefined) this.#take(hear(this.#state, said, this.#options.clock.now()));
  }

  #takeListed(observation?: Observation): void {
    const { clock, listed } = this.#options;
    const shown = observation?.ok === true ? observation.keys : [];
    this.#take(distrustByConfig(this.#state, shown, listed, clock.now()));
  }

  async #change(step: SourceStep): Promise<Changed> {
    this.#take(step);
    return { changed: step.changed, persisted: await this.#save() };
  }

  /** What another replica knows holds here too, at once. */
  async #othersSaved(): Promise<void> {
    const restored = await this.#options.store.load();
    const { state, said, warning } = restored;
    if (this.#held !== undefined || warning !== undefined || this.#ending.signal.aborted) return;
    this.#join(state);
    this.#prove(restored);
    this.#hear(said);
  }

  #join(theirs: SourceState): void {
    const { clock, times } = this.#options;
    const { keyRetention } = times();
    const unsaved = this.#unsavedChange;
    this.#take(mergeStates(this.#state, theirs, { now: clock.now(), keyRetention }));
    // It was read from the same store.
    this.#unsavedChange = unsaved;
    this.#options.looked?.();
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, times } = this.#options;
    while (!signal.aborted) {
      await this.look();
      const { poll } = times();
      // ±10 %: publishers that started together drift apart.
      const jitter = randomInt(0, Math.max(1, Math.round(poll / 5))) - poll / 10;
      await clock.sleep(poll + jitter, signal).catch(() => {});
    }
  }

  async #observation(): Promise<Observation> {
    const { cluster, names, formerIssuers, clock } = this.#options;
    try {
      const documents = await cluster.oidcDocuments({ signal: this.#ending.signal });
      const credential = cluster.sentCredential?.();
      return { ...judge(documents, names, formerIssuers), ...defined({ credential }) };
    } catch (thrown) {
      const credential = cluster.sentCredential?.();
      const refusal = explainUnauthenticated(refusalOf(thrown), credential, clock.now());
      return { ok: false, refusal, ...defined({ credential }) };
    }
  }

  /** The observation; refused if it is of another cluster than what is published. */
  #ownKeys(observation: Observation): Observation {
    const { clock, times, acceptKeys } = this.#options;
    if (acceptKeys) return observation;
    const { keyRetention } = times();
    const refusal = foreignKeys(this.#state.ring, observation, { now: clock.now(), keyRetention });
    const { credential } = observation;
    return refusal === undefined ? observation : { ok: false, refusal, ...defined({ credential }) };
  }

  async #look(): Promise<void> {
    if (!(await this.#mayPublish())) {
      this.#options.looked?.();
      return;
    }
    const observation = this.#ownKeys(await this.#observation());
    if (this.#ending.signal.aborted) return;
    const { clock, times } = this.#options;
    this.#takeListed(observation);
    this.#take(observe(this.#state, observation, clock.now(), times()));
    if (this.#state.failing === undefined) this.tallies.confirmed += 1;
    else {
      const { reason } = this.#state.failing;
      this.tallies.refused.set(reason, (this.tallies.refused.get(reason) ?? 0) + 1);
    }
    this.#options.looked?.();
    if (observation.ok) await this.#renewal.renew(observation.credential, this.#ending.signal);
    if (this.#worthSaving()) await this.#save();
  }

  #take(step: SourceStep): void {
    this.#state = step.state;
    this.#unsavedChange ||= step.changed;
    if (step.changed) this.#render();
    logEvents(this.#options.logger, step.events);
  }

  #render(): void {
    const documents = renderDocuments(this.#state.ring, this.#options.names);
    if (documents === undefined) return;
    this.#documents = documents;
    this.#options.publish(documents);
  }

  #worthSaving(): boolean {
    const [now, last] = [this.#state, this.#saved];
    if (now.confirmedAt === undefined) return false;
    if (last?.confirmedAt === undefined || this.#unsavedChange) return true;
    if (this.#diskWarning !== undefined) return true;
    const absent = (state: SourceState): string => JSON.stringify(state.ring.map((key) => key.absentSince));
    if (absent(now) !== absent(last)) return true;
    // The shorter keys are kept, the more precise their times have to be.
    const every = Math.min(saveEvery, this.#options.times().keyRetention / 20);
    return Math.abs(now.confirmedAt - last.confirmedAt) >= every;
  }

  /** Writes one after the other, always the newest; false if the disk refused. */
  #save(): Promise<boolean> {
    this.#saving = this.#saving.then(() => this.#write());
    return this.#saving;
  }

  async #write(): Promise<boolean> {
    const state = this.#state;
    const nothing = state.ring.length === 0 && (this.#saved?.ring.length ?? 0) === 0;
    if (state === this.#saved || nothing || this.#held !== undefined) return true;
    const { store, logger } = this.#options;
    let kept: SourceState;
    try {
      kept = await store.save(state);
    } catch (thrown) {
      this.tallies.unsaved += 1;
      const warning = `${errorText(thrown)}; after a restart older documents would be served until the cluster answers.`;
      if (this.#diskWarning !== warning) logger.error(warning);
      this.#diskWarning = warning;
      return false;
    }
    if (this.#diskWarning !== undefined) logger.info("the documents are on disk again");
    this.#diskWarning = undefined;
    this.#saved = state;
    this.#unsavedChange = false;
    if (kept !== state) this.#join(kept);
    return true;
  }
}
