import type { Clock } from "../core/base/index.ts";
import type { ConnectTo } from "../core/http/index.ts";
import type { KubernetesApi } from "../providers/kubernetes/index.ts";
import type { Issuer } from "../rules/oidc/index.ts";
import type { Publisher } from "../publisher/index.ts";
import type { Sandbox, StandInCa, StandInCluster } from "../sandbox/index.ts";

/** The environment in which the chain is shown, wherever its cluster and its publisher run. */
export interface Stage {
  readonly issuer: Issuer;
  /** As an administrator: makes ServiceAccounts, mints tokens. */
  readonly cluster: KubernetesApi;
  /** Absent with a real cluster. */
  readonly standIn: StandInCluster | undefined;
  /** The one of this process; absent where it runs on a machine. */
  readonly publisher: Publisher | undefined;
  readonly ca: StandInCa;
  readonly sandbox: Sandbox;
  /** Takes the place of public DNS: leads the issuer's port 443 to the publisher. */
  readonly connectTo: readonly ConnectTo[];
  readonly clock: Clock;
  readonly folder: string;
  /** Run when the stage closes, before everything that was started earlier. */
  atEnd(end: () => Promise<void>): void;
  close(): Promise<void>;
}
