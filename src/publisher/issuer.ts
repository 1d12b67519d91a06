import { join } from "node:path";
import { type Clock, defined, type Logger, isoTime } from "../core/base/index.ts";
import type { PublicJwk } from "../rules/keys/index.ts";
import { forgottenAt } from "../rules/oidc/index.ts";
import { CertificateCheck } from "./certificate-check.ts";
import type { DistrustOutcome, RestoreOutcome } from "./contract.ts";
import type { IssuerSettings } from "./settings.ts";
import { type PublishedDocuments, renderDocuments } from "./source/documents.ts";
import { keyStatuses, type KeyTimes, refusedBy } from "./source/key-status.ts";
import { publishedKeys, shownKeys } from "./source/keys.ts";
import { withheldText } from "./source/said.ts";
import { IssuerSource, type SourceTallies } from "./source/source.ts";
import type { SourceState } from "./source/state.ts";
import { isListed } from "./source/distrust.ts";
import { withLastingDistrusts } from "./source/lasting-distrusts.ts";
import { type DocumentStore, documentStore } from "./source/store.ts";
import type { Restored } from "./source/stored-state.ts";
import type { Blind, Failing, IssuerStatus, PublicationStatus } from "./status.ts";
import { BucketPasses } from "./bucket/passes.ts";
import type { PublicationSpec } from "./bucket/publish.ts";
import { PublicationLoop, type PublicationTallies } from "./publication/loop.ts";
import { keysToUpload } from "./source/keys-to-upload.ts";

export interface IssuerDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Publish even if earlier distrusts cannot be read. */
  readonly acceptKeys: boolean;
  /** Serves other documents for a stack's issuer. */
  readonly publish: (stack: string, documents: PublishedDocuments) => void;
  /** Called whenever something changed that readiness depends on. */
  readonly changed: () => void;
}

/** What the times of its keys depend on. */
function timesOf({
  keyRetention,
  cacheTime,
  pollInterval,
  relyingPartyCache: relyingParty,
}: IssuerSettings): KeyTimes {
  return {
    keyRetention,
    poll: pollInterval,
    caches: { publisher: cacheTime, ...defined({ relyingParty }) },
  };
}

// A person waits for the answer, and the control socket for five seconds.
const maxFlush = 4000;

function notRead(failing: Failing | undefined): string {
  if (failing === undefined) return "The cluster has not been read yet.";
  return `Nothing can be published yet: ${failing.message} (since ${isoTime(failing.since)}). ${failing.next}`;
}

const certificateRecordText = (why: string): string =>
  `Nothing is published, since a key that was distrusted before might be: ${why} Make that readable, or publish what the cluster shows anyway: podtrust serve --accept-keys.`;

const notUploaded = ({ place, failing }: PublicationStatus): readonly string[] =>
  failing === undefined
    ? []
    : [
        `${place} is not given the keys since ${isoTime(failing.since)}: it refuses tokens of a key that it does not have. ${failing.message}. ${failing.next}`,
      ];

const blindText = ({ since, message, next }: Blind): string =>
  `Blind since ${isoTime(since)}: a new signing key would go unseen; ${message}. ${next}`;

/** A state whose distrusts a bucket knows: it is published only there, and its marks keep such keys out. */
function markedElsewhere(own: DocumentStore): DocumentStore {
  const load = async (): Promise<Restored> => {
    const { unread: _known, ...restored } = await own.load();
    return restored;
  };
  return { ...own, load };
}

/** One active issuer: its source, and what is reported about it. */
export class PublishedIssuer {
  readonly source: IssuerSource;
  #settings: IssuerSettings;
  readonly #deps: IssuerDeps;
  readonly #check = new CertificateCheck();
  /** Of the bucket that holds the documents. */
  readonly #loop: PublicationLoop | undefined;
  /** Of the relying parties that get the keys by upload. */
  readonly #uploads: readonly PublicationLoop[];

  constructor(settings: IssuerSettings, deps: IssuerDeps) {
    this.#settings = settings;
    this.#deps = deps;
    const { stack, issuer, jwksUri, unserved, cluster, formerIssuers = [], distrusted = [] } = settings;
    this.source = new IssuerSource({
      names: { issuer, jwksUri, ...defined({ unserved }) },
      cluster,
      store: this.#store(),
      formerIssuers,
      listed: distrusted,
      acceptKeys: deps.acceptKeys,
      clock: deps.clock,
      logger: deps.logger.child({ stack }),
      times: () => timesOf(this.#settings),
      publish: (documents) => this.#publish(documents),
      looked: () => this.#looked(),
    });
    this.#loop = this.#openLoop();
    this.#uploads = this.#openUploads();
  }

  #store(): DocumentStore {
    const { stack, issuer, stateDir, shared, distrusts, target } = this.#settings;
    const own = shared ?? documentStore(join(stateDir, "publisher"), stack, issuer);
    if (distrusts === undefined) return target === undefined ? own : markedElsewhere(own);
    return withLastingDistrusts(own, distrusts);
  }

