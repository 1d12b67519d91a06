import { type Clock, defined, PodtrustError } from "../../core/base/index.ts";
import { declaredParties } from "../../config/index.ts";
import { recordServers, ServersRecord, TheftsRecord } from "../record/index.ts";
import { openServers } from "../servers/index.ts";
import type { Consent } from "../../core/credentials/index.ts";
import { type KubernetesApi, openKubernetes } from "../../providers/kubernetes/index.ts";
import { keepKeysInKubeadm } from "./kubeadm.ts";
import { MachineServer } from "./machine-server.ts";
import { Rotation } from "./rotation.ts";
import type { RotationDeps } from "./rotation-deps.ts";
import { type PublicationOptions, publicationOf } from "./publication.ts";
import { legacyTokensOf, podsOf } from "./tokens.ts";

export interface OpenOptions
  extends
    PublicationOptions,
    Pick<RotationDeps, "onStep" | "onWait" | "onWithdrawn" | "identities" | "onUnkept" | "untried"> {
  /** Makes the publisher of the cluster distrust a key: it is no longer published. */
  readonly withdraw: (kid: string, cluster: KubernetesApi) => Promise<void>;
  /** The stack's folder of state on this machine. */
  readonly stateDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly consent: Consent;
  readonly notice: (text: string) => void;
  /** SSH addresses of `cluster.servers` that are gone. */
  readonly without?: readonly string[];
  /** What the cluster names and is no API server, as a person says. */
  readonly notServers?: readonly string[];
  /** Called with what the list lacks, where that is to stop nothing. */
  readonly onUnlisted?: (why: string) => void;
}

/** A rotation of a config's cluster, and that cluster. */
export interface OpenedRotation {
  readonly rotation: Rotation;
  readonly cluster: KubernetesApi;
  /** What the servers remember of thefts. */
  readonly thefts: TheftsRecord;
  close(): Promise<void>;
}

/**
 * Opens the rotation of the cluster that a config names, with each of its API servers. Throws `rotation-no-servers` for a
 * config without `cluster.servers`, and what `openServers` throws.
 */
export async function openRotation(options: OpenOptions): Promise<OpenedRotation> {
  const { config, env, clock, signal, consent, stateDir, notice, without, notServers, onUnlisted } = options;
  const { cluster: source, servers: listed } = config;
  if (source === undefined || listed === undefined) {
    throw new PodtrustError("rotation-no-servers", `${config.file} names no control plane nodes`, {
      detail: { file: config.file },
    });
  }
  const { times, look } = publicationOf(options);
  const cluster = await openKubernetes(source, { env, clock, consent });
  const opening = { cluster: source, servers: listed, stateDir, purpose: "rotate", env, clock } as const;
  const onWait = (reason: string, deadline: number): void =>
    options.onWait(reason, deadline - clock.elapsed());
  const unlisted = defined({ without, notServers, onUnlisted });
  const servers = await openServers({ ...opening, ...unlisted, signal, consent, notice, onWait });
  const copies = recordServers(servers.all);
  const rotation = new Rotation({
    ...options,
    withdraw: (kid) => options.withdraw(kid, cluster),
    onMoved: () => keepKeysInKubeadm(servers.all, cluster, { signal, notice }),
    servers: servers.all.map((server) => new MachineServer(server)),
    record: new ServersRecord(copies, cluster),
    times,
    parties: declaredParties(config),
    published: look,
    pods: (until) => podsOf(cluster, until),
    legacy: (until) => legacyTokensOf(cluster, until),
  });
  return { rotation, cluster, thefts: new TheftsRecord(copies), close: () => servers.close() };
}
