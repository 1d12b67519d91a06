import { type Clock, errorText, type Logger, recordsOf } from "../../core/base/index.ts";
import {
  type Controller,
  type KeySource,
  followedAs,
  type Reconcile,
  type ReconcileResult,
} from "../controller/index.ts";
import type {
  EventRecorder,
  KubernetesApi,
  KubernetesObject,
  SharedSecret,
} from "../../providers/kubernetes/index.ts";
import { fingerprintOf, makeAuthority, signServing } from "./certificates.ts";
import {
  asApplied,
  bundlesOf,
  configurationKind,
  configurationVersion,
  webhookConfiguration,
  withBundle,
} from "./configuration.ts";
import {
  certificatesEntry,
  type CertificateRecord,
  certificateRecordText,
  noCertificates,
  readCertificateRecord,
} from "./certificate-record.ts";
import { serviceDnsName, webhookName } from "./names.ts";
import { type Lives, nextStep, type Step } from "./rotation.ts";

export interface KeeperOptions {
  readonly api: Pick<KubernetesApi, "read" | "apply">;
  readonly secret: SharedSecret;
  /** Notifies of changes of the configuration. */
  readonly follows: Pick<KeySource, "synced" | "untilSynced" | "subscribe">;
  readonly namespace: string;
  readonly lives: Lives;
  readonly events: Pick<EventRecorder, "record">;
  readonly clock: Clock;
  readonly logger: Logger;
}

const manager = "podtrust-operator";
/** Field manager of what is put back; under the operator's own, its next apply would leave nothing but its own part. */
const restorer = "podtrust-operator-restored";
/** Milliseconds between two checks. */
const often = 60_000;
/** An uninstall deletes the configuration some moments before the operator ends: restored then, it would stay behind. */
const beforeRestored = 30_000;
const maxSteps = 20;

/** The text of the Secret, and its content; none if it is damaged. */
interface StoredCertificates {
  readonly text: string | undefined;
  readonly record: CertificateRecord;
}

/**
 * Keeps the webhook verifiable for API servers: makes its authority and certificate, renews both in time, writes the CA
 * bundle into the configuration, and restores what was removed. Runs in the replica that leads, except for the very
 * first certificate.
 */
export class WebhookKeeper implements Controller {
  readonly name = "webhook";
  readonly concurrency = 1;
  readonly follows: readonly KeySource[];
  readonly #options: KeeperOptions;
  #before: KubernetesObject | undefined;
  /** By `elapsed`: since when the configuration is missing. */
  #absentSince: number | undefined;

  constructor(options: KeeperOptions) {
    this.#options = options;
    const own = (): readonly string[] => [webhookName];
    this.follows = [followedAs(options.follows, own, own)];
  }

  /** What is wrong with the configuration, as a sentence; only the leader knows. */
  get trouble(): string | undefined {
    if (this.#absentSince === undefined) return undefined;
    return `there is no ${configurationKind} ${webhookName}: no API server asks for injection`;
  }

  async reconcile(_key: string, run: Reconcile): Promise<ReconcileResult> {
    const found = await this.#read(run);
    const configuration = found === undefined ? undefined : await this.#renew(found, run);
    this.#before = configuration ?? this.#before;
    return { againAfterMs: configuration === undefined ? beforeRestored / 3 : often };
  }

  /**
   * Makes the first certificate, in whichever replica misses it: while a rollout turns the webhook on, the leader may
   * be an old replica without one, which ends only once the new ones are ready. Two that begin at once agree through
   * the Secret, whose state decides each step.
   */
  async begin(signal: AbortSignal): Promise<void> {
    const { record } = await this.#kept();
    if (record.serving !== undefined) return;
    const { api } = this.#options;
    const found = await api.read({ kind: configurationKind, name: webhookName }, { signal });
    if (found === undefined) return;
    await this.#renew(found, { signal, assertHeld: () => {} });
  }

  /** Takes step after step until all is well, and returns the resulting configuration. */
  async #renew(
    found: KubernetesObject,
    run: Pick<Reconcile, "signal" | "assertHeld">,
  ): Promise<KubernetesObject> {
    let configuration = found;
    for (let steps = 0; steps < maxSteps; steps += 1) {
      const kept = await this.#kept();
      const { clock, namespace } = this.#options;
      const seen = {
        record: kept.record,
        bundles: bundlesOf(configuration),
        name: serviceDnsName(namespace),
        now: clock.now(),
      };
      const step = nextStep(seen);
      if (step === undefined) break;
      if (step.do === "publish")
        configuration = await this.#publish(configuration, step.bundle, kept.record, run);
      else await this.#keep(kept, await this.#after(kept.record, step), run);
    }
    return configuration;
  }

