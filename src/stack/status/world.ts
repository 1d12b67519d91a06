import { lookup } from "node:dns/promises";
import { type Clock, type Link, PodtrustError } from "../../base/index.ts";
import type { AwsConfig, RoleConfig } from "../../config/index.ts";
import type { HttpResponse } from "../../http/index.ts";
import { type IssuerReading, type IssuerWay, readIssuer } from "../../issuer/index.ts";
import { type KubernetesApi, openKubernetes } from "../../kubernetes/index.ts";
import {
  type DiscoveryDocument,
  type JwkSet,
  parseDiscovery,
  parseIssuer,
  parseJwkSet,
} from "../../oidc/index.ts";
import { type AwsPart, type AwsPartContext, awsParts } from "../parts/index.ts";
import { BehindError } from "./report.ts";

export interface WorldOptions extends AwsPartContext {
  readonly signal: AbortSignal;
  /** The addresses of a name; the system's resolver unless told. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
}

/** A document of the issuer, as it was served. */
export interface Served<T> {
  readonly url: string;
  readonly response: HttpResponse;
  readonly document: T;
}

/** A ServiceAccount that a role of the config names. */
export interface Expectation {
  readonly account: AwsConfig;
  readonly role: RoleConfig;
  /** NAMESPACE/NAME */
  readonly serviceAccount: string;
}

const linkOfReason: Readonly<Record<string, Link>> = { dns: "dns", tls: "tls" };

/**
 * Everything that the links look at, each of it asked once per report, however many links need it, and all of it
 * at the same time. What failed fails again for each who asks, and a look that is behind another link says so.
 */
export class World {
  readonly config: WorldOptions["config"];
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly way: IssuerWay;
  readonly #options: WorldOptions;
  readonly #looks = new Map<string, Promise<unknown>>();
  readonly #parts: readonly AwsPart[];

  constructor(options: WorldOptions) {
    this.#options = options;
    this.config = options.config;
    this.clock = options.clock;
    this.signal = options.signal;
    this.way = options.way ?? {};
    this.#parts = awsParts(options);
  }

  #once<T>(key: string, look: () => Promise<T>): Promise<T> {
    const known = this.#looks.get(key) as Promise<T> | undefined;
    if (known !== undefined) return known;
    const started = look();
    // Each who waits for it sees what it throws; nobody waiting is no fault.
    started.catch(() => undefined);
    this.#looks.set(key, started);
    return started;
  }

  /** The cluster's API; throws `usage` where the config names none. */
  cluster(): Promise<KubernetesApi> {
    return this.#once("cluster", async () => {
      const { config } = this.#options;
      if (config.cluster !== undefined) return openKubernetes(config.cluster, this.#options);
      throw new PodtrustError("usage", "the config names no cluster", {
        next: "Add a cluster to the config: {kubeconfig: ~/.kube/config}.",
      });
    });
  }

  /** The cluster's own two documents. */
  ownDocuments(): Promise<{ readonly discovery: DiscoveryDocument; readonly jwks: JwkSet }> {
    return this.#once("own", async () => {
      const { discovery, jwks } = await (await this.cluster()).oidcDocuments({ signal: this.signal });
      return { discovery: parseDiscovery(discovery), jwks: parseJwkSet(jwks) };
    });
  }

  #reading(): Promise<IssuerReading> {
    const { issuer } = this.config;
    const orElse = parseIssuer(issuer).defaultJwksUri;
    return this.#once("issuer", () => readIssuer(issuer, { way: this.way, signal: this.signal, orElse }));
  }

  /** What one of the issuer's two documents answers, whatever its status; throws what src/http throws. */
  async fetch(url: string): Promise<HttpResponse> {
    const { discovery, jwks } = await this.#reading();
    const reading = jwks?.url === url ? jwks : discovery;
    if (reading.outcome === "failed") throw reading.error;
    return reading.response;
  }

  async #served<T>(
    url: string,
    parse: (body: Buffer) => T,
    code: "discovery-invalid" | "jwks-invalid",
  ): Promise<Served<T>> {
    let response: HttpResponse;
    try {
      response = await this.fetch(url);
    } catch (error) {
      if (!(error instanceof PodtrustError)) throw error;
      throw new BehindError(linkOfReason[String(error.detail["reason"])] ?? "reachability", error);
    }
    if (response.status === 200) return { url, response, document: parse(response.body) };
    throw new PodtrustError(code, `${url} answers with status ${response.status}`, {
      next: "Publish it: podtrust serve, or look at the server that serves this name.",
    });
  }

  /** The published discovery document. */
  discovery(): Promise<Served<DiscoveryDocument>> {
    const { discoveryUrl } = parseIssuer(this.config.issuer);
    return this.#once("discovery", () => this.#served(discoveryUrl, parseDiscovery, "discovery-invalid"));
  }

  /** Where the JWK Set is: as the discovery document says, else where Kubernetes puts it. */
  async jwksUri(): Promise<string> {
    const { jwks } = await this.#reading();
    return jwks?.url ?? parseIssuer(this.config.issuer).defaultJwksUri;
  }

  /** The published JWK Set. */
  jwks(): Promise<Served<JwkSet>> {
    return this.#once("jwks", async () => this.#served(await this.jwksUri(), parseJwkSet, "jwks-invalid"));
  }

  addresses(host: string): Promise<readonly string[]> {
    const system = async (name: string): Promise<readonly string[]> =>
      (await lookup(name, { all: true })).map(({ address }) => address);
    return this.#once(`addresses ${host}`, () => (this.#options.resolve ?? system)(host));
  }

  /** An account, whether it can be opened or not. */
  part(account: AwsConfig): AwsPart {
    const found = this.#parts.find((part) => part.account === account);
    if (found === undefined) throw new TypeError(`${account.account} is not of this config`);
    return found;
  }

  /** An account, its number checked. */
  async opened(account: AwsConfig): Promise<AwsPart> {
    const part = this.part(account);
    await part.open(this.signal);
    return part;
  }

  /** A role of an account, asked once for all links. Its account has been opened. */
  role(account: AwsConfig, role: RoleConfig): ReturnType<AwsPart["lookAtRole"]> {
    return this.#once(`role ${account.account} ${role.name}`, () =>
      this.part(account).lookAtRole(role, this.signal),
    );
  }

  /** A token of a ServiceAccount, minted now; never part of a report. */
  token(serviceAccount: string, audience: string): Promise<string> {
    return this.#once(`token ${serviceAccount} ${audience}`, async () => {
      const [namespace = "", name = ""] = serviceAccount.split("/");
      const wish = { audiences: [audience], expirationSeconds: 600 };
      const api = await this.cluster();
      return (await api.requestToken(namespace, name, wish, { signal: this.signal })).token;
    });
  }

  /** Each ServiceAccount that a role names. */
  expectations(): readonly Expectation[] {
    return this.config.aws.flatMap((account) =>
      account.roles.flatMap((role) =>
        role.serviceAccounts.map((serviceAccount) => ({ account, role, serviceAccount })),
      ),
    );
  }

  close(): void {
    for (const part of this.#parts) part.close();
  }
}
