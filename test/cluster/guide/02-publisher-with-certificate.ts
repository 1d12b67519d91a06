import assert from "node:assert/strict";
import { request } from "../../../src/core/http/index.ts";
import { startPebble } from "../harness/index.ts";
import { serve } from "../story/podtrust.ts";
import {
  accountId,
  cacheSeconds,
  type Guide,
  region,
  roleName,
  serviceAccount,
  sessionName,
} from "./world.ts";

// So short a life that step 08 sees a renewal; the CA's own renewal information picks the moment.
const certificateSeconds = 120;

/** The one config file of all steps. */
function configOf(guide: Guide, directory: string): string {
  const { server, adminKubeconfig } = guide.the("cluster");
  const { http, https, admin } = guide.ports;
  return `stack: guide
issuer: ${guide.issuer}
cluster: {kubeconfig: ${adminKubeconfig}}
publisher:
  source: {server: "${server}", tokenFile: token, caFile: cluster-ca.crt}
  pollInterval: 1s
  cacheControl: public, max-age=${cacheSeconds}
  admin: 127.0.0.1:${admin}
  stateDir: state
  https:
    listen: ["127.0.0.1:${https}"]
    http: ["127.0.0.1:${http}"]
    acme: {email: ops@example.com, directory: "${directory}", caFile: acme-roots.pem}
aws:
  - account: "${accountId}"
    region: ${region}
    roles:
      - name: ${roleName}
        sessionName: ${sessionName}
        serviceAccounts: [${serviceAccount}]
        policies: [arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess]
`;
}

/** Step 3: the documents under the public name, with a certificate that a CA issued over HTTP-01. */
export async function step(guide: Guide): Promise<void> {
  const { ports, closing, issuer } = guide;
  const cluster = guide.the("cluster");
  const profiles = { default: { description: "two minutes", validityPeriod: certificateSeconds } };
  const pebble = await startPebble({ httpPort: ports.http, tlsPort: ports.https, profiles });
  closing.defer(() => pebble.stop());
  guide.set("pebble", pebble);
  guide.write("acme-roots.pem", pebble.tlsCa);
  guide.write("pebble-root.pem", pebble.root);
  guide.write("cluster-ca.crt", cluster.ca);
  const { out } = await guide.podtrust(["manifests", "publisher-rbac"]);
  await cluster.kubectl(["apply", "-f", "-"], out);
  await guide.renewPublisherToken();
  const config = guide.write("podtrust.yaml", configOf(guide, pebble.directoryUrl));
  const serving = await serve(config, ports.admin);
  closing.defer(async () => void (await serving.stop()));
  guide.set("serving", serving);
  const { connectTo } = guide;
  const jwks = await request(`${issuer}/openid/v1/jwks`, { ca: pebble.root, connectTo });
  const own = await cluster.ask("/openid/v1/jwks");
  assert.deepEqual(JSON.parse(jwks.body.toString()), JSON.parse(own.text));
  assert.match(jwks.tls?.chain[0]?.issuer ?? "", /Pebble/u);
}
