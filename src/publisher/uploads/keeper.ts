import { type Clock, isoTime, type Logger } from "../../core/base/index.ts";
import type { Config, SecretName } from "../../config/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import { PublishedIssuer } from "../issuer.ts";
import { settingsOfOne } from "../settings.ts";
import { SharedStore } from "../replicas/store.ts";
import { storeKeys } from "../replicas/store-keys.ts";
import { openUploads } from "./relying-parties.ts";

export interface KeyKeeperOptions {
  readonly config: Config;
  readonly cluster: Pick<KubernetesApi, "server" | "oidcDocuments" | "read" | "create" | "replace">;
  /** Where it stores what it saw. */
  readonly secret: SecretName;
  /** The folder of the keys that prove what it stores. */
  readonly keyFolder: string;
  /** Credentials come from it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const ifAbsent =
  "Make it with podtrust manifests operator-rbac --keys: the operator itself may only read and change it.";

/**
 * Follows a cluster's keys and uploads them, if its issuer is not published: a publisher without a listener. The caller
 * ensures that only one runs at a time.
 */
export class KeyKeeper {
  readonly #options: KeyKeeperOptions;
  #issuer: PublishedIssuer | undefined;

  constructor(options: KeyKeeperOptions) {
    this.#options = options;
  }

  /** What is wrong, in sentences; empty while it does not run. */
  get degraded(): readonly string[] {
    const status = this.#issuer?.status();
    if (status === undefined) return [];
    const { unready, degraded, warnings } = status;
    return [...unready, ...degraded, ...warnings].map((why) => `keys: ${why}`);
  }

  /** Where keys are, in sentences. */
  get said(): readonly string[] {
    return (this.#issuer?.status().uploads ?? []).map(({ place, confirmedAt, failing }) => {
      if (failing !== undefined) return `${place}: ${failing.message}`;
      return confirmedAt === undefined
        ? `${place}: not looked at yet`
        : `${place}: has them, seen ${isoTime(confirmedAt)}`;
    });
  }

  /** Runs until the signal is aborted, and resolves once all writes have ended. */
  async run(signal: AbortSignal): Promise<void> {
    const { config, cluster, secret, keyFolder, env, clock, logger } = this.#options;
    const { stack, issuer } = config;
    const keys = storeKeys(secret, keyFolder, cluster);
    const store = new SharedStore(secret, { cluster, clock, logger, ifAbsent, keys });
    const { server } = cluster;
    const source = { server, oidcDocuments: (how = {}) => cluster.oidcDocuments(how) };
    const uploads = await openUploads(config, { env, clock, logger });
    const settings = settingsOfOne({ stack, issuer, cluster: source, uploads, unserved: true }, "");
    const { keyRetention } = settings;
    const shared = store.documents({ stack, issuer, keyRetention, part: "documents" });
    const kept = new PublishedIssuer(
      { ...settings, shared },
      { clock, logger, acceptKeys: false, publish: () => {}, changed: () => {} },
    );
    this.#issuer = kept;
    try {
      await kept.start();
      if (!signal.aborted)
        await new Promise<void>((resolve) =>
          signal.addEventListener("abort", () => resolve(), { once: true }),
        );
    } finally {
      await kept.close();
      await store.close();
      this.#issuer = undefined;
    }
  }
}
