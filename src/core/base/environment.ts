/** Environment variables as a record. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The variables that podtrust reads beside those of credentials (`core/credentials`), with what each says. Nothing else of
 * the environment is read: the linter refuses it, and the page of credentials lists both.
 */
export const settings = {
  ACTIONS_ID_TOKEN_REQUEST_URL: "the host that gives a job of GitHub's its token",
  AWS_DEFAULT_REGION: "a region, where no config names one",
  AWS_ENDPOINT_URL: "other addresses of AWS",
  AWS_ENDPOINT_URL_IAM: "another address of IAM",
  AWS_ENDPOINT_URL_S3: "another address of S3",
  AWS_ENDPOINT_URL_STS: "another address of STS",
  AWS_PROFILE: "the name of a profile in AWS's files",
  AWS_REGION: "a region, where no config names one",
  AZURE_AUTHORITY_HOST: "another address of Entra",
  AZURE_CLIENT_ID: "the ID of an application at Entra",
  AZURE_GRAPH_ENDPOINT: "another address of Microsoft Graph",
  AZURE_RESOURCE_MANAGER_ENDPOINT: "another address of Azure Resource Manager",
  BAO_ADDR: "the server that BAO_TOKEN is for",
  CLOUDFLARE_BASE_URL: "another address of Cloudflare",
  CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM: "another address of Google's IAM",
  CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS: "another address of Google's IAM Credentials",
  CLOUDSDK_API_ENDPOINT_OVERRIDES_STS: "another address of Google's token exchange",
  FORCE_COLOR: "colors, or none",
  GITHUB_ACTIONS: "whether a job of GitHub's runs podtrust",
  HCLOUD_ENDPOINT: "another address of Hetzner Cloud",
  HOME: "the person's folder",
  KUBERNETES_SERVICE_PORT: "the port beside KUBERNETES_SERVICE_HOST",
  LISTEN_FDNAMES: "names of the sockets that systemd hands over",
  LISTEN_FDS: "how many sockets systemd hands over",
  LISTEN_PID: "the process that they are for",
  NOTIFY_SOCKET: "where systemd is told the state of its service",
  NO_COLOR: "no colors",
  NO_PROXY: "hosts that are reached without the proxy",
  no_proxy: "the same, where NO_PROXY is not set",
  PATH: "where programs are",
  PODTRUST_ALLOW_CREDENTIAL: "digests of places to which a credential may go",
  PODTRUST_ALLOW_EXEC_PLUGIN: "digests of programs that may run",
  PODTRUST_LOG: "how log lines are written",
  STATE_DIRECTORY: "the folder that systemd makes for a service's state",
  TERM: "what the terminal can do",
  VAULT_ADDR: "the server that VAULT_TOKEN is for",
  WATCHDOG_PID: "the process whose life systemd watches",
  WATCHDOG_USEC: "how often systemd is told that the service lives, in microseconds",
  XDG_STATE_HOME: "the folder of the person's state",
} as const;

/** A variable that is no credential. */
export type Setting = keyof typeof settings;

/** What the environment says, as it stands there; undefined where it is not set. */
export function setting(env: Environment, name: Setting): string | undefined {
  return env[name];
}
