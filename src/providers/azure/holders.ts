import type { Work, NamedResource } from "../../rules/plan/index.ts";
import type { ApiCall } from "../../core/http/index.ts";
import type { AzureApi } from "./api.ts";
import { azureError, isNotFound } from "./vendor.ts";
import { issuerAtAzure, type ObservedCredential, readCredentialShape } from "./federated-credential.ts";
import { identityVersion } from "./identity-resource.ts";
import {
  applicationCredentialNames,
  type ResourceGroupRef,
  identityCredentialNames,
  identityPath,
} from "./resource-paths.ts";

type Writing = Pick<Work, "signal" | "waiting">;

/** What has federated credentials: an identity at Resource Manager, or an application at Graph. */
export interface CredentialHolder {
  readonly named: NamedResource;
  /** `identity web` */
  readonly title: string;
  readonly api: AzureApi;
  /** Whether it keeps a description of each. */
  readonly describes: boolean;
  /** All of them; undefined where the holder does not exist. Throws `azure-*`. */
  list(signal: AbortSignal): Promise<readonly ObservedCredential[] | undefined>;
  /** Makes one, or changes the one of its name. Throws `ApiRefusal` and `ApiUnanswered`. */
  write(credential: ObservedCredential, isNew: boolean, work: Writing): Promise<void>;
  /** Deletes one; that it is gone already is success. Throws as `write`. */
  remove(name: string, work: Writing): Promise<void>;
}

async function listOf(
  api: AzureApi,
  call: Pick<ApiCall, "path" | "query">,
  title: string,
  signal: AbortSignal,
): Promise<readonly ObservedCredential[] | undefined> {
  const what = `listing the federated credentials of ${title}`;
  try {
    const found = await api.list({ method: "GET", ...call, what }, "value", signal);
    return found.map((one) => readCredentialShape(one, what));
  } catch (thrown) {
    if (isNotFound(thrown)) return undefined;
    throw azureError(thrown, what);
  }
}

async function send(api: AzureApi, call: ApiCall, { signal, waiting }: Writing): Promise<void> {
  await api.write(call, signal, (reason, deadline) => waiting(reason, deadline));
}

async function remove(api: AzureApi, call: ApiCall, work: Writing): Promise<void> {
  try {
    await send(api, call, work);
  } catch (thrown) {
    if (!isNotFound(thrown)) throw thrown;
  }
}

/** A user-assigned identity ("Federated Identity Credentials", REST of Microsoft.ManagedIdentity). */
export function identityHolder(api: AzureApi, group: ResourceGroupRef, name: string): CredentialHolder {
  const title = `identity ${name}`;
  const path = `${identityPath(group, name)}/federatedIdentityCredentials`;
  const query = identityVersion;
  return {
    named: identityCredentialNames(group, name),
    title,
    api,
    describes: false,
    list: (signal) => listOf(api, { path, query }, title, signal),
    write({ name: one, subject, audiences, ...rest }, _isNew, work) {
      const body = { properties: { issuer: issuerAtAzure(rest), subject, audiences } };
      const what = `writing the federated credential ${one} of ${title}`;
      return send(api, { method: "PUT", path: `${path}/${one}`, query, body, what }, work);
    },
    remove(one, work) {
      const what = `deleting the federated credential ${one} of ${title}`;
      return remove(api, { method: "DELETE", path: `${path}/${one}`, query, what }, work);
    },
  };
}

/** An application by its client id, which is not its object id (Microsoft Graph, `federatedIdentityCredential`). */
export function applicationHolder(api: AzureApi, tenant: string, clientId: string): CredentialHolder {
  const title = `application ${clientId}`;
  const path = `/v1.0/applications(appId='${clientId}')/federatedIdentityCredentials`;
  return {
    named: applicationCredentialNames(tenant, clientId),
    title,
    api,
    describes: true,
    list: (signal) => listOf(api, { path }, title, signal),
    write({ name: one, subject, audiences, description, ...issuer }, isNew, work) {
      // One of another's may have none, which is not an empty one.
      const described = description === "" ? {} : { description };
      const rest = { issuer: issuerAtAzure(issuer), subject, audiences, ...described };
      const what = `writing the federated credential ${one} of ${title}`;
      const call = isNew
        ? ({ method: "POST", path, body: { name: one, ...rest } } as const)
        : ({ method: "PATCH", path: `${path}/${one}`, body: rest } as const);
      return send(api, { ...call, what }, work);
    },
    remove(one, work) {
      const what = `deleting the federated credential ${one} of ${title}`;
      return remove(api, { method: "DELETE", path: `${path}/${one}`, what }, work);
    },
  };
}
