/** How the file of a credential is judged before it is used. */
const fileChecks = {
  private:
    "a regular file of this process's user or root, which nobody else may write or read: refused otherwise",
  reported: "its size; that others on the machine may read it is reported",
  bounded: "its size: whoever mounts or writes it sets its mode",
} as const;

/** A file with a credential: how it is judged, and how many bytes it may have. */
export interface FileRule {
  readonly check: keyof typeof fileChecks;
  readonly maxBytes: number;
}

/** One kind of credential that podtrust reads. */
export interface CredentialRow {
  /** In words, as the subject of a sentence: `the token for OpenBao`. */
  readonly what: string;
  /** Who gives it, and with it the right to use it. */
  readonly owner: string;
  /** The hosts that it goes to, and who names them. */
  readonly goesTo: string;
  /** Variables of the environment that hold it, or name its file. */
  readonly variables: readonly string[];
  /** Keys of the config, or options, that name its file. */
  readonly namedBy: readonly string[];
  /** Absent for what is in no file of its own. */
  readonly file?: FileRule;
  /** Names under which a log or a message leaves its value out; none for what is never a value. */
  readonly masked: readonly string[];
}

const kibibyte = 1024;

/** Every credential that podtrust reads. A credential without a row cannot be read. */
export const credentials = {
  "openbao-token": {
    what: "the token for OpenBao",
    owner: "the person whose environment has it",
    goesTo:
      "the origin of `BAO_ADDR`, else of `VAULT_ADDR`; another address of a config after consent to address and CA",
    variables: ["BAO_TOKEN", "VAULT_TOKEN"],
    namedBy: [],
    masked: ["token"],
  },
  kubeconfig: {
    what: "the token, client certificate and key of a kubeconfig",
    owner: "the author of the kubeconfig",
    goesTo:
      "the server that the same kubeconfig names. A file beside it that did not come with a kubeconfig of somebody else's, after consent; a user of one's own at a server of somebody else's too",
    variables: ["KUBECONFIG"],
    namedBy: ["cluster.kubeconfig", "publisher.source.kubeconfig", "--kubeconfig"],
    file: { check: "reported", maxBytes: 1024 * kibibyte },
    masked: ["token"],
  },
  "cluster-token": {
    what: "the token for the API server that a config names",
    owner: "the author of the config, where the file came with it; else whoever owns the file",
    goesTo:
      "the server that the config names beside it. A file that did not come with the config, after consent to file and server",
    variables: [],
    namedBy: ["cluster.tokenFile", "publisher.source.tokenFile"],
    file: { check: "reported", maxBytes: 1024 * kibibyte },
    masked: ["token"],
  },
} as const satisfies Readonly<Record<string, CredentialRow>>;

/** A row of the table. */
export type CredentialName = keyof typeof credentials;

/** A row whose credential is in a file. */
export type CredentialFileName = {
  readonly [Name in CredentialName]: (typeof credentials)[Name] extends { readonly file: FileRule }
    ? Name
    : never;
}[CredentialName];
