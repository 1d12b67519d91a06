import { delimiter, dirname } from "node:path";
import { z } from "zod";
import { defined } from "../core/base/index.ts";
import { file, httpsUrl, section, text } from "./forms/leaf.ts";
import { type ConfigSource, absolutePath } from "./places.ts";

/** Where a cluster's API is, and how to authenticate there. File names are absolute. */
export type ClusterSource =
  | {
      /** One file, or several joined as in $KUBECONFIG. */
      readonly kubeconfig: string;
      readonly context?: string;
      /**
       * The folder of the config that names the file: whoever wrote the one chose the other, so that nobody on this
       * machine has agreed to a program that it may name. Absent where a person named it on the command line.
       */
      readonly configFolder?: string;
    }
  | { readonly inCluster: true }
  | { readonly server: string; readonly tokenFile: string; readonly caFile: string };

/** The same as it is written: file names may be relative. */
export type ClusterInput =
  | { kubeconfig: string; context?: string | undefined }
  | { inCluster: true }
  | { server: string; caFile: string; tokenFile: string };

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

/** A cluster source with absolute file names. */
export function resolveCluster(input: ClusterInput, { file: config, env }: ConfigSource): ClusterSource {
  const place = (name: string): string => absolutePath(name, config, env);
  if ("inCluster" in input) return { inCluster: true };
  if ("server" in input) {
    return { server: input.server, tokenFile: place(input.tokenFile), caFile: place(input.caFile) };
  }
  const files = input.kubeconfig.split(delimiter).filter((name) => name !== "");
  return {
    kubeconfig: files.map(place).join(delimiter),
    ...defined({ context: input.context }),
    configFolder: dirname(config),
  };
}
