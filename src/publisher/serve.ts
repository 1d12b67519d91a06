import { type Clock, errorText, type Logger, PodtrustError } from "../base/index.ts";
import {
  type ClusterSource,
  type Config,
  type ListenAddress as Wanted,
  type S3Config,
  type ServeConfig,
  listenText,
  publisherOf,
} from "../config/index.ts";
import { type KubernetesApi, openKubernetes } from "../kubernetes/index.ts";
import { parseIssuer } from "../oidc/index.ts";
import type { ActivatedSockets } from "./activation.ts";
import { Certificates, type OpenCertificate } from "./certificates.ts";
import type {
  ListenAddress,
  Publisher,
  PublisherListen,
  PublisherOptions,
  PublisherStack,
} from "./publisher.ts";
import { placeOf } from "./serving/site.ts";
import { startPublisher } from "./start.ts";
import type { DocumentTarget } from "./target/target.ts";

// Milliseconds for a question whose answer is not waited for when the cluster is away.
const askingRights = 3000;

export interface ServeOptions {
  /** One for each stack. */
  readonly configs: readonly Config[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** Sockets that `systemd:NAME` in a config means. */
  readonly sockets: ActivatedSockets;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Opens a bucket that a config publishes in. Who only serves from here can do without. */
  readonly openTarget?: (config: S3Config) => Promise<DocumentTarget>;
}

type FilesConfig = Extract<ServeConfig, { kind: "files" }>;

/** A publisher that follows config files. */
export interface Serving {
  readonly publisher: Publisher;
  /** Goes over to other configs; rejects and changes nothing when they are bad. */
  reload(configs: readonly Config[]): Promise<void>;
  close(graceMs?: number): Promise<void>;
}

/** Things that are opened once for the same part of a config, and go on through a reload. */
class Kept<T> {
  #held = new Map<string, T>();

  /** What was opened for `wish`, or a new one; `fresh` collects those. */
  async take(wish: unknown, open: () => Promise<T>, taken: Map<string, T>): Promise<T> {
    const key = JSON.stringify(wish);
    const had = taken.get(key) ?? this.#held.get(key) ?? (await open());
    taken.set(key, had);
    return had;
  }

  isHeld(key: string): boolean {
    return this.#held.has(key);
  }

  /** Holds these from now on; gives those that are no longer held. */
  hold(taken: Map<string, T>): readonly T[] {
    const gone = [...this.#held].filter(([key]) => !taken.has(key)).map(([, value]) => value);
    this.#held = taken;
    return gone;
  }
}

function socketsNamed(name: string, sockets: ActivatedSockets): readonly ListenAddress[] {
  const found = sockets.get(name);
  if (found !== undefined) return found.map((fd) => ({ fd }));
  const known = [...sockets.keys()].join(", ");
  throw new PodtrustError("publisher-listen", `no socket of the name ${name} was passed (LISTEN_FDNAMES)`, {
    next: known === "" ? "Start the unit by its .socket unit, or name an address." : `Passed: ${known}.`,
  });
}

/** Addresses of all configs, each once. */
function addressesOf(wanted: readonly Wanted[], sockets: ActivatedSockets): readonly ListenAddress[] {
  const each = new Map(wanted.map((address) => [listenText(address), address]));
  return [...each.values()].flatMap((address) =>
    "systemd" in address ? socketsNamed(address.systemd, sockets) : [address],
  );
}

function listenOf(configs: readonly Config[], sockets: ActivatedSockets): PublisherListen {
  const publishers = configs.map((config) => publisherOf(config));
  const of = (part: "https" | "http"): readonly Wanted[] =>
    publishers.flatMap(({ serve }) => ("https" in serve ? serve[part] : []));
  const plain = publishers.flatMap(({ serve }) => (serve.kind === "insecure-plain-http" ? serve.listen : []));
  // One listener shows all stacks: the first that is wanted.
  const admin = publishers.map((publisher) => publisher.admin).find((address) => address !== false);
  return {
    https: addressesOf(of("https"), sockets),
    http: addressesOf(of("http"), sockets),
    insecurePlainHttpBehindProxy: addressesOf(plain, sockets),
    admin: admin === undefined ? false : (addressesOf([admin], sockets)[0] ?? false),
  };
}

/** What one set of configs has opened. */
interface Taken {
  readonly clusters: Map<string, KubernetesApi>;
  readonly certificates: Map<string, OpenCertificate>;
  readonly targets: Map<string, DocumentTarget>;
}

class ServingConfigs implements Serving {
  readonly #options: ServeOptions;
  readonly #certificates: Certificates;
  readonly #clusters = new Kept<KubernetesApi>();
  readonly #opened = new Kept<OpenCertificate>();
  readonly #targets = new Kept<DocumentTarget>();
  #publisher: Publisher | undefined;

  constructor(options: ServeOptions) {
    this.#options = options;
    this.#certificates = new Certificates({ clock: options.clock, logger: options.logger });
  }

