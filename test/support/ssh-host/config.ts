import { join } from "node:path";
import type { SshHost } from "./ssh-host.ts";

/** A config's text for an existing machine, from `stack` to what `machine` says of it: more lines may follow. */
export function hostConfig(host: SshHost): string {
  return `stack: prod
identity: 3f2a91bc
issuer: https://oidc.example.com
machine:
  ssh: {address: 127.0.0.1, port: ${host.port}, user: ${host.user}, hostKey: "${host.hostKey}"}
  sshKey: ${host.keyFile}`;
}

/** The environment of a person whose home is a folder of the test's own. */
export function homeEnvironment(folder: string): Record<string, string> {
  return { PATH: process.env["PATH"] ?? "", HOME: folder, XDG_STATE_HOME: join(folder, "state") };
}
