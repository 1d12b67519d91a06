import type { StackOwner } from "../../../rules/plan/index.ts";

/** Go's name of a processor's architecture. */
export type GoArchitecture = "amd64" | "arm64";

/** The chart of Cilium that a cluster gets, pinned. */
export interface CiliumSpec {
  readonly version: string;
  /** SHA-256 of the chart's .tgz, hex. */
  readonly sha256: string;
  /** The .tgz on this machine; absent: the host downloads it. */
  readonly archive?: string;
  /** Absent: the host has no cilium command of ours. */
  readonly cli?: CiliumCliSpec;
}

/** The cilium command that a host gets, pinned. */
export interface CiliumCliSpec {
  /** `v0.18.7` */
  readonly version: string;
  /** SHA-256 of the release's .tar.gz, hex. */
  readonly sha256: Readonly<Partial<Record<GoArchitecture, string>>>;
  /** The .tar.gz on this machine; absent: the host downloads it. */
  readonly archive?: string;
}

/** The desired k3s on a host. */
export interface K3sSpec extends StackOwner {
  /** `v1.36.4+k3s1` */
  readonly version: string;
  /** Whether the config names it: a k3s that runs stays at its own version otherwise. */
  readonly isVersionNamed: boolean;
  /** SHA-256 of the release's binary, hex. */
  readonly sha256: Readonly<Partial<Record<GoArchitecture, string>>>;
  /** The binary on this machine; absent: the host downloads it. */
  readonly archive?: string;
  /** The first signs; all are accepted. */
  readonly issuers: readonly string[];
  readonly jwksUri: string;
  /** Absent: flannel, which k3s brings. */
  readonly cilium?: CiliumSpec;
  /** Names and addresses that the API's certificate has besides its own, for clients from outside. */
  readonly tlsSans: readonly string[];
}

/** A file that is to be on the host. */
export interface HostFile {
  readonly path: string;
  readonly text: string;
  /** Octal. */
  readonly mode: number;
}
