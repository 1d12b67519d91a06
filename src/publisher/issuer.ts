import { join } from "node:path";
import type { Clock, Logger } from "../base/index.ts";
import { CertificateCheck } from "./certificate-check.ts";
import type { Site } from "./serving/site.ts";
import { type PublishedDocuments } from "./source/documents.ts";
import { keyStatuses } from "./source/keys.ts";
import { IssuerSource, type SourceTallies } from "./source/source.ts";
import type { SourceState } from "./source/state.ts";
import { documentStore } from "./source/store.ts";
import type { PreparedStack } from "./stacks.ts";
import type { StackStatus } from "./status.ts";
import { TargetLoop, type TargetTallies } from "./target/loop.ts";
import type { PublicationWish } from "./target/publish.ts";

export interface IssuerDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sites: () => readonly Site[];
  /** Told whenever something changed that readiness depends on. */
  readonly changed: () => void;
}

// A person waits for the answer, and the control socket for five seconds.
const longestFlush = 4000;

/** One stack at work: its source, and what is told about it. */
export class PublishedIssuer {
  readonly source: IssuerSource;
  #prepared: PreparedStack;
  readonly #deps: IssuerDeps;
  readonly #check = new CertificateCheck();
  readonly #loop: TargetLoop | undefined;

  constructor(prepared: PreparedStack, deps: IssuerDeps) {
    this.#prepared = prepared;
    this.#deps = deps;
    const { name, issuer, jwksUri } = prepared;
    this.source = new IssuerSource({
      names: { issuer, jwksUri },
      cluster: prepared.stack.cluster,
      store: documentStore(join(prepared.stateDir, "publisher"), name, issuer),
      clock: deps.clock,
      logger: deps.logger.child({ stack: name }),
      keyRetention: prepared.keyRetention,
      pollInterval: prepared.pollInterval,
      publish: (documents) => this.#publish(documents),
      looked: () => this.#looked(),
    });
    this.#loop = this.#openLoop();
  }

  #openLoop(): TargetLoop | undefined {
    const { name, stack } = this.#prepared;
    if (stack.target === undefined) return undefined;
    const { clock, logger, changed } = this.#deps;
    const wish = (): PublicationWish | undefined => this.#wish();
    return new TargetLoop({
      target: stack.target,
      wish,
      clock,
      logger: logger.child({ stack: name }),
      changed,
    });
  }

  #looked(): void {
    // The first good answer may say no more than the disk did, and then nothing else wakes the loop.
    const { confirmedAt, failing } = this.#loop?.status ?? {};
    if (confirmedAt === undefined && failing === undefined && this.source.state.from === "cluster")
      void this.#loop?.publish();
    this.#deps.changed();
  }

  /**
   * Before the cluster's first good answer nothing but what is distrusted: what the disk holds may be older than
   * what stands there.
   */
  #wish(): PublicationWish | undefined {
    const { name, issuer, jwksUri, cacheControl, keyRetention } = this.#prepared;
    const { ring: known, from, failing, confirmedAt } = this.source.state;
    const fresh = from === "cluster" && confirmedAt !== undefined;
    const ring = fresh ? known : known.filter((key) => key.distrustedAt !== undefined);
    if (ring.length === 0) return undefined;
    return {
      stack: name,
      names: { issuer, jwksUri },
      cacheControl,
      ring,
      now: this.#deps.clock.now(),
      retention: keyRetention,
      confirmed: fresh && failing === undefined,
      marksDue: true,
    };
  }

  get prepared(): PreparedStack {
    return this.#prepared;
  }

  get tallies(): SourceTallies {
    return this.source.tallies;
  }

  /** Of what is published elsewhere. */
  get targetTallies(): TargetTallies | undefined {
    return this.#loop?.tallies;
  }

  /** Goes on under options that leave the source as it is. */
  keep(prepared: PreparedStack): void {
    this.#prepared = prepared;
    void this.#loop?.publish();
  }

  /** Whether what is published now can be seen by everybody, or could not be brought there. */
  async flush(): Promise<boolean> {
    if (this.#loop === undefined) return true;
    const late = AbortSignal.timeout(longestFlush);
    const given = new Promise<boolean>((resolve) =>
      late.addEventListener("abort", () => resolve(false), { once: true }),
    );
    return Promise.race([this.#loop.publish(), given]);
  }

  async close(): Promise<void> {
    await this.source.close();
    await this.#loop?.close();
  }

  /** Starts with what a predecessor knew, or from the disk. */
  async start(predecessor?: SourceState): Promise<void> {
    await this.source.start(predecessor);
    this.#loop?.start();
  }

  #documentsStatus(): Pick<StackStatus, "documents"> {
    const { state, documents } = this.source;
    const { from, confirmedAt, changedAt } = state;
    if (documents === undefined || confirmedAt === undefined || changedAt === undefined) return {};
    return { documents: { from, confirmedAt, changedAt, jwksDigest: documents.jwksDigest } };
  }

  status(): StackStatus {
    const { name, issuer, discoveryUrl, jwksUri, keyRetention, cacheTime, pollInterval } = this.#prepared;
    const { state, documents, diskWarning } = this.source;
    const certificate = this.#check.verdict(this.#prepared, this.#deps.clock.now());
    const publication = this.#loop?.status;
    const missing = documents === undefined ? ["The cluster has not been read yet."] : [];
    if (publication !== undefined && publication.confirmedAt === undefined)
      missing.push(`Nothing is known to stand in ${publication.place} yet.`);
    return {
      stack: name,
      issuer,
      discoveryUrl,
      jwksUri,
      cluster: this.#prepared.stack.cluster.server,
      ...this.#documentsStatus(),
      ...(state.failing === undefined ? {} : { failing: state.failing }),
      keys: keyStatuses(state.ring, { retention: keyRetention, cache: cacheTime + pollInterval }),
      warnings: [
        ...state.warnings,
        ...certificate.warnings,
        ...(diskWarning === undefined ? [] : [diskWarning]),
        ...(publication?.warnings ?? []),
      ],
      ...(certificate.notAfter === undefined ? {} : { certificate: { notAfter: certificate.notAfter } }),
      ...(publication === undefined ? {} : { publication }),
      unready: [...missing, ...certificate.unready],
    };
  }

  #publish(documents: PublishedDocuments): void {
    void this.#loop?.publish();
    for (const site of this.#deps.sites()) {
      site.publish(this.#prepared.name, "discovery", documents.discovery);
      site.publish(this.#prepared.name, "jwks", documents.jwks);
    }
    this.#deps.changed();
  }
}
