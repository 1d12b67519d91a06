import { join } from "node:path";
import type { Clock, Logger } from "../../core/base/index.ts";
import { StateFolder } from "../../core/files/index.ts";
import { type Config, publisherOf } from "../../config/index.ts";
import type { Consent } from "../../core/credentials/index.ts";
import type { AccountName, CertificateAddress, CertificateStore } from "../../providers/tls/index.ts";
import { parseIssuer } from "../../rules/oidc/index.ts";
import { openCluster } from "../source/cluster-source.ts";
import { whileStopped } from "../control/sockets.ts";
import { hostAndPathOf } from "../serving/site.ts";
import type { StoreKeys } from "../replicas/store-keys.ts";
import { type DocumentStore, documentStore, documentStoreIn } from "../source/store.ts";
import {
  folderOfFiles,
  type PublisherFiles,
  type StateFolderFiles,
  recordsOfFiles,
  whileStoppedThere,
} from "./files.ts";

export interface StoreDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly consent?: Consent;
  /** The files of a publisher on another machine; by default the config's state directory here. */
  readonly files?: PublisherFiles;
}

/** Where the publisher of a config stores its state, and under which names. */
export interface PublisherStores {
  readonly documents: DocumentStore;
  /** Absent where no certificate is ordered. */
  readonly certificates?: CertificateStore;
  readonly accountNames: readonly AccountName[];
  readonly addresses: readonly CertificateAddress[];
  /** The folder of all of it; absent if replicas share it in a Secret. */
  readonly folder?: StateFolderFiles;
  /** What proves what replicas share; absent where there is a folder. */
  readonly storeKeys?: StoreKeys;
  /** Works while no publisher uses it. Throws `publisher-running` if one runs that cannot be stopped from here. */
  whileStopped<Result>(work: () => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** The accounts and certificates of a config; none if it orders none. */
async function namesOf(config: Config): Promise<Pick<PublisherStores, "accountNames" | "addresses">> {
  const { serve, jwksUri } = publisherOf(config);
  if (serve.kind !== "acme") return { accountNames: [], addresses: [] };
  const { acmeAuthorities } = await import("../../config/index.ts");
  const { directoriesOf } = await import("../../providers/tls/index.ts");
  const { discoveryUrl } = parseIssuer(config.issuer);
  const names = [...new Set([hostAndPathOf(discoveryUrl).host, hostAndPathOf(jwksUri).host])];
  const authorities = acmeAuthorities(serve.acme);
  const account = serve.acme.email ?? "";
  return {
    accountNames: directoriesOf(authorities).map((directory) => ({ directory, account })),
    addresses: authorities.map(({ directory }) => ({ directory, account, names })),
  };
}

async function placesThere(
  { stack, issuer }: Config,
  files: PublisherFiles,
  ordersNone: boolean,
): Promise<Omit<PublisherStores, "accountNames" | "addresses">> {
  const { recordStore } = await import("../../providers/tls/index.ts");
  return {
    documents: documentStoreIn(folderOfFiles(files, "publisher"), stack, issuer),
    ...(ordersNone ? {} : { certificates: recordStore(recordsOfFiles(files, "certificates")) }),
    folder: folderOfFiles(files),
    whileStopped: (work) => whileStoppedThere(files, work),
    // The opener of the connection closes it.
    close: async () => {},
  };
}

/** Opens them. Throws `config-without-publisher` and, for a Secret, what the cluster throws. */
export async function openPublisherStores(config: Config, deps: StoreDeps): Promise<PublisherStores> {
  const { store, storeKeyFolder, source, stateDir, keyRetention } = publisherOf(config);
  const { stack, issuer } = config;
  const { clock, logger } = deps;
  const names = await namesOf(config);
  const ordersNone = names.addresses.length === 0;
  if (store !== undefined) {
    const { SharedStore } = await import("../replicas/store.ts");
    const cluster = await openCluster(source, deps);
    const { storeKeys } = await import("../replicas/store-keys.ts");
    const keys = storeKeys(store, storeKeyFolder, cluster);
    const shared = new SharedStore(store, { cluster, clock, logger, keys });
    return {
      ...names,
      storeKeys: keys,
      documents: shared.documents({ stack, issuer, keyRetention, part: "documents" }),
      ...(ordersNone ? {} : { certificates: shared.certificates }),
      whileStopped: (work) => work(),
      close: () => shared.close(),
    };
  }
  if (deps.files !== undefined) return { ...names, ...(await placesThere(config, deps.files, ordersNone)) };
  const { fileStore } = await import("../../providers/tls/index.ts");
  const certificates = fileStore({ directory: join(stateDir, "certificates"), clock, logger });
  return {
    ...names,
    documents: documentStore(join(stateDir, "publisher"), stack, issuer),
    ...(ordersNone ? {} : { certificates }),
    folder: new StateFolder(stateDir),
    whileStopped: (work) => whileStopped(stateDir, work),
    close: async () => {},
  };
}
