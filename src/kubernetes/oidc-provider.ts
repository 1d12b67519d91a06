import type { RequestOptions } from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";
import { errorText } from "../base/index.ts";
import { credentialFault, type Credentials } from "./identity.ts";
import { entryPath, type KubeconfigContext, mapping, text } from "./kubeconfig.ts";

// Importing the client costs some 90 MB of memory (docs/adr/0003-kubernetes-client.md): only who has this old
// kind of user pays for it.
async function clientOf(context: KubeconfigContext): Promise<KubeConfig> {
  const loaded = await import("@kubernetes/client-node");
  const provider = mapping(context.user.values, "auth-provider") ?? {};
  const config: Record<string, unknown> = { ...mapping(provider, "config") };
  const ca = text(config, "idp-certificate-authority");
  if (ca !== undefined) config["idp-certificate-authority"] = entryPath(context.user, ca);
  const client = new loaded.KubeConfig();
  client.loadFromClusterAndUser(
    // Only the Authorization header is taken from it; the request itself is ours.
    { name: context.cluster.name, server: "https://unused.invalid", skipTLSVerify: false },
    { name: context.user.name, authProvider: { name: "oidc", config } },
  );
  return client;
}

/** Credentials of the auth-provider `oidc`: its id-token, renewed by its refresh-token. */
export function oidcCredentials(context: KubeconfigContext): Credentials {
  const what = `auth-provider oidc of kubeconfig user ${context.user.name}`;
  let client: ReturnType<typeof clientOf> | undefined;
  return {
    async identity() {
      const options: RequestOptions = { headers: {} };
      try {
        client ??= clientOf(context);
        await (await client).applyToHTTPSOptions(options);
      } catch (error) {
        throw credentialFault(what, errorText(error), error);
      }
      const authorization = (options.headers as Record<string, string | undefined>)["Authorization"];
      if (authorization === undefined) throw credentialFault(what, "it has no id-token that is still valid");
      return { headers: { authorization } };
    },
    refused() {
      client = undefined;
    },
  };
}
