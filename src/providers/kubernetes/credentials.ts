import { PodtrustError } from "../../core/base/index.ts";
import type { ClusterEnvironment } from "./environment.ts";
import type { FileJudge } from "./given-file.ts";
import { execCredentials } from "./exec-plugin.ts";
import {
  bearer,
  bearerOfFile,
  credentialFault,
  type Credentials,
  dataOrFile,
  type Identity,
} from "./identity.ts";
import { entryPath, type KubeconfigContext, type KubeconfigEntry, mapping, text } from "./kubeconfig.ts";
import { oidcCredentials } from "./oidc-provider.ts";
import { certificateFacts } from "./sent-credential.ts";

function unsupported(context: KubeconfigContext, what: string, next: string): PodtrustError {
  return new PodtrustError(
    "kubeconfig-unsupported",
    `kubeconfig ${context.file}: user ${context.user.name} ${what}`,
    { next, detail: { file: context.file, user: context.user.name } },
  );
}

function refuseUnsupported(context: KubeconfigContext): void {
  const { values } = context.user;
  if (text(values, "username") !== undefined) {
    const next = "Kubernetes dropped passwords in 1.19: use a client certificate, a token or an exec plugin.";
    throw unsupported(context, "authenticates with a password", next);
  }
  const impersonating = ["as", "as-uid", "as-groups", "as-user-extra"].find((k) => values[k] !== undefined);
  if (impersonating !== undefined) {
    throw unsupported(context, `impersonates (${impersonating})`, "Use the credentials of that user itself.");
  }
  const provider = text(mapping(values, "auth-provider") ?? {}, "name");
  if (provider !== undefined && provider !== "oidc") {
    const next = "Kubernetes dropped it: use the exec plugin of your provider (for example kubelogin).";
    throw unsupported(context, `uses the auth-provider ${provider}`, next);
  }
}

/** `tokenFile` wins over `token`, as in client-go: the file is the one that is kept fresh. */
async function bearerOf(user: KubeconfigEntry, judge: FileJudge): Promise<Identity | undefined> {
  const path = text(user.values, "tokenFile");
  if (path !== undefined) return bearerOfFile(entryPath(user, path), judge);
  const token = text(user.values, "token");
  return token === undefined ? undefined : bearer(`token of kubeconfig user ${user.name}`, token);
}

async function ofFiles(user: KubeconfigEntry, judge: FileJudge): Promise<Identity> {
  const cert = await dataOrFile(user, "client-certificate", judge);
  const key = await dataOrFile(user, "client-key", judge);
  if ((cert === undefined) !== (key === undefined)) {
    const missing = cert === undefined ? "client-certificate" : "client-key";
    throw credentialFault(`kubeconfig user ${user.name}`, `${missing} is missing`);
  }
  const token = await bearerOf(user, judge);
  if (cert === undefined || key === undefined) return token ?? { headers: {} };
  const sent = certificateFacts(`client certificate of kubeconfig user ${user.name}`, cert);
  // With both, the API server asks the certificate first.
  return { headers: token?.headers ?? {}, cert, key, sent };
}

/**
 * How the user of a kubeconfig's context authenticates; `isOwn` where a person of this machine chose the file, and `judge`
 * of the files that it names. Throws `kubeconfig-unsupported` for ways that are not known.
 */
export function kubeconfigCredentials(
  context: KubeconfigContext,
  environment: ClusterEnvironment,
  { isOwn, judge }: { readonly isOwn: boolean; readonly judge: FileJudge },
): Credentials {
  refuseUnsupported(context);
  if (mapping(context.user.values, "exec") !== undefined) return execCredentials(context, environment, isOwn);
  if (mapping(context.user.values, "auth-provider") !== undefined)
    return oidcCredentials(context, environment);
  return { identity: () => ofFiles(context.user, judge), refused() {} };
}
