import { join } from "node:path";
import type { Clock, Logger } from "../../core/base/index.ts";
import { type Config, publisherOf } from "../../config/index.ts";
import type { PluginConsent } from "../../providers/kubernetes/index.ts";
import type { AccountName, CertificateAddress, CertificateStore } from "../../providers/tls/index.ts";
import { parseIssuer } from "../../rules/oidc/index.ts";
import { openCluster } from "../configs/cluster.ts";
import { hostAndPathOf } from "../serving/site.ts";
import { type DocumentStore, documentStore } from "../source/store.ts";

export interface KeptDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly consent?: PluginConsent;
}

/** Where the publisher of a config keeps what it knows, and under which names. */
export interface KeptPlaces {
  readonly documents: DocumentStore;
  /** Absent where no certificate is ordered. */
  readonly certificates?: CertificateStore;
  readonly accountNames: readonly AccountName[];
  readonly addresses: readonly CertificateAddress[];
  /** The folder of all of it; absent where replicas share it in a Secret. */
  readonly stateDir?: string;
  close(): Promise<void>;
}

/** Which accounts and certificates a config is about; none where it orders none. */
async function namesOf(config: Config): Promise<Pick<KeptPlaces, "accountNames" | "addresses">> {
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

/** Opens them. Throws `config-without-publisher` and, for a Secret, what the cluster throws. */
export async function openKeptPlaces(config: Config, deps: KeptDeps): Promise<KeptPlaces> {
  const { store, source, stateDir, keyRetention } = publisherOf(config);
  const { stack, issuer } = config;
  const { clock, logger } = deps;
  const names = await namesOf(config);
  const ordersNone = names.addresses.length === 0;
  if (store !== undefined) {
    const { SharedStore } = await import("../shared/store.ts");
    const cluster = await openCluster(source, deps);
    const shared = new SharedStore(store, { cluster, clock, logger });
    return {
      ...names,
      documents: shared.documents({ stack, issuer, keyRetention, part: "documents" }),
      ...(ordersNone ? {} : { certificates: shared.certificates }),
      close: () => shared.close(),
    };
  }
  const { fileStore } = await import("../../providers/tls/index.ts");
  const certificates = fileStore({ directory: join(stateDir, "certificates"), clock, logger });
  return {
    ...names,
    documents: documentStore(join(stateDir, "publisher"), stack, issuer),
    ...(ordersNone ? {} : { certificates }),
    stateDir,
    close: async () => {},
  };
}
