/** An existing machine. */
export interface SshMachine {
  /** A name or an IP address, without brackets. */
  readonly address: string;
  readonly port: number;
  /** The login user: root, or a user who may run sudo without a password. */
  readonly user: string;
  /** `SHA256:…`, as `ssh-keygen -l` prints it; absent: the key in the user's own known_hosts. */
  readonly hostKey?: string;
  /** A jump host, as for ssh's -J. */
  readonly proxyJump?: string;
}

/** A machine that is rented from Hetzner Cloud. */
export interface HetznerMachine {
  /** The server type, as `cax11`: the first of `types`, until one is chosen by what can be had. */
  readonly type: string;
  /** In the order in which they are tried; at least one. */
  readonly types: readonly string[];
  /** The first of `locations`, until one is chosen. */
  readonly location: string;
  readonly locations: readonly string[];
  /** The name of a system image; the type's architecture decides which one it is. */
  readonly image: string;
  /** File of the token; absent: HCLOUD_TOKEN. */
  readonly tokenFile?: string;
  /** Whether it has a public address of the family. At least one is true. */
  readonly ipv4: boolean;
  readonly ipv6: boolean;
  /** Who may reach port 22, as CIDRs; absent: the address that podtrust runs from. */
  readonly sshFrom?: readonly string[];
  /** https URLs that return the caller's address; absent: the default ones. */
  readonly addressServices?: readonly string[];
}

/** Which k3s to run. */
export interface K3sConfig {
  /** `v1.36.4+k3s1` */
  readonly version: string;
  /** Whether the config names the version: only then is a k3s that runs upgraded. */
  readonly isVersionNamed: boolean;
  /** SHA-256 of the release's binary, hex, by Go's name of the architecture. */
  readonly sha256: Readonly<Partial<Record<"amd64" | "arm64", string>>>;
  /** The binary on this machine, sent in place of a download on the host. */
  readonly archive?: string;
}

/** Which release of the cilium command the machine has. */
export interface CiliumCliConfig {
  /** `v0.18.7` */
  readonly version: string;
  /** SHA-256 of the release's .tar.gz, hex, by Go's name of the architecture; at least one. */
  readonly sha256: Readonly<Partial<Record<"amd64" | "arm64", string>>>;
  /** That .tar.gz on this machine, sent in place of a download on the host. */
  readonly archive?: string;
}

/** Which Cilium makes the pods' network, where it does. */
export interface CiliumConfig {
  readonly version: string;
  /** SHA-256 of the chart's .tgz, hex. */
  readonly sha256: string;
  /** The chart on this machine, sent in place of a download on the host. */
  readonly archive?: string;
  /** Absent: the machine has no cilium command. */
  readonly cli?: CiliumCliConfig;
}

/** What the pods' network is made of. */
export type Cni = "cilium" | "flannel";

/** The machine that the cluster runs on. */
export interface MachineConfig {
  /** One of the two. */
  readonly hetzner?: HetznerMachine;
  readonly ssh?: SshMachine;
  /** Nothing of it is deleted or replaced. */
  readonly protect: boolean;
  /** The guide's user: logs in, and has kubectl. */
  readonly user: string;
  /** The public key that may log in, or the private key beside it; absent: an agent, or the user's default keys. */
  readonly sshKey?: string;
  readonly k3s: K3sConfig;
  readonly cni: Cni;
  /** Used only with `cni: cilium`. */
  readonly cilium: CiliumConfig;
  /** Who may reach port 6443, as CIDRs; empty: closed, the API is reached through SSH. */
  readonly apiFrom: readonly string[];
}
