/** A machine, and the user to log in as. */
export interface SshTarget {
  /** A name or an IP address, without brackets. */
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Fingerprints (`SHA256:…`) of which the host key has to have one; empty: what the person's known_hosts has. */
  readonly hostKeys: readonly string[];
  /** File of a private key, or of a public one whose private half an agent has; absent: agent and default keys. */
  readonly keyFile?: string;
  /** As ssh's -J takes it. */
  readonly proxyJump?: string;
  /** Where the connection really goes; the machine's name and its required key stay the same. */
  readonly via?: { readonly address: string; readonly port: number };
}

/** The machine in sentences: `k8s@203.0.113.7`, with its port where that is not 22. */
export function targetText({ user, address, port }: SshTarget): string {
  const host = address.includes(":") && port !== 22 ? `[${address}]` : address;
  return port === 22 ? `${user}@${host}` : `${user}@${host}:${port}`;
}
