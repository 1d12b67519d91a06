import { join } from "node:path";
import { parseConfig } from "../../../src/config/index.ts";
import { openServers, type Servers } from "../../../src/control-plane/servers/index.ts";
import { systemClock } from "../../../src/core/base/index.ts";
import { StateFolder } from "../../../src/core/files/index.ts";
import { openSession, pinnedKnownHosts, type SshSession } from "../../../src/providers/host/index.ts";
import { homeEnvironment } from "./config.ts";
import type { SshHost } from "./ssh-host.ts";

/** A host opened as the one server of a cluster, of which no API is asked. `folder`: for what is remembered of it. */
export async function openedServers(host: SshHost, folder: string): Promise<Servers> {
  const { port, user, keyFile, hostKey } = host;
  const text = `stack: prod
issuer: https://oidc.example.com
cluster:
  kubeconfig: none
  servers: [{ssh: {address: 127.0.0.1, port: ${port}, user: ${user}, hostKey: "${hostKey}"}, sshKey: ${keyFile}}]
publisher: {source: {kubeconfig: none}, https: {certificateFile: a, keyFile: b}}
aws: []
`;
  const env = homeEnvironment(folder);
  const { cluster, servers = [] } = await parseConfig(text, join(folder, "podtrust.yaml"), env);
  if (cluster === undefined) throw new TypeError("a config without a cluster");
  return openServers({
    cluster,
    servers,
    stateDir: join(folder, "state"),
    purpose: "rotate",
    withoutApi: true,
    env,
    clock: systemClock,
    signal: new AbortController().signal,
  });
}

/** A connection to a host, as a person's own podtrust opens it. `folder`: for what is remembered of it. */
export async function openedSession(
  host: SshHost,
  folder: string,
  alias = "podtrust-test",
): Promise<SshSession> {
  const { port, user, keyFile, hostKey } = host;
  const target = { address: "127.0.0.1", port, user, keyFile, hostKeys: [hostKey] };
  const env = homeEnvironment(folder);
  const knownHosts = await pinnedKnownHosts(target, {
    env,
    alias,
    state: new StateFolder(join(folder, alias)),
  });
  return openSession({ env, clock: systemClock, target, knownHosts, alias });
}
