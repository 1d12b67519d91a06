import { createPrivateKey, X509Certificate } from "node:crypto";
import type { LocalAddress } from "../../core/admin/index.ts";
import {
  type Clock,
  defined,
  errorText,
  type JsonRecord,
  type Logger,
  mapped,
} from "../../core/base/index.ts";
import { type KubernetesApi, type Mirror, SharedSecret } from "../../providers/kubernetes/index.ts";
import type { Roles } from "../roles.ts";
import { Around } from "./around.ts";
import { termOf } from "./certificates.ts";
import { certificatesEntry, type ServingRecord, readCertificateRecord } from "./certificate-record.ts";
import { type KeeperOptions, WebhookKeeper } from "./keeper.ts";
import { webhookName } from "./names.ts";
import { answerReview } from "./review.ts";
import { type Lives, defaultLives } from "./rotation.ts";
import { ReviewServer } from "./server.ts";
import { ReviewTallies } from "./tallies.ts";

export interface WebhookOptions {
  readonly api: Pick<KubernetesApi, "read" | "replace" | "apply">;
  /** The operator's. */
  readonly namespace: string;
  readonly listen: LocalAddress;
  /** PEM: API servers must present a certificate of this authority. Absent: every client is answered. */
  readonly clientCa?: string;
  readonly accounts: Mirror<JsonRecord>;
  readonly namespaces: Mirror<JsonRecord>;
  readonly roles: Roles;
  /** Notifies of changes of the webhook's configuration (`followedConfiguration`). */
  readonly configuration: KeeperOptions["follows"];
  /** Lifetimes of its certificates; `defaultLives` by default. */
  readonly lives?: Lives;
  readonly events: KeeperOptions["events"];
  readonly clock: Clock;
  readonly logger: Logger;
}

/** State of the webhook in a replica. */
export interface WebhookStatus {
  /** Absent before it listens. */
  readonly address?: LocalAddress;
  /** When its certificate expires, milliseconds since the epoch; absent while it has none. */
  readonly certificateUntil?: number;
}

/**
 * API servers keep asking a replica for a while after it announced its end: until its Service has left it out
 * everywhere. Milliseconds.
 */
const drainMs = 5000;

/** For this many checks, a second apart, the first certificate is left to the replica that leads. */
const forLeader = 3;

/** The Secret with the webhook's certificates. Each reader is notified of others' writes, not of its own. */
function webhookSecret(
  options: Pick<WebhookOptions, "api" | "namespace" | "clock" | "logger">,
): SharedSecret {
  const { api, namespace, clock, logger } = options;
  const ifAbsent =
    "Make it with podtrust manifests operator-rbac --webhook: the operator may only read and change it.";
  return new SharedSecret({ cluster: api, namespace, name: webhookName, ifAbsent, clock, logger });
}

/** Answers API servers that ask for injection; in every replica. */
export class Webhook {
  readonly tallies = new ReviewTallies();
  /** What the leading replica does for all of them. */
  readonly keeper: WebhookKeeper;
  readonly #options: WebhookOptions;
  readonly #secret: SharedSecret;
  readonly #server: ReviewServer;
  #serving: ServingRecord | undefined;
  #trouble = "";

  constructor(options: WebhookOptions) {
    this.#options = options;
    this.#secret = webhookSecret(options);
    const { configuration, lives = defaultLives } = options;
    this.keeper = new WebhookKeeper({
      ...options,
      secret: webhookSecret(options),
      follows: configuration,
      lives,
    });
    const around = new Around(options);
    this.#server = new ReviewServer({
      ...options,
      tallies: this.tallies,
      answer: (read, client) => answerReview(read, (of, account) => around.of(of, account, client)),
    });
  }

  get status(): WebhookStatus {
    const { address } = this.#server;
    return {
      ...defined({ address, certificateUntil: mapped(this.#serving, (serving) => termOf(serving).until) }),
    };
  }

  /** Why it cannot answer, in sentences. */
  get unready(): readonly string[] {
    if (this.#serving !== undefined) return [];
    return [
      "webhook: it has no certificate yet, which the replica that leads makes, or this one in a moment",
    ];
  }

  /** Problems that do not keep it from answering, in sentences. `leads`: whether this replica leads. */
  degraded(leads: boolean): readonly string[] {
    const { trouble } = this.keeper;
    return leads && trouble !== undefined ? [`webhook: ${trouble}`] : [];
  }

  /** Serves until the signal is aborted, and resolves once every request is answered. Throws `operator-listen`. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    await this.#server.listen();
    logger.info("the webhook listens", { ...this.#server.address });
    const end = this.#secret.onChange(certificatesEntry, () => void this.#load());
    try {
      for (let looks = 0; !signal.aborted; looks += 1) {
        await this.#load();
        if (this.#serving === undefined && looks >= forLeader) await this.#begin(signal);
        await clock.sleep(this.#serving === undefined ? 1000 : 60_000, signal).catch(() => {});
      }
      this.#server.retire();
      if (this.#serving !== undefined) await clock.sleep(drainMs);
    } finally {
      end();
      await Promise.all([this.#secret.close(), this.#server.drain()]);
    }
  }

  async #begin(signal: AbortSignal): Promise<void> {
    try {
      await this.keeper.begin(signal);
      await this.#load();
    } catch (error) {
      if (!signal.aborted) this.#warn(`the webhook's first certificate cannot be made: ${errorText(error)}`);
    }
  }

  /** Logs each problem once, until it changes. */
  #warn(said: string): void {
    if (said !== this.#trouble) this.#options.logger.warn(said);
    this.#trouble = said;
  }

  /** Presents the certificate in the Secret; the previous one, if that cannot be used. */
  async #load(): Promise<void> {
    const { logger } = this.#options;
    try {
      const text = (await this.#secret.read()).entries.get(certificatesEntry);
      const serving = text === undefined ? undefined : readCertificateRecord(text).serving;
      if (serving === undefined || serving.certificate === this.#serving?.certificate) return;
      const leaf = new X509Certificate(serving.certificate);
      if (!leaf.checkPrivateKey(createPrivateKey(serving.key)))
        throw new TypeError("its key is another one's");
      this.#server.use(serving);
      this.#serving = serving;
      this.#trouble = "";
      logger.info("the webhook shows a certificate", { until: leaf.validTo });
    } catch (error) {
      this.#warn(`the webhook's certificate cannot be used: ${errorText(error)}`);
    }
  }
}
