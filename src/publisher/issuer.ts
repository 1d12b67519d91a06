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

export interface IssuerDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sites: () => readonly Site[];
  /** Told whenever something changed that readiness depends on. */
  readonly changed: () => void;
}

/** One stack at work: its source, and what is told about it. */
export class PublishedIssuer {
  readonly source: IssuerSource;
  #prepared: PreparedStack;
  readonly #deps: IssuerDeps;
  readonly #check = new CertificateCheck();

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
      looked: deps.changed,
    });
  }

  get prepared(): PreparedStack {
    return this.#prepared;
  }

  get tallies(): SourceTallies {
    return this.source.tallies;
  }

  /** Goes on under options that leave the source as it is. */
  keep(prepared: PreparedStack): void {
    this.#prepared = prepared;
  }

  /** Starts with what a predecessor knew, or from the disk. */
  start(predecessor?: SourceState): Promise<void> {
    return this.source.start(predecessor);
  }

  status(): StackStatus {
    const { name, issuer, discoveryUrl, jwksUri, keyRetention, cacheTime, pollInterval } = this.#prepared;
    const { state, documents, diskWarning } = this.source;
    const certificate = this.#check.verdict(this.#prepared, this.#deps.clock.now());
    const missing = documents === undefined ? ["The cluster has not been read yet."] : [];
    return {
      stack: name,
      issuer,
      discoveryUrl,
      jwksUri,
      cluster: this.#prepared.stack.cluster.server,
      ...(documents === undefined || state.confirmedAt === undefined || state.changedAt === undefined
        ? {}
        : {
            documents: {
              from: state.from,
              confirmedAt: state.confirmedAt,
              changedAt: state.changedAt,
              jwksDigest: documents.jwksDigest,
            },
          }),
      ...(state.failing === undefined ? {} : { failing: state.failing }),
      keys: keyStatuses(state.ring, { retention: keyRetention, cache: cacheTime + pollInterval }),
      warnings: [
        ...state.warnings,
        ...certificate.warnings,
        ...(diskWarning === undefined ? [] : [diskWarning]),
      ],
      ...(certificate.notAfter === undefined ? {} : { certificate: { notAfter: certificate.notAfter } }),
      unready: [...missing, ...certificate.unready],
    };
  }

  #publish(documents: PublishedDocuments): void {
    for (const site of this.#deps.sites()) {
      site.publish(this.#prepared.name, "discovery", documents.discovery);
      site.publish(this.#prepared.name, "jwks", documents.jwks);
    }
    this.#deps.changed();
  }
}
