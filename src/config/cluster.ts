import { delimiter, dirname } from "node:path";
import { z } from "zod";
import { defined, mapped } from "../core/base/index.ts";
import { file, httpsUrl, list, section, text } from "./forms/leaf.ts";
import type { SshMachine } from "./machine/config.ts";
import { resolveSsh } from "./machine/resolve.ts";
import { sshMachine, type SshMachineInput } from "./machine/schema.ts";
import { type ConfigSource, absolutePath } from "./paths.ts";

/** Where a cluster's API is, and how to authenticate there. File names are absolute. */
export type ClusterSource =
  | {
      /** One file, or several joined as in $KUBECONFIG. */
      readonly kubeconfig: string;
      readonly context?: string;
      /**
       * The folder of the config that names the file: its author chose the kubeconfig too, so no user of this
       * machine has agreed to a program that it may name. Absent if a user named it on the command line.
       */
      readonly configFolder?: string;
    }
  | { readonly inCluster: true }
  | {
      readonly server: string;
      readonly tokenFile: string;
      readonly caFile: string;
      /** The folder of the config that names both: what lies elsewhere did not come with it. Absent: a user named them. */
      readonly configFolder?: string;
    };

/** One control plane node of a running cluster. */
export interface ClusterServer {
  readonly ssh: SshMachine;
  /** Absolute name of the key's file that logs in; absent: an agent, or ssh's default keys. */
  readonly sshKey?: string;
}

/** The same as it is written. */
export interface ClusterServerInput {
  ssh: SshMachineInput;
  sshKey?: string | undefined;
}

/** The same as it is written: file names may be relative. */
export type ClusterInput = { servers?: ClusterServerInput[] | undefined } & (
  | { kubeconfig: string; context?: string | undefined }
  | { inCluster: true }
  | { server: string; caFile: string; tokenFile: string }
);

const servers: z.ZodType<ClusterServerInput[]> = list(
  {
    what: "The cluster's control plane nodes, all of them: what adopt and rotate change one by one. up and down leave them alone.",
    accepted: "a list of {ssh: {address, user, hostKey}}",
  },
  section("One node that runs an API server.", {
    ssh: sshMachine("How the node is reached, by the system's ssh."),
    sshKey: file(
      "The public key that may log in (its private half lies beside it, or in an agent). Default: your agent, or ssh's default keys.",
      "~/.ssh/id_ed25519.pub",
    ).optional(),
  }),
  { min: 1, max: 15 },
);

const accepted = "one of {kubeconfig, context}, {inCluster: true}, {server, caFile, tokenFile}";

/** Where a cluster's API is, and how to authenticate there. */
export function clusterSource(what: string, has?: "servers"): z.ZodType<ClusterInput> {
  // Where there is no such member, a section refuses it as unknown.
  const more = (has === undefined ? {} : { servers: servers.optional() }) as {
    servers: z.ZodOptional<typeof servers>;
  };
  const byKubeconfig = section("A kubeconfig file.", {
    kubeconfig: file("The kubeconfig file.", "~/.kube/config"),
    context: text(
      { what: "The context in it.", accepted: "a context's name", standard: "the file's current context" },
      /^[^\0\n]{1,253}$/u,
    ).optional(),
    ...more,
  });
  const inCluster = section("The ServiceAccount of the pod that podtrust runs in.", {
    inCluster: z
      .literal(true, { error: "true" })
      .meta({ description: "Use the pod's own ServiceAccount. Accepted: true." }),
    ...more,
  });
  const byToken = section("A URL, its CA and a token file that something else keeps fresh.", {
    server: httpsUrl({
      what: "The API server's URL.",
      accepted: "an https URL such as https://10.0.0.1:6443",
      example: "https://10.0.0.1:6443",
    }),
    caFile: file("PEM of the CA that signed the API server's certificate.", "/etc/podtrust/ca.crt"),
    tokenFile: file("A file with the token; read again for each request.", "/etc/podtrust/token"),
    ...more,
  });
  return z.union([byKubeconfig, inCluster, byToken], { error: accepted }).meta({ description: what });
}

/** A cluster source with absolute file names. */
export function resolveCluster(input: ClusterInput, { file: config, env }: ConfigSource): ClusterSource {
  const place = (name: string): string => absolutePath(name, config, env);
  if ("inCluster" in input) return { inCluster: true };
  if ("server" in input) {
    const configFolder = dirname(config);
    return {
      server: input.server,
      tokenFile: place(input.tokenFile),
      caFile: place(input.caFile),
      configFolder,
    };
  }
  const files = input.kubeconfig.split(delimiter).filter((name) => name !== "");
  return {
    kubeconfig: files.map(place).join(delimiter),
    ...defined({ context: input.context }),
    configFolder: dirname(config),
  };
}

/** The control plane nodes of a cluster's section, with names made absolute. */
export function resolveServers(
  { servers: listed }: ClusterInput,
  { file: config, env }: ConfigSource,
): readonly ClusterServer[] | undefined {
  return listed?.map(({ ssh, sshKey }) => ({
    ssh: resolveSsh(ssh),
    ...defined({ sshKey: mapped(sshKey, (path) => absolutePath(path, config, env)) }),
  }));
}
