import type { Clock, Logger } from "../../core/base/index.ts";
import type { SecretName } from "../../config/index.ts";
import { type KubernetesApi, SharedSecret } from "../../providers/kubernetes/index.ts";
import { type CertificateStore, recordStore } from "../../providers/tls/index.ts";
import type { DocumentStore } from "../source/store.ts";
import { SharedChallenges } from "./challenges.ts";
import { sharedDistrusts } from "./distrusts.ts";
import { sharedDocuments, type SharedDocumentsOptions } from "./documents.ts";
import { SharedLocks } from "./locks.ts";
import { ForgedEntries, type ProvenAccess } from "./proven.ts";
import { SecretRecords } from "./records.ts";
import type { StoreKeys } from "./store-keys.ts";

export interface SharedStoreDeps {
  readonly cluster: Pick<KubernetesApi, "read" | "create" | "replace">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What proves who wrote; without it documents say distrusts alone, and nothing else is used. */
  readonly keys?: StoreKeys;
  /** What to do if the Secret does not exist: a sentence. By default that of a publisher. */
  readonly ifAbsent?: string;
}

const makeSecret =
  "Make it with podtrust manifests publisher, or for publisher.distrustSecret with podtrust manifests publisher-rbac --distrust-secret NAME: the publisher itself may only read and change it.";

/** The owner of the documents, and how long a key is kept (milliseconds). */
export interface DocumentsSpec extends Omit<SharedDocumentsOptions, "secret" | "clock" | "access"> {
  /** All of a state, for replicas without another; or distrusts, for a publisher that has a state folder too. */
  readonly part: "documents" | "distrusted";
}

/** Everything that the replicas of a publisher share: in one Secret, under the Lease of the same name. */
export class SharedStore {
  readonly certificates: CertificateStore;
  readonly challenges: SharedChallenges;
  readonly #secret: SharedSecret;
  readonly #clock: Clock;
  readonly #access: ProvenAccess;
  readonly #documents = new Map<string, DocumentStore>();

  constructor({ namespace, name }: SecretName, deps: SharedStoreDeps) {
    const { cluster, clock, logger, ifAbsent = makeSecret } = deps;
    const common = { cluster, namespace, name, clock, logger };
    this.#secret = new SharedSecret({ ...common, ifAbsent });
    this.#clock = clock;
    const { keys = () => Promise.resolve([]) } = deps;
    this.#access = { keys, forged: new ForgedEntries(logger) };
    const locks = new SharedLocks({ ...common, secret: this.#secret });
    this.certificates = recordStore(new SecretRecords(this.#secret, locks, this.#access));
    this.challenges = new SharedChallenges(this.#secret, this.#access, clock);
  }

  /** The documents of an issuer: the same store for the same spec, also after a reload. */
  documents(spec: DocumentsSpec): DocumentStore {
    const key = JSON.stringify(spec);
    const known = this.#documents.get(key);
    const options = { ...spec, secret: this.#secret, clock: this.#clock, access: this.#access };
    const store = known ?? (spec.part === "documents" ? sharedDocuments(options) : sharedDistrusts(options));
    this.#documents.set(key, store);
    return store;
  }

  close(): Promise<void> {
    return this.#secret.close();
  }
}
