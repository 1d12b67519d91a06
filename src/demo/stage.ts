import type { Clock } from "../core/base/index.ts";
import type { ConnectTo } from "../core/http/index.ts";
import type { KubernetesApi } from "../providers/kubernetes/index.ts";
import type { Issuer } from "../rules/oidc/index.ts";
import type { Publisher } from "../publisher/index.ts";
import type { Sandbox, StandInCa, StandInCluster } from "../sandbox/index.ts";

/** What the chain is shown on, wherever its cluster and its publisher run. */
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
  /** What takes the place of public DNS: the issuer's port 443 leads to the publisher. */
  readonly connectTo: readonly ConnectTo[];
  readonly clock: Clock;
  readonly folder: string;
  /** Run when the stage closes, before all that was started earlier ends. */
  atEnd(end: () => Promise<void>): void;
  close(): Promise<void>;
}
