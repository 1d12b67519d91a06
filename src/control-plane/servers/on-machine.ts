import { recordOf, shellWord, textOf } from "../../core/base/index.ts";
import type { SshSession } from "../../providers/host/index.ts";
import type { Behaviour, WhatRuns } from "../../rules/distribution/index.ts";
import { parseJwkSet } from "../../rules/keys/index.ts";
import { parseJws } from "../../rules/oidc/index.ts";
import { proved } from "./k3s-runs.ts";
import { fieldsOf, ServerMachine } from "./machine.ts";
import { RancherFiles } from "./rancher.ts";

/**
 * Asks the API server by k3s' own kubectl, which takes the administrator's kubeconfig that k3s wrote for this machine's address. A
 * token's signature stays on the machine. Source: https://docs.k3s.io/cli
 */
const behaviourScript = (program: string): string => `set -eu
kubectl() { timeout 20 ${shellWord(program)} kubectl "$@"; }
say() { printf '%s %s\\n' "$1" "$(printf %s "$2" | base64 -w0)"; }
discovery=$(kubectl get --raw /.well-known/openid-configuration)
jwks=$(kubectl get --raw /openid/v1/jwks)
token=$(kubectl create token default --namespace kube-system --duration 10m)
say discovery "$discovery"
say jwks "$jwks"
say token "\${token%.*}.AAAA"
`;

async function behaviourOf(machine: ServerMachine, program: string, signal: AbortSignal): Promise<Behaviour> {
  const output = await machine.run("asking its API server", behaviourScript(program), signal);
  const said = (label: string): string => fieldsOf(output, label)[0] ?? "";
  const document = recordOf(JSON.parse(said("discovery")));
  const { claims, kid } = parseJws(said("token"));
  return {
    issuer: textOf(document["issuer"]) ?? "",
    jwksUri: textOf(document["jwks_uri"]) ?? "",
    kids: parseJwkSet(Buffer.from(said("jwks"))).keys.map((key) => key.kid),
    token: { iss: claims["iss"], kid },
  };
}

/**
 * What k3s on a machine that podtrust set up will be started with, and what runs, by its session alone: as `ApiServer.whatRuns`, with
 * the machine's own administrator in place of the config's. Throws `server-*`, `host-*`, `ssh-*`.
 */
export async function k3sOnMachine(session: SshSession, signal: AbortSignal): Promise<WhatRuns> {
  const machine = new ServerMachine(session);
  const found = await new RancherFiles(machine, "k3s", "rotate").whatRuns(signal);
  return proved(found, (program) => behaviourOf(machine, program, signal));
}
