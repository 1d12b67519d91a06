import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type ChainWorld, demoAccount } from "./chain-world.ts";
import { podtrustHere } from "./cli.ts";

interface PodSpec {
  readonly containers: readonly {
    readonly env: readonly { readonly name: string; readonly value: string }[];
    readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  }[];
  readonly volumes: readonly {
    readonly name: string;
    readonly projected: {
      readonly sources: readonly {
        readonly serviceAccountToken: {
          readonly audience: string;
          readonly expirationSeconds: number;
          readonly path: string;
        };
      }[];
    };
  }[];
}

/**
 * The environment of a container that has what `podtrust manifests workload` prints, and nothing else: a token of the
 * world's cluster is projected below `folder` as the kubelet would, and AWS is the world's sandbox.
 */
export async function injectedEnvironment(
  world: ChainWorld,
  folder: string,
): Promise<Readonly<Record<string, string>>> {
  const args = ["manifests", "workload", demoAccount, "--json", "-f", world.file];
  const { out } = await podtrustHere(args, { env: { HOME: world.folder } });
  const { podSpec } = JSON.parse(out) as { podSpec: PodSpec };
  const [container] = podSpec.containers;
  if (container === undefined) throw new Error("the manifest has no container");
  const [namespace = "", name = ""] = demoAccount.split("/");
  for (const mount of container.volumeMounts) {
    const volume = podSpec.volumes.find((one) => one.name === mount.name);
    for (const { serviceAccountToken } of volume?.projected.sources ?? []) {
      const { audience, expirationSeconds, path } = serviceAccountToken;
      const spec = { audiences: [audience], expirationSeconds };
      const file = join(folder, mount.mountPath, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, (await world.api.requestToken(namespace, name, spec)).token);
    }
  }
  const variables = container.env.map((variable) => [
    variable.name,
    variable.value.startsWith("/var/run/") ? join(folder, variable.value) : variable.value,
  ]);
  return {
    AWS_ENDPOINT_URL: world.sandbox.url,
    ...(Object.fromEntries(variables) as Record<string, string>),
  };
}
