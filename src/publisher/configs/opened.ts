import { defined } from "../../core/base/index.ts";
import {
  type Config,
  type ClusterSource,
  dnsOfPublisher,
  publisherOf,
  type S3Config,
  type SecretName,
  type ServeConfig,
} from "../../config/index.ts";
import type { Consent } from "../../core/credentials/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import { federatedParties, parseIssuer } from "../../rules/oidc/index.ts";
import type { GenerationPart } from "../generation.ts";
import { Pool } from "../pool.ts";
import type { IssuerOptions, PublisherOptions } from "../contract.ts";
import { hostAndPathOf } from "../serving/site.ts";
import { refuseHalfRestored } from "../state/restore.ts";
import type { SharedStore } from "../replicas/store.ts";
import type { DocumentTarget } from "../targets/documents.ts";
import type { ActivatedSockets } from "../systemd/activation.ts";
import { openUploads } from "../uploads/relying-parties.ts";
import type { UploadTarget } from "../targets/uploads.ts";
import { type CertificateDeps, Certificates, type OpenCertificate } from "./certificates.ts";
import { openCluster } from "../source/cluster-source.ts";
import { listenOf } from "./listen.ts";

export interface OpenedConfigsDeps extends CertificateDeps {
  readonly sockets: ActivatedSockets;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly consent?: Consent;
  readonly openTarget?: (config: S3Config) => Promise<DocumentTarget>;
}

type FilesConfig = Extract<ServeConfig, { kind: "files" }>;

/** What a publisher of config files has open: clusters, certificates, buckets. */
export class OpenedConfigs implements GenerationPart {
  readonly #deps: OpenedConfigsDeps;
  readonly #answers: Certificates;
  readonly #clusters = new Pool<KubernetesApi>(() => {});
  readonly #certificates = new Pool<OpenCertificate>((opened) => opened.close());
  readonly #targets = new Pool<DocumentTarget>((target) => target.close());
  readonly #stores = new Pool<SharedStore>((store) => store.close());
  readonly #uploads = new Pool<readonly UploadTarget[]>(() => {});

  constructor(deps: OpenedConfigsDeps) {
    this.#deps = deps;
    this.#answers = new Certificates(deps);
  }

