import type { Clock } from "../base/index.ts";
import type { ConnectTo } from "../http/index.ts";
import { type AwsOptions, startAws, type StandInAws, type WayTo } from "./aws/index.ts";
import {
  type IssuerFault,
  type StandInCluster,
  type StandInIssuer,
  startStandInCluster,
  type TokenWish,
} from "./cluster/index.ts";
import { MovableClock, type SandboxClock } from "./clock/index.ts";
import { controlApi, controlTokenOf, issuerFaults } from "./control/index.ts";

export interface SandboxOptions extends AwsOptions {
  /** Stands in for public DNS when an issuer is fetched. */
  readonly connectTo?: readonly ConnectTo[];
  /** PEM certificates that stand in for the public roots. */
  readonly ca?: string;
  /** The clock beneath the one that tests move; the machine's own unless told. */
  readonly clock?: Clock;
  /** URL of the issuer that `issuer()` starts; `https://oidc.podtrust.test` unless told. */
  readonly issuerUrl?: string;
  /** The control API's token, 32 to 200 letters, digits, `-` and `_`; a random one unless told. */
  readonly controlToken?: string;
  /** Lets the control API be used from other machines too, with its token: into a container. */
  readonly controlFromAnywhere?: boolean;
}

/** A running sandbox. */
export interface Sandbox extends Omit<StandInAws, "forgetIssuers">, AsyncDisposable {
  /** By it tokens and sessions expire and changes spread; `advance` moves it. */
  readonly clock: SandboxClock;
  /** For the control API at `url`/_podtrust/: a secret of the sandbox. */
  readonly controlToken: string;
  /** The stand-in cluster's issuer, started when it is first asked for. */
  issuer(): Promise<SandboxIssuer>;
  /**
   * Empties the account, forgets decisions and issuers' documents, puts the clock back and mends the issuer. The
   * administrator's keys stay.
   */
  reset(): Promise<void>;
}

/** A stand-in cluster and its issuer, which STS reaches without DNS and public roots. */
export interface SandboxIssuer extends Omit<StandInIssuer, keyof AsyncDisposable | "close"> {
  readonly cluster: StandInCluster;
  /** A token as TokenRequest gives it, for `sts.amazonaws.com` unless told. */
  token(wish: TokenWish): string;
  /** Fail in this way until told otherwise by undefined. STS forgets the issuer's documents, and so sees it at once. */
  fail(fault: IssuerFault | undefined): void;
}

const usualIssuer = "https://oidc.podtrust.test";
const awsAudience = "sts.amazonaws.com";

interface StartedIssuer extends SandboxIssuer {
  close(): Promise<void>;
}

async function startIssuer(url: string, clock: Clock, changed: () => void): Promise<StartedIssuer> {
  // A P-256 key is there at once; RSA's takes a tenth of a second and more.
  const cluster = await startStandInCluster({ issuer: url, clock, algorithm: "ES256" });
  const served = await cluster.serveIssuer();
  return {
    url,
    ca: served.ca,
    connectTo: served.connectTo,
    cluster,
    token: (wish) => cluster.createToken({ audiences: [awsAudience], ...wish }),
    fail(fault) {
      served.fail(fault);
      changed();
    },
    async close() {
      await Promise.all([served.close(), cluster.close()]);
    },
  };
}

/** The issuer of a sandbox, started once and only where somebody asks for it. */
class LazyIssuer {
  readonly #url: string;
  readonly #start: () => Promise<StartedIssuer>;
  #started: Promise<StartedIssuer> | undefined;

  constructor(url: string, start: () => Promise<StartedIssuer>) {
    this.#url = url;
    this.#start = start;
  }

  get(): Promise<StartedIssuer> {
    this.#started ??= this.#start();
    return this.#started;
  }

  is(url: string): boolean {
    return url === this.#url;
  }

  async ifStarted(act: (issuer: StartedIssuer) => Promise<void> | void): Promise<void> {
    const issuer = await this.#started?.catch(() => undefined);
    if (issuer !== undefined) await act(issuer);
  }
}

/** The sandbox's own issuer is reached by itself, others as the options say. */
function wayOf(issuer: LazyIssuer, { ca, connectTo }: SandboxOptions): WayTo {
  const usual = {
    ...(ca === undefined ? {} : { ca }),
    ...(connectTo === undefined ? {} : { connectTo }),
  };
  return async (url) => (issuer.is(url) ? issuer.get() : usual);
}

/**
 * Starts IAM, STS, SSM Parameter Store and the Tagging API for one account on one HTTP port, with a page that shows what they
 * decide, and an API beside it that moves the sandbox itself.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const clock = new MovableClock(options.clock);
  const controlToken = controlTokenOf(options.controlToken);
  const url = options.issuerUrl ?? usualIssuer;
  const issuer = new LazyIssuer(url, () => startIssuer(url, clock, () => aws.forgetIssuers()));
  const aws = await startAws(options, {
    clock,
    wayTo: wayOf(issuer, options),
    issuerFaults,
    control: controlApi({
      token: controlToken,
      fromAnywhere: options.controlFromAnywhere === true,
      controls: () => sandbox,
    }),
  });
  const close = async (): Promise<void> => {
    await aws.close();
    await issuer.ifStarted((started) => started.close());
  };
  const sandbox: Sandbox = {
    ...aws,
    clock,
    controlToken,
    issuer: () => issuer.get(),
    async reset() {
      await issuer.ifStarted((started) => started.fail(undefined));
      clock.restore();
      await aws.reset();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
  return sandbox;
}
