import { PodtrustError } from "../../core/base/index.ts";
import type { SshSession } from "../../providers/host/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";

/** Opens the cluster's API by a port of loopback. */
export type OpenByPort = (port: number) => Promise<KubernetesApi>;

interface OpenTunnel {
  readonly api: KubernetesApi;
  close(): Promise<void>;
}

/** A port of loopback that leads to the API server of one machine, reconnected if the connection is lost. */
export class ServerTunnel {
  readonly remotePort: number;
  readonly #session: SshSession;
  readonly #open: OpenByPort;
  #tunnel: Promise<OpenTunnel> | undefined;

  constructor(session: SshSession, remotePort: number, open: OpenByPort) {
    this.remotePort = remotePort;
    this.#session = session;
    this.#open = open;
  }

  /**
   * One question to that API server. A forwarded port goes with its connection, and looks then as an API server does that is
   * away: it is asked once more by a port that is certainly there. Throws what `question` throws, and `ssh-*`.
   */
  async ask<T>(signal: AbortSignal, question: (api: KubernetesApi) => Promise<T>): Promise<T> {
    const known = this.#tunnel;
    const { api } = await (known ?? this.#made(signal));
    try {
      return await question(api);
    } catch (error) {
      const isAway = error instanceof PodtrustError && error.code === "cluster-unreachable";
      if (known === undefined || !isAway) throw error;
      if (this.#tunnel === known) await this.close();
      return question((await (this.#tunnel ?? this.#made(signal))).api);
    }
  }

  async close(): Promise<void> {
    const open = this.#tunnel;
    this.#tunnel = undefined;
    await open?.then((tunnel) => tunnel.close()).catch(() => {});
  }

  #made(signal: AbortSignal): Promise<OpenTunnel> {
    const making = this.#make(signal);
    this.#tunnel = making;
    making.catch(() => {
      if (this.#tunnel === making) this.#tunnel = undefined;
    });
    return making;
  }

  async #make(signal: AbortSignal): Promise<OpenTunnel> {
    const forward = await this.#session.forward(`127.0.0.1:${this.remotePort}`, { signal });
    return { api: await this.#open(forward.port), close: () => forward.close() };
  }
}
