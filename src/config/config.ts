import type { AwsConfig } from "./aws/config.ts";
import type { AzureTenant } from "./azure/config.ts";
import type { ClusterServer, ClusterSource } from "./cluster.ts";
import type { DnsConfig } from "./dns/config.ts";
import type { GcpProject } from "./gcp/config.ts";
import type { MachineConfig } from "./machine/config.ts";
import type { OpenBaoServer } from "./openbao/config.ts";
import type { PublisherConfig } from "./publisher/config.ts";

/** The config of the relying parties beside AWS; empty without a section. */
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
  /** Tells the stack apart from another of its name: 8 lower-case hex characters. */
  readonly identity: string;
  readonly issuer: string;
  /** How the issuer got its name, if the file has only its zone. */
  readonly named?: {
    readonly zone: string;
    /** It was chosen for this run: nothing remembers it yet. */
    readonly isNew: boolean;
    /** The stack has no name: the one in `issuer` is never shown. */
    readonly isPlaceholder?: true;
  };
  readonly cluster?: ClusterSource;
  /** Its control plane nodes (`cluster.servers`), which are never made, wiped or deleted. */
  readonly servers?: readonly ClusterServer[];
  /** The machine that the cluster runs on, where podtrust sets it up. */
  readonly machine?: MachineConfig;
  readonly publisher?: PublisherConfig;
  readonly aws: readonly AwsConfig[];
  /** Absent: podtrust does not manage the issuer's name. */
  readonly dns?: DnsConfig;
  /** What is legal but deserves a second look, in sentences. */
  readonly warnings: readonly string[];
}
