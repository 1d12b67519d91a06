/** One role of the mount, and its ServiceAccounts. */
export interface OpenBaoRole {
  readonly name: string;
  /** ServiceAccounts that log in by it, as NAMESPACE/NAME. */
  readonly serviceAccounts: readonly string[];
  /** Policies of the tokens that it gives. */
  readonly policies: readonly string[];
}

/** One JWT auth mount of an OpenBao that trusts the issuer. The token that changes it is never part of a config. */
export interface OpenBaoServer {
  /** URL without a slash at its end; plain http on loopback alone. */
  readonly address: string;
  /** PEM of the CA that signed the server's certificate, absolute; absent: the public roots. */
  readonly caFile?: string;
  /** Path of the auth mount, without `auth/`. */
  readonly mount: string;
  /** The audience that every role of it requires of a token. */
  readonly audience: string;
  readonly roles: readonly OpenBaoRole[];
}
