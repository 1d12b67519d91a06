import type { AwsConfig } from "./aws/config.ts";
import type { AzureTenant } from "./azure/config.ts";
import type { ClusterServer, ClusterSource } from "./cluster.ts";
import type { DnsConfig } from "./dns/config.ts";
import type { GcpProject } from "./gcp/config.ts";
import type { MachineConfig } from "./machine/config.ts";
import type { OpenBaoServer } from "./openbao/config.ts";
import type { PublisherConfig } from "./publisher/config.ts";

/** What a config says of the relying parties beside AWS; empty where it has no section. */
export interface ConfiguredParties {
  readonly gcp: readonly GcpProject[];
  readonly azure: readonly AzureTenant[];
  readonly openbao: readonly OpenBaoServer[];
}

/** A config file with defaults filled in and names made absolute. Frozen all the way down. */
export interface Config extends ConfiguredParties {
  /** The file that it came from. */
  readonly file: string;
  readonly stack: string;
  readonly issuer: string;
  /** How the issuer got its name, where the file says only in which zone it stands. */
  readonly named?: {
    readonly zone: string;
    /** It was chosen for this run: nothing remembers it yet. */
    readonly isNew: boolean;
    /** The stack has no name: what stands in `issuer` is shown to nobody. */
    readonly isPlaceholder?: true;
  };
  readonly cluster?: ClusterSource;
  /** Its control plane nodes (`cluster.servers`), which are never made, wiped or taken down. */
  readonly servers?: readonly ClusterServer[];
  /** The machine that the cluster runs on, where podtrust sets it up. */
  readonly machine?: MachineConfig;
  readonly publisher?: PublisherConfig;
  readonly aws: readonly AwsConfig[];
  /** Absent: the issuer's name is somebody else's business. */
  readonly dns?: DnsConfig;
  /** What is legal but deserves a second look, in sentences. */
  readonly warnings: readonly string[];
}