  /** The options of a publisher of these configs, with everything they need opened for the next generation. */
  async optionsFor(configs: readonly Config[]): Promise<PublisherOptions> {
    const [first] = configs;
    if (first === undefined) throw new TypeError("a publisher needs a config");
    const { clock, logger, sockets } = this.#deps;
    const listen = listenOf(configs, sockets);
    const issuers: IssuerOptions[] = [];
    for (const config of configs) await refuseHalfRestored(publisherOf(config).stateDir);
    for (const config of configs) issuers.push(await this.#issuer(config));
    const { stateDir } = publisherOf(first);
    return { issuers, listen, stateDir, clock, logger, challenges: this.#answers.challenges };
  }

  prepare(): void {
    // Already done by `optionsFor`: the options of the other parts are made from what it opens.
  }

  /** Begins to order certificates: the listeners that a CA asks are up. */
  async commit(): Promise<void> {
    const { fresh, gone } = this.#certificates.commit();
    this.#clusters.commit();
    this.#uploads.commit();
    for (const target of this.#targets.commit().gone) target.close();
    await Promise.all([...gone.map((opened) => opened.close()), ...fresh.map((opened) => opened.begin())]);
    await Promise.all(this.#stores.commit().gone.map((store) => store.close()));
  }

  async cancel(): Promise<void> {
    await Promise.all([this.#clusters.cancel(), this.#certificates.cancel(), this.#targets.cancel()]);
    await Promise.all([this.#stores.cancel(), this.#uploads.cancel()]);
  }

  async close(): Promise<void> {
    await Promise.all([this.#clusters.close(), this.#certificates.close(), this.#targets.close()]);
    await this.#stores.close();
  }

  async #issuer(config: Config): Promise<IssuerOptions> {
    const publisher = publisherOf(config);
    const { source, jwksUri, keyRetention, pollInterval, cacheControl, stateDir, serve } = publisher;
    const { stack, issuer } = config;
    const cluster = await this.#clusters.take(JSON.stringify(source), () => openCluster(source, this.#deps));
    const { store, distrustSecret, distrusted, formerIssuers, storeKeyFolder } = publisher;
    const shared = await this.#store(store, source, { cluster, folder: storeKeyFolder });
    const second = await this.#store(distrustSecret, source, { cluster, folder: undefined });
    const uploads = await this.#uploadsOf(config);
    const spec = { stack, issuer, keyRetention };
    const certificates = serve.kind === "s3" ? {} : await this.#certificatesOf(config, cluster, shared);
    return {
      stack,
      issuer,
      jwksUri,
      cluster,
      ...(serve.kind === "s3" ? { target: await this.#target(serve) } : certificates),
      ...defined({
        shared: shared?.documents({ ...spec, part: "documents" }),
        distrusts: second?.documents({ ...spec, part: "distrusted" }),
        uploads,
      }),
      formerIssuers,
      distrusted,
      keyRetention,
      ...defined({ relyingPartyCache: publisher.relyingPartyCache }),
      pollInterval,
      cacheControl,
      stateDir,
    };
  }

  /** The relying parties that get the keys by upload; the same for the same sections, so that a reload interrupts none. */
  async #uploadsOf(config: Config): Promise<readonly UploadTarget[] | undefined> {
    const key = JSON.stringify([config.stack, config.identity, federatedParties.map((name) => config[name])]);
    const { env, clock, logger } = this.#deps;
    const uploads = await this.#uploads.take(key, () => openUploads(config, { env, clock, logger }));
    return uploads.length === 0 ? undefined : uploads;
  }

  /** What the replicas of a publisher share. Loaded only when needed. */
  async #store(
    store: SecretName | undefined,
    source: ClusterSource,
    { cluster, folder }: { readonly cluster: KubernetesApi; readonly folder: string | undefined },
  ): Promise<SharedStore | undefined> {
    if (store === undefined) return undefined;
    return this.#stores.take(JSON.stringify({ store, source, folder }), async () => {
      const { SharedStore: Store } = await import("../replicas/store.ts");
      const { storeKeys } = await import("../replicas/store-keys.ts");
      const { clock, logger } = this.#deps;
      return new Store(store, { cluster, clock, logger, keys: storeKeys(store, folder, cluster) });
    });
  }

  async #target(serve: S3Config): Promise<DocumentTarget> {
    const { openTarget } = this.#deps;
    if (openTarget === undefined) throw new TypeError("a config with s3 needs openTarget");
    return this.#targets.take(JSON.stringify(serve), () => openTarget(serve));
  }

  async #certificatesOf(
    config: Config,
    cluster: KubernetesApi,
    shared: SharedStore | undefined,
  ): Promise<Pick<IssuerOptions, "certificates" | "jwksCertificates">> {
    const { serve, stateDir, jwksUri, source, store } = publisherOf(config);
    const hosts = [hostAndPathOf(parseIssuer(config.issuer).discoveryUrl).host, hostAndPathOf(jwksUri).host];
    const { dns, stack, identity } = config;
    const provesByDns = serve.kind === "acme" && serve.acme.challenge === "dns-01";
    const zone =
      dns !== undefined && provesByDns ? { zone: { dns: dnsOfPublisher(dns), stack, identity } } : {};
    const together = defined({ shared });
    const open = (part: ServeConfig, names: readonly string[]): Promise<OpenCertificate> => {
      const key = JSON.stringify({ serve: certificatePart(part), names, stateDir, store, source, ...zone });
      return this.#certificates.take(key, () =>
        this.#answers.open({ serve: part, names, stateDir, cluster, ...together, ...zone }),
      );
    };
    const second = serve.kind === "files" ? serve.jwks : undefined;
    const first = await open(serve, second === undefined ? [...new Set(hosts)] : hosts.slice(0, 1));
    const jwks =
      second === undefined ? undefined : await open({ ...(serve as FilesConfig), ...second }, hosts.slice(1));
    return defined({ certificates: first.source, jwksCertificates: jwks?.source });
  }
}

/** The part of `serve` that a certificate depends on: not where it is served. */
function certificatePart(serve: ServeConfig): object {
  if (serve.kind === "acme") return { acme: serve.acme };
  if (serve.kind === "secret") return { certificateSecret: serve.certificateSecret };
  if (serve.kind === "files") return { certificateFile: serve.certificateFile, keyFile: serve.keyFile };
  return {};
}
