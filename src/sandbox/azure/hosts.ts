/** The hosts of one of Azure's clouds. */
export interface CloudHosts {
  /** Entra's; its own documents name the first. */
  readonly login: readonly [string, ...string[]];
  readonly graph: string;
  readonly management: string;
  /** The suffix of a vault's host name. */
  readonly vaults: string;
}

/**
 * Azure's clouds: the public one, that of the US government, and China's. "National clouds" of Microsoft's identity platform,
 * and the cloud tables of Azure's SDKs.
 */
export const clouds = {
  public: {
    login: ["login.microsoftonline.com", "login.microsoft.com", "login.windows.net", "sts.windows.net"],
    graph: "graph.microsoft.com",
    management: "management.azure.com",
    vaults: "vault.azure.net",
  },
  usGov: {
    login: ["login.microsoftonline.us"],
    graph: "graph.microsoft.us",
    management: "management.usgovcloudapi.net",
    vaults: "vault.usgovcloudapi.net",
  },
  china: {
    login: ["login.partner.microsoftonline.cn", "login.chinacloudapi.cn"],
    graph: "microsoftgraph.chinacloudapi.cn",
    management: "management.chinacloudapi.cn",
    vaults: "vault.azure.cn",
  },
} as const satisfies Readonly<Record<string, CloudHosts>>;

export type AzureCloud = keyof typeof clouds;

/** The service and cloud of a host. */
export interface AzureHost {
  readonly cloud: AzureCloud;
  readonly service: "login" | "graph" | "management" | "vault";
}

/** The service of a host; undefined for an unknown one. */
export function hostOf(host: string): AzureHost | undefined {
  for (const [name, hosts] of Object.entries(clouds) as readonly [AzureCloud, CloudHosts][]) {
    const service = hosts.login.includes(host)
      ? "login"
      : host === hosts.graph
        ? "graph"
        : host === hosts.management
          ? "management"
          : host.endsWith(`.${hosts.vaults}`)
            ? "vault"
            : undefined;
    if (service !== undefined) return { cloud: name, service };
  }
  return undefined;
}

/** Every host of every cloud, with a star for the name of a vault: what the front speaks for. */
export const azureHosts: readonly string[] = Object.values<CloudHosts>(clouds).flatMap(
  ({ login, graph, management, vaults }) => [...login, graph, management, `*.${vaults}`],
);
