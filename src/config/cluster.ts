import { z } from "zod";
import type { ClusterInput } from "./input.ts";
import { file, httpsUrl, section, text } from "./forms/leaf.ts";

const accepted = "one of {kubeconfig, context}, {inCluster: true}, {server, caFile, tokenFile}";

/** Where a cluster's API is, and how to authenticate there. */
export function clusterSource(what: string): z.ZodType<ClusterInput> {
  const byKubeconfig = section("A kubeconfig file.", {
    kubeconfig: file("The kubeconfig file.", "~/.kube/config"),
    context: text(
      { what: "The context in it.", accepted: "a context's name", standard: "the file's current context" },
      /^[^\0\n]{1,253}$/u,
    ).optional(),
  });
  const inCluster = section("The ServiceAccount of the pod that podtrust runs in.", {
    inCluster: z
      .literal(true, { error: "true" })
      .meta({ description: "Use the pod's own ServiceAccount. Accepted: true." }),
  });
  const byToken = section("A URL, its CA and a token file that something else keeps fresh.", {
    server: httpsUrl({
      what: "The API server's URL.",
      accepted: "an https URL such as https://10.0.0.1:6443",
      example: "https://10.0.0.1:6443",
    }),
    caFile: file("PEM of the CA that signed the API server's certificate.", "/etc/podtrust/ca.crt"),
    tokenFile: file("A file with the token; read again for each request.", "/etc/podtrust/token"),
  });
  return z.union([byKubeconfig, inCluster, byToken], { error: accepted }).meta({ description: what });
}
