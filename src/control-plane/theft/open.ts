import { type Clock, defined, errorText, PodtrustError } from "../../core/base/index.ts";
import type { Consent } from "../../core/credentials/index.ts";
import { type Config, fetchingParties } from "../../config/index.ts";
import type { IssuerRoute } from "../../issuer/index.ts";
import {
  type ClientCertificate,
  type KubernetesApi,
  openKubernetes,
} from "../../providers/kubernetes/index.ts";
import {
  emptyRecord,
  type KeySources,
  ownCredentials,
  recordTheft,
  type ServerKeys,
  type SignedServer,
} from "../../rules/rotation/index.ts";
import {
  keepKeysInKubeadm,
  type KeyRecipient,
  type OnWait,
  type Sights,
  sightsOf,
} from "../rotation/index.ts";
import { recordServers, ServersRecord, TheftsRecord } from "../record/index.ts";
import { checkListed, openServers, requireOwnAddress, type Servers } from "../servers/index.ts";
import { lookAtSigner } from "./end-at-signer.ts";
import { endingCredential, replacement } from "./own-credential.ts";
import { MachineTheftServer } from "./machine-server.ts";
import type { TheftServer } from "./theft-server.ts";

export interface OpenTheftOptions {
  readonly config: Config;
  readonly route: IssuerRoute;
  /** The stack's folder of state on this machine. */
  readonly stateDir: string;
  /** Places of relying parties with uploaded keys. */
  readonly given?: readonly KeyRecipient[];
  readonly seenThroughProxy?: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly consent: Consent;
  readonly notice: (text: string) => void;
  readonly onWait: OnWait;
  /** SSH addresses of `cluster.servers` that are gone. */
  readonly without?: readonly string[];
  /** What the cluster names and is no API server, as a person says. */
  readonly notServers?: readonly string[];
}

/** The cluster of a config as an answer to a theft reaches it. What could not be seen is a sentence of `open`, never an error. */
export interface OpenedTheft {
  readonly servers: readonly TheftServer[];
  /** Those of them that have a signer sign, which no key file shows. */
  readonly signed: readonly SignedServer[];
  readonly cluster: KubernetesApi;
  readonly sources: KeySources;
  /** Which credential this run has, and what takes its place: sentences. */
  readonly credentials: readonly string[];
  /** What may be open, since it could not be seen. */
  readonly open: readonly string[];
  /** What the servers remember of this theft, and of others. */
  readonly thefts: TheftsRecord;
  published(signal: AbortSignal): Promise<Sights>;
  /** Restarts the kubelet of each listed server that did not restart with its API server. Gives what was done, as sentences. */
  restartKubelets(): Promise<readonly string[]>;
  /** Takes ended keys out of what a rotation remembers. */
  endRecord(tainted: readonly string[]): Promise<void>;
  /** Writes the key files with which the API servers run into kubeadm's own config too. */
  keepInKubeadm(): Promise<void>;
  close(): Promise<void>;
}

/** What a look gives, or why it gave nothing, as an end of a sentence. */
async function orOpen<T>(
  look: () => Promise<T>,
  orElse: T,
  said: (why: string) => unknown,
  signal: AbortSignal,
): Promise<T> {
  try {
    return await look();
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof PodtrustError)) throw error;
    said(errorText(error));
    return orElse;
  }
}

/**
 * Opens each API server that a config names. Throws `rotation-no-servers`, `server-proxied`, `theft-own-credential` where the config's credential is a token
 * that the API servers would refuse halfway and no machine has a kubeconfig with a certificate, and `ssh-*` for a machine that is not reached: it would go on with the stolen key.
 */
export async function openTheft(options: OpenTheftOptions): Promise<OpenedTheft> {
  const { config, env, clock, consent, signal, stateDir, notice, route, without = [], notServers } = options;
  const { cluster: source, servers: listed, issuer } = config;
  if (source === undefined || listed === undefined) {
    throw new PodtrustError("rotation-no-servers", `${config.file} names no control plane nodes`, {
      detail: { file: config.file },
    });
  }
  let certificate: ClientCertificate | undefined;
  const open = (): Promise<KubernetesApi> =>
    openKubernetes(source, { env, clock, consent, ...defined({ certificate }) });
  let cluster = await open();
  requireOwnAddress(cluster.server);
  const credential = await endingCredential(cluster, signal);
  const onWait = (reason: string, deadline: number): void =>
    options.onWait(reason, deadline - clock.elapsed());
  const opening = { cluster: source, servers: listed, stateDir, purpose: "rotate", env, clock } as const;
  const opened = await openServers({
    ...opening,
    signal,
    consent,
    notice,
    without,
    onWait,
    certificate: () => certificate,
    // The list is compared below: whoever writes Leases stops no answer to a theft.
    withoutApi: true,
  });
  try {
    if (credential !== undefined) {
      certificate = await replacement(credential, opened.all, signal);
      cluster = await open();
    }
    const sights = {
      route,
      isFetched: fetchingParties(config).length > 0,
      ...defined({ given: options.given, seenThroughProxy: options.seenThroughProxy }),
    };
    const published = (until: AbortSignal): Promise<Sights> => sightsOf(issuer, sights, until);
    const copies = recordServers(opened.all);
    return {
      ...(await looked(opened, cluster, { clock, signal, published, ...defined({ notServers }) })),
      cluster,
      credentials: ownCredentials(credential, certificate?.from),
      published,
      thefts: new TheftsRecord(copies),
      async restartKubelets() {
        const done: string[] = [];
        for (const { api, files } of opened.all)
          if (await files.restartKubelet(signal)) done.push(`${api.name}: its kubelet restarts.`);
        return done;
      },
      async endRecord(tainted) {
        const record = new ServersRecord(copies, cluster);
        await record.keep(recordTheft((await record.read(signal)).record, tainted), signal);
      },
      keepInKubeadm: () => keepKeysInKubeadm(opened.all, cluster, { signal, notice }),
      close: () => opened.close(),
    };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

interface Looking extends Pick<OpenTheftOptions, "clock" | "signal" | "notServers"> {
  readonly published: (signal: AbortSignal) => Promise<Sights>;
}

async function looked(
  opened: Servers,
  cluster: KubernetesApi,
  { clock, signal, published, notServers }: Looking,
): Promise<Pick<OpenedTheft, "servers" | "signed" | "sources" | "open">> {
  const open: string[] = [];
  const servers: TheftServer[] = [];
  const signed: SignedServer[] = [];
  const keys: ServerKeys[] = [];
  for (const one of opened.all) {
    const server = new MachineTheftServer(
      one,
      opened.all.filter((other) => other !== one),
    );
    servers.push(server);
    const look = async (): Promise<void> => {
      const atSigner = await lookAtSigner(one, signal);
      if (atSigner !== undefined) signed.push(atSigner);
      else keys.push((await server.look(signal)).keys);
    };
    const said = (why: string): unknown => open.push(`${server.name} could not be looked at: ${why}`);
    await orOpen(look, undefined, said, signal);
  }
  const listed = opened.all.map((server) => server.facts);
  const against = { listed, elapsed: clock.elapsed(), ...defined({ notServers }) };
  await orOpen(
    () => checkListed(cluster, against, signal),
    undefined,
    (why) => open.push(why),
    signal,
  );
  const { seen } = await published(signal);
  // Nothing that the cluster remembers is asked: whoever writes there could have a key counted as clean.
  return { servers, signed, sources: { servers: keys, published: seen, record: emptyRecord }, open };
}
