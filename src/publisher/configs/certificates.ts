import { join } from "node:path";
import type {
  ChallengeSolver,
  Dns01Options,
  Http01Solver,
  TlsAlpn01Solver,
} from "../../providers/acme/index.ts";
import { type Clock, isoTime, type Logger } from "../../core/base/index.ts";
import {
  type AcmeConfig,
  acmeIssuers,
  type Config,
  type DnsConfig,
  type ServeConfig,
} from "../../config/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import { LateCertificates } from "./late-certificates.ts";
import { tlsSecret } from "./tls-secret.ts";
import type { AcmeAccounts } from "../../providers/tls/index.ts";
import type { CertificateProvider, ChallengeAnswers, Lookup } from "../contract.ts";
import type { SharedChallenges } from "../replicas/challenges.ts";
import type { SharedStore } from "../replicas/store.ts";

/** Where an issuer's certificate comes from, by the config. */
export interface CertificateSpec {
  readonly serve: ServeConfig;
  readonly names: readonly string[];
  readonly stateDir: string;
  /** Where its Secret is, if it is in a Secret. */
  readonly cluster: Pick<KubernetesApi, "read">;
  /** What replicas share; if present, certificates are stored there and not in stateDir. */
  readonly shared?: SharedStore;
  /** The provider that serves the names, for the challenge dns-01. */
  readonly zone?: ZoneOfNames;
}

/** The provider that serves an issuer's names, where records are created. */
export interface ZoneOfNames extends Pick<Config, "identity" | "stack"> {
  readonly dns: DnsConfig;
}

/** TXT records of a zone, open. */
export type OpenTxtRecords = Dns01Options["records"] &
  Required<Omit<Dns01Options, "records">> & { close(): void };

/** A certificate in use. */
export interface OpenCertificate {
  /** Absent if a proxy does TLS. */
  readonly source?: CertificateProvider;
  /** Called once the listeners are up: a CA asks them. */
  begin(): Promise<void>;
  close(): Promise<void>;
}

export interface CertificateDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly openTxtRecords?: (zone: ZoneOfNames, waiting: OnCertificateWait) => Promise<OpenTxtRecords>;
}

/** Called with what is waited for, why, and until when (milliseconds since the epoch). */
export type OnCertificateWait = (reason: string, deadline: number) => void;

// Milliseconds until a load balancer, which probes first, sends clients to one of several replicas.
const untilLedTo = 15_000;

const nothing = async (): Promise<void> => {};

/** Opens certificates, and answers the challenges of all of them. */
export class Certificates {
  readonly #deps: CertificateDeps;
  #solvers: Promise<Solvers> | undefined;
  #accounts: AcmeAccounts | undefined;
  #own: ChallengeAnswers = {};
  /** One per certificate that is ordered with it. */
  readonly #shared: SharedChallenges[] = [];

  constructor(deps: CertificateDeps) {
    this.#deps = deps;
  }

  /** For the listeners: answers are looked up on request. */
  get challenges(): ChallengeAnswers {
    return {
      http01: (token) => this.#own.http01?.(token) ?? this.#lookUp((shared) => shared.findHttp01(token)),
      tlsAlpn01: (name) =>
        this.#own.tlsAlpn01?.(name) ?? this.#lookUp((shared) => shared.findTlsAlpn01(name)),
    };
  }

