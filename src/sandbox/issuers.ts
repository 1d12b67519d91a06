import { type Clock, PodtrustError } from "../core/base/index.ts";
import type { ConnectTo } from "../core/http/index.ts";
import type { RouteTo } from "./aws/index.ts";
import {
  forgedForm,
  type ForgedToken,
  type IssuerFault,
  type StandInCluster,
  type StandInIssuer,
  startStandInCluster,
  tokenForm,
  type TokenSpec,
} from "./cluster/index.ts";

/** A stand-in cluster and its issuer, which STS reaches without DNS and public roots. */
export interface SandboxIssuer extends Omit<StandInIssuer, keyof AsyncDisposable | "close"> {
  readonly cluster: StandInCluster;
  /** A token as TokenRequest issues it, by default for `sts.amazonaws.com`. */
  token(spec: TokenSpec): string;
  /** A token that no TokenRequest issues: other claims, another header, another key. By default for `sts.amazonaws.com`. */
  forgeToken(forged: ForgedToken): string;
  /** Fail in this way until a call with undefined ends it. STS forgets the issuer's documents, so it sees that at once. */
  fail(fault: IssuerFault | undefined): void;
}

interface StartedIssuer extends SandboxIssuer {
  close(): Promise<void>;
}

const awsAudience = "sts.amazonaws.com";

type Start = Pick<IssuersOptions, "algorithm" | "changed" | "clock">;

async function startIssuer(url: string, { clock, changed, algorithm }: Start): Promise<StartedIssuer> {
  const cluster = await startStandInCluster({ issuer: url, clock, algorithm });
  const close = (): Promise<void> => cluster.close();
  const served = await cluster.serveIssuer().catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return {
    url,
    ca: served.ca,
    connectTo: served.connectTo,
    cluster,
    token(spec) {
      tokenForm(spec, "token");
      return cluster.createToken({ ...spec, audiences: spec.audiences ?? [awsAudience] });
    },
    forgeToken(forged) {
      forgedForm(forged, "forgeToken");
      return cluster.forgeToken({ ...forged, audiences: forged.audiences ?? [awsAudience] });
    },
    fail(fault) {
      served.fail(fault);
      changed();
    },
    async close() {
      await Promise.all([served.close(), close()]);
    },
  };
}

/** Each listens on two ports. */
const maxIssuers = 16;

/** How issuers outside the sandbox are reached. */
export interface ForeignRoute {
  /** In place of public DNS. */
  readonly connectTo?: readonly ConnectTo[];
  /** PEM certificates in place of the public roots. */
  readonly ca?: string;
}

export interface IssuersOptions {
  /** URL of the default issuer. */
  readonly url: string;
  readonly clock: Clock;
  /** Their signing algorithm: a P-256 key is made at once, RSA takes a tenth of a second, and Azure accepts only RSA. */
  readonly algorithm: "ES256" | "RS256";
  readonly foreign: ForeignRoute;
  /** Called when an issuer's documents have changed. */
  readonly changed: () => void;
}

/** The issuers of an account, each started on first use. */
export class Issuers {
  readonly #options: IssuersOptions;
  readonly #started = new Map<string, Promise<StartedIssuer>>();

  constructor(options: IssuersOptions) {
    this.#options = options;
  }

  /**
   * The issuer with this URL. Rejects with `issuer-invalid` for a bad URL, and with `sandbox-control-request` for too
   * many.
   */
  get(url: string = this.#options.url): Promise<SandboxIssuer> {
    const there = this.#started.get(url);
    if (there !== undefined) return there;
    if (this.#started.size >= maxIssuers) {
      throw new PodtrustError("sandbox-control-request", `the account has ${maxIssuers} issuers`, {
        next: "Use one of them, or make another account.",
      });
    }
    const { changed } = this.#options;
    const started = startIssuer(url, this.#options).then((issuer) => {
      // STS's cache for this name is of another issuer.
      changed();
      return issuer;
    });
    this.#started.set(url, started);
    // One that could not be started is not kept.
    started.catch(() => this.#started.delete(url));
    return started;
  }

  /** The account's own issuers are reached directly, others as the options say. */
  readonly routeTo: RouteTo = async (url) => {
    // Its keys are known before the first token is requested.
    if (url === this.#options.url) return this.get();
    return (await this.#started.get(url)) ?? this.#options.foreign;
  };

  /** Ends all faults. */
  async mend(): Promise<void> {
    for (const issuer of await this.#all()) issuer.fail(undefined);
  }

  async close(): Promise<void> {
    await Promise.all((await this.#all()).map((issuer) => issuer.close()));
  }

  async #all(): Promise<readonly StartedIssuer[]> {
    const settled = await Promise.allSettled(this.#started.values());
    return settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  }
}