  async #kept(): Promise<StoredCertificates> {
    const text = (await this.#options.secret.read()).entries.get(certificatesEntry);
    if (text === undefined) return { text, record: noCertificates };
    try {
      return { text, record: readCertificateRecord(text) };
    } catch (error) {
      const what = `${this.#options.secret.place}, entry ${certificatesEntry}`;
      this.#options.logger.warn(`${what} is damaged, and is replaced: ${errorText(error)}`);
      return { text, record: noCertificates };
    }
  }

  /** The state held after a step. */
  async #after(
    record: CertificateRecord,
    step: Exclude<Step, { do: "publish" }>,
  ): Promise<CertificateRecord> {
    const { clock, lives, logger, namespace } = this.#options;
    const now = clock.now();
    switch (step.do) {
      case "make-authority": {
        logger.info("the webhook gets a new certificate authority");
        const authority = await makeAuthority({ now, life: lives.authority });
        return { ...record, authorities: [...record.authorities, authority] };
      }
      case "note-trust":
        return { ...record, authorities: record.authorities.map((one) => ({ trustedAt: now, ...one })) };
      case "sign": {
        logger.info("the webhook gets a new certificate");
        const names = [serviceDnsName(namespace)];
        const pair = await signServing(step.authority, names, { now, life: lives.serving });
        return { ...record, serving: { ...pair, at: now, by: fingerprintOf(step.authority) } };
      }
      case "forget":
        logger.info("an old certificate authority of the webhook is trusted no longer");
        return { ...record, authorities: step.keep };
    }
  }

  /** Writes the state, unless another replica has written since it was read: then the next check decides anew. */
  async #keep(
    kept: StoredCertificates,
    next: CertificateRecord,
    run: Pick<Reconcile, "assertHeld">,
  ): Promise<void> {
    run.assertHeld();
    await this.#options.secret.update((state) =>
      state.entries.get(certificatesEntry) === kept.text
        ? { ...state, entries: new Map(state.entries).set(certificatesEntry, certificateRecordText(next)) }
        : undefined,
    );
  }

  async #publish(
    configuration: KubernetesObject,
    bundle: string,
    record: CertificateRecord,
    run: Pick<Reconcile, "signal" | "assertHeld">,
  ): Promise<KubernetesObject> {
    const { api } = this.#options;
    // An authority not noted as trusted is simply new.
    const isMended = record.authorities.every(({ trustedAt }) => trustedAt !== undefined);
    run.assertHeld();
    const written = await api.apply(withBundle(configuration, bundle), {
      fieldManager: manager,
      force: true,
      signal: run.signal,
    });
    if (isMended)
      await this.#say(`${configurationKind} ${webhookName} had another caBundle, and has its own again`, run);
    return written;
  }

  /** The configuration, restored after it was missing for a while. */
  async #read({ assertHeld, signal }: Reconcile): Promise<KubernetesObject | undefined> {
    const { api, clock, namespace } = this.#options;
    const found = await api.read({ kind: configurationKind, name: webhookName }, { signal });
    if (found !== undefined && recordsOf(found["webhooks"]).length > 0) {
      this.#absentSince = undefined;
      return found;
    }
    const now = clock.elapsed();
    this.#absentSince ??= now;
    if (now - this.#absentSince < beforeRestored) return undefined;
    const initial = webhookConfiguration({ namespace, failurePolicy: "Ignore" });
    const object = this.#before === undefined ? initial : asApplied(this.#before);
    assertHeld();
    const written = await api.apply(object, { fieldManager: restorer, force: true, signal });
    this.#absentSince = undefined;
    await this.#say(`${configurationKind} ${webhookName} was gone, and is there again`, { signal });
    return written;
  }

  async #say(text: string, { signal }: Pick<Reconcile, "signal">): Promise<void> {
    const { events, logger } = this.#options;
    logger.warn(text);
    const regarding = { apiVersion: configurationVersion, kind: configurationKind, name: webhookName };
    const happening = { regarding, type: "Warning", reason: "WebhookMended", action: "Mend" } as const;
    await events.record({ ...happening, note: `${text}.` }, { signal });
  }
}