  /** Opens one. Rejects for files without a usable pair, and for unreadable files of secrets. */
  async open(spec: CertificateSpec): Promise<OpenCertificate> {
    const { serve } = spec;
    if (!("https" in serve)) return { begin: nothing, close: nothing };
    // The folders that order and parse certificates are loaded only when needed.
    if (serve.kind === "files") {
      const { watchCertificateFiles } = await import("../../providers/tls/foreign/index.ts");
      const { certificateFile, keyFile } = serve;
      const { names } = spec;
      const source = await watchCertificateFiles({ certificateFile, keyFile, names, ...this.#deps });
      return { source, begin: nothing, close: () => source.close() };
    }
    if (serve.kind === "secret") {
      const { watchForeignCertificate } = await import("../../providers/tls/foreign/index.ts");
      const { from, read } = tlsSecret(spec.cluster, serve.certificateSecret);
      const source = await watchForeignCertificate({ from, read, names: spec.names, ...this.#deps });
      return { source, begin: nothing, close: () => source.close() };
    }
    return this.#openAcme(serve.acme, spec);
  }

  async #openAcme(acme: AcmeConfig, spec: CertificateSpec): Promise<OpenCertificate> {
    const issuers = await acmeIssuers(acme);
    const { solver, release } = await this.#solverFor(acme.challenge, spec);
    const { AcmeAccounts, fileStore, startCertificateManager } = await import("../../providers/tls/index.ts");
    const { clock, logger } = this.#deps;
    const store =
      spec.shared?.certificates ??
      fileStore({ directory: join(spec.stateDir, "certificates"), clock, logger });
    this.#accounts ??= new AcmeAccounts(this.#deps);
    const accounts = this.#accounts;
    const leave = accounts.join(store);
    const source = new LateCertificates();
    let close = nothing;
    return {
      source,
      begin: async () => {
        const manager = await startCertificateManager({
          names: spec.names,
          issuers,
          store,
          accounts,
          solvers: [solver],
          ...(spec.shared === undefined ? {} : { firstOrderAfter: untilLedTo }),
          // Naming a CA in the config is the agreement to its terms; docs/how-to/publish.md says so.
          termsOfServiceAgreed: true,
          clock,
          logger,
        });
        close = () => manager.close();
        source.bind(manager);
      },
      close: async () => {
        leave();
        await close();
        release();
      },
    };
  }

  async #solverFor(
    challenge: AcmeConfig["challenge"],
    { zone, shared }: CertificateSpec,
  ): Promise<{ readonly solver: ChallengeSolver; readonly release: () => void }> {
    if (challenge !== "dns-01") {
      const solvers = await this.#loadSolvers();
      return shared === undefined
        ? { solver: solvers[challenge], release: () => {} }
        : this.#share(solvers[challenge], shared);
    }
    const { logger, clock, openTxtRecords } = this.#deps;
    if (zone === undefined || openTxtRecords === undefined)
      throw new TypeError("dns-01 needs openTxtRecords and a zone");
    const { dns01Solver } = await import("../../providers/acme/index.ts");
    const records = await openTxtRecords(zone, (reason, deadline) => {
      const left = deadline - clock.elapsed();
      logger.info(reason, {
        until: isoTime(clock.now() + left),
        seconds: Math.round(left / 1000),
      });
    });
    const solver = dns01Solver({
      records,
      waitForPropagation: (name, value, signal) => records.waitForPropagation(name, value, signal),
    });
    return { solver, release: () => records.close() };
  }

  /** A solver whose challenges all replicas answer, as this one answers theirs. */
  #share(
    local: ChallengeSolver,
    { challenges }: SharedStore,
  ): { readonly solver: ChallengeSolver; readonly release: () => void } {
    this.#shared.push(challenges);
    const release = (): void => {
      this.#shared.splice(this.#shared.indexOf(challenges), 1);
    };
    return { solver: challenges.solver(local), release };
  }

  /** What other replicas presented; undefined if there are none. */
  #lookUp<T>(find: (shared: SharedChallenges) => Promise<T | undefined>): Lookup<T> {
    const places = [...new Set(this.#shared)];
    if (places.length === 0) return undefined;
    return Promise.all(places.map(find)).then((found) => found.find((one) => one !== undefined));
  }

  #loadSolvers(): Promise<Solvers> {
    this.#solvers ??= import("../../providers/acme/index.ts").then(({ http01Solver, tlsAlpn01Solver }) => {
      const http01 = http01Solver();
      const tlsAlpn01 = tlsAlpn01Solver();
      this.#own = {
        http01: (token) => http01.http01(token),
        tlsAlpn01: (name) => tlsAlpn01.tlsAlpn01(name),
      };
      return { "http-01": http01, "tls-alpn-01": tlsAlpn01 };
    });
    return this.#solvers;
  }
}

interface Solvers {
  readonly "http-01": Http01Solver;
  readonly "tls-alpn-01": TlsAlpn01Solver;
}