  /** Where a distrust is stored beyond this machine. */
  #outlivesIn(kid: string): string | undefined {
    const { shared, distrusts, target, distrusted = [] } = this.#settings;
    const place = distrusts?.place ?? shared?.place ?? target?.place;
    if (place !== undefined) return place;
    const { ring } = this.source.state;
    const isInConfig = ring.some(({ jwk }) => jwk.kid === kid && isListed(distrusted, jwk));
    return isInConfig ? "the config" : undefined;
  }

  #openLoop(): PublicationLoop | undefined {
    const { target } = this.#settings;
    if (target === undefined) return undefined;
    const { clock } = this.#deps;
    const passes = new BucketPasses({ target, spec: () => this.#spec(), clock });
    return this.#loopOf(target.place, (signal) => passes.pass(signal));
  }

  #openUploads(): readonly PublicationLoop[] {
    const { uploads = [] } = this.#settings;
    return uploads.map((target) =>
      this.#loopOf(target.place, async (signal) => {
        const { issuer, keyRetention } = this.#settings;
        const how = { issuer, now: this.#deps.clock.now(), keyRetention };
        const wanted = keysToUpload(this.source.state, how);
        return wanted === undefined ? undefined : target.upload(wanted, signal);
      }),
    );
  }

  #loopOf(place: string, pass: ConstructorParameters<typeof PublicationLoop>[0]["pass"]): PublicationLoop {
    const { clock, logger, changed } = this.#deps;
    const { stack } = this.#settings;
    return new PublicationLoop({ place, pass, clock, logger: logger.child({ stack }), changed });
  }

  /** Every other place that is kept in line with the source. */
  get #loops(): readonly PublicationLoop[] {
    return [...(this.#loop === undefined ? [] : [this.#loop]), ...this.#uploads];
  }

  #looked(): void {
    // The first good answer may equal what the disk held, and then nothing else wakes the loop.
    if (this.source.state.from === "cluster")
      for (const loop of this.#loops) {
        const { confirmedAt, failing } = loop.status;
        if (confirmedAt === undefined && failing === undefined) void loop.publish();
      }
    this.#deps.changed();
  }

  /** Before the cluster's first good answer only distrusts apply: the disk may be older than the bucket. */
  #spec(): PublicationSpec | undefined {
    const { stack, issuer, jwksUri, cacheControl, keyRetention } = this.#settings;
    const { ring: known, from, failing, confirmedAt } = this.source.state;
    const fresh = from === "cluster" && confirmedAt !== undefined;
    const ring = fresh ? known : known.filter((key) => key.distrustedAt !== undefined);
    if (ring.length === 0) return undefined;
    return {
      stack,
      names: { issuer, jwksUri },
      cacheControl,
      ring,
      now: this.#deps.clock.now(),
      keyRetention,
      confirmed: fresh && failing === undefined,
      marksDue: true,
    };
  }

  get settings(): IssuerSettings {
    return this.#settings;
  }

  /** What is published now, rendered under other settings. */
  documentsFor({ issuer, jwksUri }: IssuerSettings): PublishedDocuments | undefined {
    return renderDocuments(this.source.state.ring, { issuer, jwksUri });
  }

  get tallies(): SourceTallies {
    return this.source.tallies;
  }

  /** Of what is published elsewhere. */
  get targetTallies(): PublicationTallies | undefined {
    return this.#loop?.tallies;
  }

  /** Continues under options that leave the source unchanged. */
  keep(settings: IssuerSettings): void {
    this.#settings = settings;
    this.#publishElsewhere();
  }

  #publishElsewhere(): void {
    for (const loop of this.#loops) void loop.publish();
  }

  /** Takes a key out; throws what the source's `distrust` throws. */
  async distrust(kid: string, force: boolean): Promise<DistrustOutcome> {
    const { changed, persisted } = await this.source.distrust(kid, force);
    const published = await this.#flush();
    const { stack } = this.#settings;
    const { visible, all } = forgottenAt(this.#deps.clock.now(), timesOf(this.#settings).caches);
    const outlivesIn = this.#outlivesIn(kid);
    const { ring } = this.source.state;
    return {
      stack,
      kid,
      changed,
      persisted,
      ...defined({ outlivesIn }),
      distrusted: ring.flatMap((key) => (key.distrustedAt === undefined ? [] : [key.jwk.kid])),
      published,
      cachedUntil: visible,
      forgottenAt: all,
      ...this.#refuses(kid),
    };
  }

  #refuses(kid: string): Pick<DistrustOutcome, "refuses"> {
    const { ring } = this.source.state;
    const key = ring.find(({ jwk }) => jwk.kid === kid);
    if (key === undefined) return {};
    return { refuses: refusedBy(ring, key, this.#deps.clock.now(), timesOf(this.#settings)) };
  }

  /** Takes that back, or publishes a key that is handed over; throws what the source's `restore` and `handOver` throw. */
  async restore(kid: string, handed?: PublicJwk): Promise<RestoreOutcome> {
    const { changed, persisted } = await (handed === undefined
      ? this.source.restore(kid)
      : this.source.handOver(handed));
    const flushed = await this.#flush();
    const { ring } = this.source.state;
    const kids = this.#loop?.published ?? publishedKeys(ring).map((jwk) => jwk.kid);
    const published = flushed && kids.includes(kid);
    const shown = shownKeys(ring).some(({ jwk }) => jwk.kid === kid);
    return { stack: this.#settings.stack, kid, changed, persisted, published, shown };
  }

  /** Whether what is published now is publicly visible, or could not be brought there. */
  async #flush(): Promise<boolean> {
    const loops = this.#loops;
    if (loops.length === 0) return true;
    const late = AbortSignal.timeout(maxFlush);
    const given = new Promise<boolean>((resolve) =>
      late.addEventListener("abort", () => resolve(false), { once: true }),
    );
    const all = Promise.all(loops.map((loop) => loop.publish())).then((done) => done.every(Boolean));
    return Promise.race([all, given]);
  }

  async close(): Promise<void> {
    await this.source.close();
    await Promise.all(this.#loops.map((loop) => loop.close()));
  }

  /** Starts with the predecessor's knowledge, or from the disk. */
  async start(predecessor?: SourceState): Promise<void> {
    await this.source.start(predecessor);
    for (const loop of this.#loops) loop.start();
  }

  #documentsStatus(): Pick<IssuerStatus, "documents"> {
    const { state, documents } = this.source;
    const { from, confirmedAt, changedAt } = state;
    if (documents === undefined || confirmedAt === undefined || changedAt === undefined) return {};
    return { documents: { from, confirmedAt, changedAt, jwksDigest: documents.jwksDigest } };
  }

  /** Why load balancers should send clients to another replica, in a sentence; undefined if this one is fine. */
  get notRoutable(): string | undefined {
    const { stack, certificates, jwksCertificates } = this.#settings;
    const { held, documents, state } = this.source;
    if (held !== undefined) return `${stack}: ${certificateRecordText(held)}`;
    if (documents === undefined) return `${stack}: ${notRead(state.failing)}`;
    const missing = [certificates, jwksCertificates].some(
      (source) => source !== undefined && source.current() === undefined && source.status?.().first !== true,
    );
    return missing ? `${stack}: There is no certificate yet.` : undefined;
  }

  status(): IssuerStatus {
    const { stack, issuer, discoveryUrl, jwksUri, cluster } = this.#settings;
    const { state, storeWarnings } = this.source;
    const { failing, blind, formerIssuer, credential } = state;
    const certificate = this.#check.verdict(this.#settings, this.#deps.clock.now());
    const publication = this.#loop?.status;
    const uploads = this.#uploads.map((loop) => loop.status);
    const elsewhere = this.#loops.map((loop) => loop.status.warnings);
    const withheld = (state.withheld ?? []).map(withheldText);
    const warnings = [withheld, state.warnings, certificate.warnings, storeWarnings, ...elsewhere];
    return {
      stack,
      issuer,
      discoveryUrl,
      jwksUri,
      cluster: cluster.server,
      ...this.#documentsStatus(),
      ...defined({ failing, blind, formerIssuer, credential }),
      ...(withheld.length === 0 ? {} : { withheldDistrusts: withheld.length }),
      keys: keyStatuses(state.ring, timesOf(this.#settings)),
      warnings: [...new Set(warnings.flat())],
      ...defined({ certificate: certificate.status, publication }),
      ...(uploads.length === 0 ? {} : { uploads }),
      unready: [...this.#missing(), ...certificate.unready],
      degraded: [...(blind === undefined ? [] : [blindText(blind)]), ...uploads.flatMap(notUploaded)],
    };
  }

  /** Documents that are not where relying parties look for them. */
  #missing(): readonly string[] {
    const { documents, state, held } = this.source;
    const publication = this.#loop?.status;
    const unseen = publication !== undefined && publication.confirmedAt === undefined;
    return [
      ...(held === undefined ? [] : [certificateRecordText(held)]),
      ...(documents === undefined && held === undefined ? [notRead(state.failing)] : []),
      ...(unseen ? [`Nothing is known to be published in ${publication.place} yet.`] : []),
    ];
  }

  #publish(documents: PublishedDocuments): void {
    this.#publishElsewhere();
    this.#deps.publish(this.#settings.stack, documents);
    this.#deps.changed();
  }
}
