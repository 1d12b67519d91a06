import { defined } from "../core/base/index.ts";
import { denyPolicy, example } from "./example.ts";
import type { DemoEnvironment } from "./environment.ts";
import { writePrivateFile } from "./files.ts";

/** A JSON text is a YAML text (YAML 1.2 §1.3). */
const text = (value: object | string): string => JSON.stringify(value);

/** The running cluster and publisher, as a config names them. */
function clusterOf({ kubeconfig, context, standIn }: DemoEnvironment): string {
  const admin = text({ kubeconfig, ...defined({ context }) });
  const reader = standIn === undefined ? admin : text({ kubeconfig: "publisher.kubeconfig" });
  return `cluster: ${admin}\npublisher:\n  source: ${reader}`;
}

/**
 * The config of what the demo made, so that plan, status, test, explain and rotate work with it: its stack, its role, and
 * the publisher whose state is in the folder beside it.
 */
function demoConfig(environment: DemoEnvironment): string {
  const { issuer, sandbox, publisher, ca } = environment;
  const [https, http] = [publisher.addresses.https[0], publisher.addresses.http[0]];
  return `# What podtrust demo made, for as long as it runs. In a shell with the exports that it printed, every command takes
# this file with -f, and --connect-to and --ca in place of public DNS and public roots.
stack: ${example.stack}
identity: ${text(example.identity)}
issuer: ${issuer.url}
${clusterOf(environment)}
  stateDir: publisher
  https:
    listen: ["127.0.0.1:${https?.port}"]
    http: ["127.0.0.1:${http?.port}"]
    acme: {directory: ${text(ca.directoryUrl)}, caFile: acme-root.pem}
aws:
  - account: ${text(sandbox.account)}
    region: ${example.region}
    audiences: [${example.audience}]
    roles:
      - name: ${example.role}
        serviceAccounts: [${example.namespace}/${example.serviceAccount}]
        policies: [${example.policy}]
        inline:
          keep-the-root-password: ${denyPolicy(sandbox.account)}
`;
}

/** Writes the config, and what it names, into the demo's folder; gives the config's path. Throws `file-unwritable`. */
export async function writeDemoConfig(environment: DemoEnvironment): Promise<string> {
  await writePrivateFile(environment.folder, "acme-root.pem", environment.ca.tlsCa);
  return writePrivateFile(environment.folder, "podtrust.yaml", demoConfig(environment));
}
