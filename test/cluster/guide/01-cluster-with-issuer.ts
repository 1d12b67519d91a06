import assert from "node:assert/strict";
import { startCluster, writePodtrustImage } from "../harness/index.ts";
import type { Guide } from "./world.ts";

/**
 * The node here has no network for pods but the machine's own, so the cluster gives each pod that: by an admission
 * policy, since the manifests are podtrust's and stay as they are.
 */
const hostNetwork = JSON.stringify({
  apiVersion: "v1",
  kind: "List",
  items: [
    {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "MutatingAdmissionPolicy",
      metadata: { name: "host-network" },
      spec: {
        reinvocationPolicy: "Never",
        failurePolicy: "Fail",
        matchConstraints: {
          resourceRules: [
            { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] },
          ],
        },
        mutations: [
          {
            patchType: "ApplyConfiguration",
            applyConfiguration: { expression: "Object{spec: Object.spec{hostNetwork: true}}" },
          },
        ],
      },
    },
    {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "MutatingAdmissionPolicyBinding",
      metadata: { name: "host-network" },
      spec: { policyName: "host-network" },
    },
  ],
});

/** Steps 2 and 4 of the guide: a cluster whose API server names the public issuer in its tokens. */
export async function step(guide: Guide): Promise<void> {
  const { issuer, closing } = guide;
  const cluster = await startCluster({ issuer, jwksUri: `${issuer}/openid/v1/jwks` });
  closing.defer(() => cluster.stop());
  guide.set("cluster", cluster);
  await cluster.node.importImage(writePodtrustImage(guide.folder).file);
  await cluster.kubectl(["create", "-f", "-"], hostNetwork);
  for (const name of ["demo-service-account", "another-service-account"])
    await cluster.kubectl(["create", "serviceaccount", name]);
  const { text } = await cluster.ask("/.well-known/openid-configuration");
  const discovery = JSON.parse(text) as { issuer: string; jwks_uri: string };
  assert.deepEqual([discovery.issuer, discovery.jwks_uri], [issuer, `${issuer}/openid/v1/jwks`]);
}