  get publisher(): Publisher {
    if (this.#publisher === undefined) throw new TypeError("the publisher has not been started");
    return this.#publisher;
  }

  /** Starts, or goes over to, these configs. */
  async reload(configs: readonly Config[]): Promise<void> {
    if (configs.length === 0) throw new TypeError("a publisher needs a config");
    const taken: Taken = { clusters: new Map(), certificates: new Map(), targets: new Map() };
    const { clusters, certificates, targets } = taken;
    try {
      const listen = listenOf(configs, this.#options.sockets);
      const stacks: PublisherStack[] = [];
      for (const config of configs) stacks.push(await this.#stack(config, taken));
      await this.#apply(this.#optionsFor(configs, stacks, listen));
    } catch (error) {
      const fresh = [...certificates].filter(([key]) => !this.#opened.isHeld(key));
      await Promise.all(fresh.map(([, opened]) => opened.close()));
      for (const [key, target] of targets) if (!this.#targets.isHeld(key)) target.close();
      throw error;
    }
    const fresh = [...certificates].filter(([key]) => !this.#opened.isHeld(key));
    const gone = this.#opened.hold(certificates);
    this.#clusters.hold(clusters);
    for (const target of this.#targets.hold(targets)) target.close();
    await Promise.all([
      ...gone.map((opened) => opened.close()),
      ...fresh.map(([, opened]) => opened.begin()),
    ]);
  }

  async close(graceMs?: number): Promise<void> {
    await this.#publisher?.close(graceMs);
    await Promise.all(this.#opened.hold(new Map()).map((opened) => opened.close()));
    for (const target of this.#targets.hold(new Map())) target.close();
  }

  #optionsFor(
    configs: readonly Config[],
    stacks: readonly PublisherStack[],
    listen: PublisherListen,
  ): PublisherOptions {
    const { clock, logger } = this.#options;
    const stateDir = publisherOf(configs[0] as Config).stateDir;
    return { stacks, listen, stateDir, clock, logger, challenges: this.#certificates.challenges };
  }

  async #apply(options: PublisherOptions): Promise<void> {
    if (this.#publisher === undefined) this.#publisher = await startPublisher(options);
    else await this.#publisher.reload(options);
  }

  async #stack(config: Config, taken: Taken): Promise<PublisherStack> {
    const { source, jwksUri, keyRetention, pollInterval, cacheControl, stateDir, serve } =
      publisherOf(config);
    const cluster = await this.#clusters.take(source, () => this.#open(source), taken.clusters);
    const target = serve.kind === "s3" ? await this.#target(serve, taken) : undefined;
    return {
      name: config.stack,
      issuer: config.issuer,
      jwksUri,
      cluster,
      ...(target === undefined ? await this.#certificatesOf(config, taken) : { target }),
      keyRetention,
      pollInterval,
      cacheControl,
      stateDir,
    };
  }

  async #target(serve: S3Config, { targets }: Taken): Promise<DocumentTarget> {
    const { openTarget } = this.#options;
    if (openTarget === undefined) throw new TypeError("a config with s3 needs openTarget");
    return this.#targets.take(serve, () => openTarget(serve), targets);
  }

  async #certificatesOf(
    config: Config,
    { certificates }: Taken,
  ): Promise<Pick<PublisherStack, "certificates" | "jwksCertificates">> {
    const { serve, stateDir, jwksUri } = publisherOf(config);
    const hosts = [placeOf(parseIssuer(config.issuer).discoveryUrl).host, placeOf(jwksUri).host];
    const open = (part: ServeConfig, names: readonly string[]): Promise<OpenCertificate> => {
      const wish = { serve: certificatePart(part), names, stateDir };
      const opening = () => this.#certificates.open({ serve: part, names, stateDir });
      return this.#opened.take(wish, opening, certificates);
    };
    const second = serve.kind === "files" ? serve.jwks : undefined;
    const [first, jwks] = await Promise.all([
      open(serve, second === undefined ? [...new Set(hosts)] : hosts.slice(0, 1)),
      second === undefined ? undefined : open({ ...(serve as FilesConfig), ...second }, hosts.slice(1)),
    ]);
    return {
      ...(first.source === undefined ? {} : { certificates: first.source }),
      ...(jwks?.source === undefined ? {} : { jwksCertificates: jwks.source }),
    };
  }

  /**
   * Opens a cluster with rights of the publisher's own. An administrator's are refused: whoever took over this
   * process would take over the cluster. A cluster that does not answer is given the benefit of the doubt, since
   * what is on disk has to be served all the same.
   */
  async #open(source: ClusterSource): Promise<KubernetesApi> {
    const { env, clock, logger } = this.#options;
    const cluster = await openKubernetes(source, { env, clock });
    const admin = await cluster
      .canDoAnything({ signal: AbortSignal.timeout(askingRights) })
      .catch((error: unknown) => {
        logger.debug("the cluster does not say what these credentials may do", { error: errorText(error) });
        return false;
      });
    if (!admin) return cluster;
    throw new PodtrustError(
      "publisher-admin-credentials",
      `the publisher's credentials for ${cluster.server} may do anything in the cluster`,
    );
  }
}

/** What of `serve` a certificate depends on: where it is served does not count. */
function certificatePart(serve: ServeConfig): object {
  if (serve.kind === "acme") return { acme: serve.acme };
  if (serve.kind === "files") return { certificateFile: serve.certificateFile, keyFile: serve.keyFile };
  return {};
}

/**
 * Serves what configs name. Throws what openKubernetes, startPublisher and watchCertificateFiles throw, and
 * `config-without-publisher`.
 */
export async function servePublisher(options: ServeOptions): Promise<Serving> {
  const serving = new ServingConfigs(options);
  try {
    await serving.reload(options.configs);
  } catch (error) {
    await serving.close(0).catch((second: unknown) => options.logger.warn(errorText(second)));
    throw error;
  }
  return serving;
}
