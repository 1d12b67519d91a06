/** How the file of a credential is judged before it is used. */
export const fileChecks = {
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
    file: { check: "reported", maxBytes: 4096 * kibibyte },
    masked: ["token"],
  },
  "admin-certificate": {
    what: "the client certificate of a control plane node's own kubeconfig, during an answer to a theft",
    owner: "root of that machine",
    goesTo: "the config's API servers, over TLS: the key never leaves this process, and no file here has it",
    variables: [],
    namedBy: [],
    masked: ["client-key-data"],
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
  aws: {
    what: "AWS's credentials of the environment, of a profile or of a token file",
    owner: "the person whose environment or AWS files have them",
    goesTo:
      "AWS's own hosts, or those of `AWS_ENDPOINT_URL` and its like: secrets sign and are never sent. A session token goes to a config's `s3.endpoint` where `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL` names it, else after consent",
    variables: [
      "AWS_ACCESS_KEY_ID",
      "AWS_SECRET_ACCESS_KEY",
      "AWS_SESSION_TOKEN",
      "AWS_WEB_IDENTITY_TOKEN_FILE",
      "AWS_SHARED_CREDENTIALS_FILE",
      // What the SDK's own chain reads beside them.
      "AWS_CONFIG_FILE",
      "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
      "AWS_CONTAINER_CREDENTIALS_FULL_URI",
      "AWS_CONTAINER_AUTHORIZATION_TOKEN",
      "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    ],
    namedBy: ["aws.profile", "publisher.s3.profile", "publisher.backup.s3.profile"],
    file: { check: "bounded", maxBytes: 1024 * kibibyte },
    masked: ["secretAccessKey", "sessionToken", "webIdentityToken"],
  },
  "google-credentials": {
    what: "Google's credentials",
    owner: "the person whose environment names their file",
    goesTo:
      "Google's own hosts, or those of `CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM` and its like. Addresses in the file are Google's; this machine's only where that variable names this machine",
    variables: ["GOOGLE_APPLICATION_CREDENTIALS"],
    namedBy: [],
    file: { check: "bounded", maxBytes: 64 * kibibyte },
    masked: ["privateKey", "refreshToken", "clientSecret"],
  },
  "google-subject-token": {
    what: "the token that an external_account file of Google's names",
    owner: "who gives the file of GOOGLE_APPLICATION_CREDENTIALS",
    goesTo:
      "Google's token exchange. Its address is asked where it is Google's or `ACTIONS_ID_TOKEN_REQUEST_URL` names the host, else after consent. Programs in the file are never run",
    variables: [],
    namedBy: ["credential_source.file", "credential_source.url"],
    file: { check: "bounded", maxBytes: 64 * kibibyte },
    masked: ["token"],
  },
  "workload-token": {
    what: "a ServiceAccount's token that podtrust asks the cluster for",
    owner: "the cluster",
    goesTo:
      "the relying party that its audience is for: AWS STS, Google's and Entra's token endpoints, an OpenBao whose address is the audience. With another audience an OpenBao that `BAO_ADDR` names, else after consent",
    variables: [],
    namedBy: [],
    masked: ["token", "webIdentityToken"],
  },
  "dns-publisher-token": {
    what: "the token by which a publisher on a machine proves its name",
    owner: "the author of the config, where the file came with it; else whoever owns the file",
    goesTo:
      "the config's machine, and from there the DNS provider. A file that did not come with the config, after consent",
    variables: [],
    namedBy: ["dns.cloudflare.publisherTokenFile", "dns.hetzner.publisherTokenFile"],
    file: { check: "bounded", maxBytes: 1024 * kibibyte },
    masked: ["token"],
  },
  "acme-eab": {
    what: "a certificate authority's key for a new account (external account binding)",
    owner: "the author of the config, where the file came with it; else whoever owns the file",
    goesTo:
      "the key ID to the config's ACME directory, the key to nobody: it signs. Both go to the config's machine; a file that did not come with the config, after consent",
    variables: [],
    namedBy: ["publisher.https.acme.eab.kidFile", "publisher.https.acme.eab.hmacKeyFile"],
    file: { check: "bounded", maxBytes: 1024 * kibibyte },
    masked: ["hmacKey"],
  },
  "tls-key": {
    what: "the private key of the issuer's certificate",
    owner: "the author of the config, where the file came with it; else whoever owns the file",
    goesTo:
      "the config's machine alone: TLS proves it. A file that did not come with the config, after consent",
    variables: [],
    namedBy: ["publisher.https.keyFile", "publisher.https.jwks.keyFile"],
    file: { check: "bounded", maxBytes: 256 * kibibyte },
    masked: ["privateKey"],
  },
  "machine-file": {
    what: "a file that the config names for its machine",
    owner: "the author of the config, where the file came with it; else whoever owns the file",
    goesTo:
      "the config's machine: a certificate or a CA, or what a config calls so. A file that did not come with it, after consent",
    variables: [],
    namedBy: ["publisher.https.certificateFile", "publisher.https.acme.caFile"],
    file: { check: "bounded", maxBytes: 1024 * kibibyte },
    masked: [],
  },
  "backup-key": {
    what: "the access key for backups",
    owner: "the author of the config, where the file came with it; else whoever owns the file",
    goesTo:
      "the config's machine; it signs requests to the bucket's endpoint and is never sent there. A file that did not come with the config, after consent",
    variables: [],
    namedBy: ["publisher.backup.s3.credentialsFile"],
    file: { check: "private", maxBytes: 64 * kibibyte },
    masked: ["secretAccessKey"],
  },
  "cloudflare-token": {
    what: "the token for Cloudflare",
    owner: "the person whose environment has it or whose config names its file",
    goesTo: "`https://api.cloudflare.com`, or `CLOUDFLARE_BASE_URL`; no config names another host",
    variables: ["CLOUDFLARE_API_TOKEN"],
    namedBy: ["dns.cloudflare.tokenFile"],
    file: { check: "bounded", maxBytes: 4 * kibibyte },
    masked: ["token"],
  },
  "hetzner-token": {
    what: "the token for Hetzner Cloud",
    owner: "the person whose environment has it or whose config names its file",
    goesTo: "`https://api.hetzner.cloud`, or `HCLOUD_ENDPOINT`; no config names another host",
    variables: ["HCLOUD_TOKEN"],
    namedBy: ["machine.hetzner.tokenFile", "dns.hetzner.tokenFile"],
    file: { check: "bounded", maxBytes: 4 * kibibyte },
    masked: ["token"],
  },
  "azure-client-secret": {
    what: "the secret of an application at Entra",
    owner: "the person whose environment names its file",
    goesTo:
      "the token endpoint of the config's cloud, one of Microsoft's by a table, or of `AZURE_AUTHORITY_HOST`; no config names another host",
    variables: ["AZURE_CLIENT_SECRET_FILE"],
    namedBy: [],
    file: { check: "bounded", maxBytes: 4 * kibibyte },
    masked: ["clientSecret"],
  },
  "azure-federated-token": {
    what: "the token that Entra exchanges for a federated identity",
    owner: "the person or the pod whose environment names its file",
    goesTo: "the same token endpoint",
    variables: ["AZURE_FEDERATED_TOKEN_FILE"],
    namedBy: [],
    file: { check: "bounded", maxBytes: 64 * kibibyte },
    masked: ["token"],
  },
  "age-identity": {
    what: "the identity that opens a backup or a sealed key",
    owner: "the person who types its file's name",
    goesTo: "nobody: it decrypts here",
    variables: [],
    namedBy: ["--identity"],
    file: { check: "bounded", maxBytes: 64 * kibibyte },
    masked: ["identity", "passphrase"],
  },
  "signing-key": {
    what: "a private key of the cluster's tokens, as podtrust's signer has it",
    owner: "the user that the signer runs as",
    goesTo:
      "nobody: it signs here. The signer's port shows no place of a key, and its socket is its user's alone",
    variables: [],
    namedBy: ["signer --state-dir", "signer import FILE"],
    file: { check: "private", maxBytes: 64 * kibibyte },
    masked: ["privateKey"],
  },
  "signer-peer-key": {
    what: "the client key by which a signer asks API servers which keys they have",
    owner: "the user that the signer runs as",
    goesTo: "nobody: TLS proves it to the servers of `--peer`",
    variables: [],
    namedBy: ["signer run --peer-key"],
    file: { check: "private", maxBytes: 256 * kibibyte },
    masked: ["privateKey"],
  },
  "explained-token": {
    what: "a token of a pod's that is to be explained",
    owner: "the person who types its file's name, or gives it on standard input",
    goesTo: "nobody: it is judged here, and what is printed of it has no signature",
    variables: [],
    namedBy: ["explain --token"],
    file: { check: "bounded", maxBytes: 64 * kibibyte },
    masked: ["token"],
  },
  "store-key": {
    what: "the key that proves who wrote into the replicas' store",
    owner: "the cluster's administrator: a Job makes it, and the kubelet mounts it",
    goesTo: "nobody: it proves what stands in the store",
    variables: [],
    namedBy: ["the folder that a pod of podtrust's mounts"],
    file: { check: "bounded", maxBytes: 4 * kibibyte },
    masked: ["storeKey"],
  },
  "pkcs11-pin": {
    what: "the PIN of a PKCS #11 token",
    owner: "the user that the signer runs as",
    goesTo:
      "the vendor's module, in the program podtrust-pkcs11 alone. That takes a regular file of 4 KiB at most, of its user or root (0600), in folders that nobody else writes",
    variables: ["PODTRUST_PKCS11_PIN_FILE"],
    namedBy: [],
    masked: ["pin"],
  },
  "acme-account-key": {
    what: "the key of an account at a certificate authority",
    owner: "podtrust, which makes it in its state folder",
    goesTo: "nobody: it signs. The state folder and its files are its user's alone",
    variables: [],
    namedBy: ["publisher.stateDir"],
    masked: ["privateKey"],
  },
  "ssh-key": {
    what: "the key that logs in to a machine",
    owner: "the person: a file or an agent of ssh, or a key that podtrust made in its state folder",
    goesTo: "nobody: ssh signs with it, and podtrust reads the public half",
    variables: ["SSH_AUTH_SOCK"],
    namedBy: ["machine.sshKey", "cluster.servers.sshKey"],
    masked: ["privateKey"],
  },
  "proxy-password": {
    what: "the password in the address of a proxy",
    owner: "the person whose environment has it",
    goesTo:
      "that proxy, for every host but loopback, those of `NO_PROXY` and the API server; and the programs az and kubectl",
    variables: ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "ALL_PROXY"],
    namedBy: [],
    masked: ["password"],
  },
  "pod-token": {
    what: "the token of the pod that podtrust runs in",
    owner: "the kubelet",
    goesTo: "`KUBERNETES_SERVICE_HOST` and its port, which the kubelet sets",
    variables: ["KUBERNETES_SERVICE_HOST"],
    namedBy: ["cluster.inCluster"],
    file: { check: "bounded", maxBytes: 1024 * kibibyte },
    masked: ["token"],
  },
} as const satisfies Readonly<Record<string, CredentialRow>>;

/** Names under which a log leaves values out. */
export const maskedNames: ReadonlySet<string> = new Set([
  "authorization",
  "password",
  ...Object.values(credentials).flatMap(({ masked }): readonly string[] => masked),
]);

/** How the file of a row is judged. */
export function fileRuleOf(name: CredentialFileName): FileRule {
  return credentials[name].file;
}

/** A row of the table. */
export type CredentialName = keyof typeof credentials;

/** A row whose credential is in a file. */
export type CredentialFileName = {
  readonly [Name in CredentialName]: (typeof credentials)[Name] extends { readonly file: FileRule }
    ? Name
    : never;
}[CredentialName];
