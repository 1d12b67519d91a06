import { type Clock, PodtrustError } from "../../core/base/index.ts";
import { type Config, declaredParties, publisherOf } from "../../config/index.ts";
import { RecordSecret } from "../record/index.ts";
import { openServers } from "../servers/index.ts";
import type { IssuerRoute } from "../../issuer/index.ts";
import { type KubernetesApi, openKubernetes, type PluginConsent } from "../../providers/kubernetes/index.ts";
import { relyingParties } from "../../rules/oidc/index.ts";
import { keepKeysInKubeadm } from "./kubeadm.ts";
import { MachineServer } from "./machine-server.ts";
import { Rotation, type RotationDeps } from "./rotation.ts";
import { sightsOf } from "./sights.ts";
import { legacyTokensOf, podsOf } from "./tokens.ts";

export interface OpenOptions extends Pick<RotationDeps, "onStep" | "onWait" | "identities"> {
  /** Has the publisher of the cluster distrust a key: it is published no more. */
  readonly withdraw: (kid: string, cluster: KubernetesApi) => Promise<void>;
  readonly config: Config;
  readonly route: IssuerRoute;
  /** The stack's folder of state on this machine. */
  readonly stateDir: string;
  /** Milliseconds: max-age of the publisher's Cache-Control. */
  readonly publisherCache: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly consent: PluginConsent;
  readonly notice: (text: string) => void;
  /** SSH addresses of `cluster.servers` that are gone. */
  readonly without?: readonly string[];
}

/** A rotation of a config's cluster, and that cluster. */
export interface OpenedRotation {
  readonly rotation: Rotation;
  readonly cluster: KubernetesApi;
  close(): Promise<void>;
}

/**
 * Opens the rotation of the cluster that a config names, with each of its API servers. Throws `rotation-no-servers` for a
 * config without `cluster.servers`, and what `openServers` throws.
 */
export async function openRotation(options: OpenOptions): Promise<OpenedRotation> {
  const { config, env, clock, signal, consent, stateDir, notice, publisherCache, without = [] } = options;
  const { cluster: source, servers: listed, issuer } = config;
  if (source === undefined || listed === undefined) {
    throw new PodtrustError("rotation-no-servers", `${config.file} names no control plane nodes`, {
      detail: { file: config.file },
    });
  }
  const { pollInterval, relyingPartyCache = relyingParties.aws.keys.fetchedMs } = publisherOf(config);
  const cluster = await openKubernetes(source, { env, clock, consent });
  const opening = { cluster: source, servers: listed, stateDir, purpose: "rotate", env, clock } as const;
  const servers = await openServers({ ...opening, signal, consent, notice, without });
  const rotation = new Rotation({
    ...options,
    withdraw: (kid) => options.withdraw(kid, cluster),
    onMoved: () => keepKeysInKubeadm(servers.all, cluster, { signal, notice }),
    servers: servers.all.map((server) => new MachineServer(server)),
    record: new RecordSecret(cluster),
    times: { poll: pollInterval, publisherCache, relyingPartyCache },
    parties: declaredParties(config),
    published: (until) => sightsOf(issuer, options.route, until),
    pods: (until) => podsOf(cluster, until),
    legacy: (until) => legacyTokensOf(cluster, until),
  });
  return { rotation, cluster, close: () => servers.close() };
}
