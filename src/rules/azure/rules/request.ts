import { azureForms } from "../../oidc/index.ts";
import { accepted, refusedWith, shown } from "../../judge/index.ts";
import { aadsts, assertionRule } from "../rule.ts";
import { sources } from "../sources.ts";

const tenantForm = aadsts(900_023, "invalid_request", {
  when: "the tenant in the address is neither an id nor a domain",
  text: "Specified tenant identifier '<tenant>' is neither a valid DNS name, nor a valid external domain.",
  evidence: "documented",
});

const noTenant = aadsts(90_002, "invalid_request", {
  when: "there is no such tenant in this cloud",
  text: "Tenant '<tenant>' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.",
  evidence: "observed",
});

const tenantShape = new RegExp(`^(?:${azureForms.guid}|[a-z0-9-]+(?:\\.[a-z0-9-]+)+)$`, "iu");

const tenant = assertionRule({
  name: "tenant-exists",
  title: "The address names a tenant, by its id or a domain of it.",
  sources: [sources.errors, sources.recorded],
  evidence: "documented",
  answers: [tenantForm, noTenant],
  needs: [],
  check({ request, tenant: found }) {
    const values = { tenant: request.tenant };
    if (!tenantShape.test(request.tenant))
      return refusedWith(tenantForm, {
        why: `the tenant is ${shown(request.tenant)}`,
        next: "Set AZURE_TENANT_ID to the tenant's id: az account show --query tenantId.",
        values,
      });
    if (found !== undefined) return accepted(`tenant ${found.id}`);
    return refusedWith(noTenant, {
      why: `there is no tenant ${request.tenant} in this cloud`,
      next: "Compare AZURE_TENANT_ID with az account show, and AZURE_AUTHORITY_HOST with the tenant's cloud.",
      values,
    });
  },
});

const grantType = aadsts(70_003, "unsupported_grant_type", {
  when: "grant_type is not client_credentials",
  text: "The app requested an unsupported grant type '<grantType>'.",
  evidence: "observed",
});

const absent = aadsts(900_144, "invalid_request", {
  when: "grant_type or client_id is missing",
  text: "The request body must contain the following parameter: '<name>'.",
  evidence: "reported",
});

/** What to do where a call lacks what every library sends. */
export const useLibrary =
  "Use Azure's own library with AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_FEDERATED_TOKEN_FILE.";

const parameters = assertionRule({
  name: "token-request-parameters",
  title: "The call asks for a token by client credentials, and names a client.",
  sources: [sources.flow, sources.errors, sources.reports],
  evidence: "documented",
  note: "Which of several is named first is not known; here it is the first of this order.",
  answers: [absent, grantType],
  needs: [],
  check({ request }) {
    const { grantType: grant = "", clientId = "" } = request;
    const name = grant === "" ? "grant_type" : clientId === "" ? "client_id" : undefined;
    if (grant !== "" && grant !== "client_credentials")
      return refusedWith(grantType, {
        why: `grant_type is ${shown(grant)}`,
        next: useLibrary,
        values: { grantType: grant },
      });
    if (name === undefined) return accepted("client credentials");
    return refusedWith(absent, { why: `the call has no ${name}`, next: useLibrary, values: { name } });
  },
});

const noScope = aadsts(90_014, "invalid_request", {
  when: "scope is missing",
  text: "The required field 'scope' is missing from the credential. Ensure that you have all the necessary parameters for the login request.",
  evidence: "reported",
});

const scopeInvalid = aadsts(70_011, "invalid_scope", {
  when: "scope has several resources, or one without anything behind it",
  text: "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope <scope> is not valid.",
  evidence: "reported",
});

const otherPermission = aadsts(1_002_012, "invalid_scope", {
  when: "scope is something else that does not end in /.default",
  text: "The provided value for scope <scope> is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).",
  evidence: "reported",
});

/** Scopes of OpenID Connect, which are of no resource. */
const withoutResource = ["openid", "offline_access", "profile", "email"];

const bareResource = /^[a-z]+:\/\/[^/]*\/?$/iu;

const scope = assertionRule({
  name: "scope-default",
  title: "scope is one resource with /.default behind it.",
  sources: [sources.flow, sources.reports],
  evidence: "documented",
  note: "The scopes openid, offline_access and profile, which some libraries add, are passed over; that email is too is inferred. 70011 was seen of an address alone, of two resources, and of a permission beside /.default.",
  answers: [noScope, scopeInvalid, otherPermission],
  needs: [],
  check({ request }) {
    const given = request.scope ?? "";
    const asked = given.split(" ").filter((one) => one !== "" && !withoutResource.includes(one));
    const [only = ""] = asked;
    if (asked.length === 1 && only.endsWith("/.default"))
      return accepted(`for ${only}`, { resource: only.slice(0, -"/.default".length) });
    const answer =
      given === "" ? noScope : asked.length > 1 || bareResource.test(only) ? scopeInvalid : otherPermission;
    return refusedWith(answer, {
      why:
        asked.length > 1
          ? `scope has ${asked.length} resources: ${shown(given)}`
          : `scope is ${shown(given)}`,
      next: "Ask for one RESOURCE/.default, as https://vault.azure.net/.default.",
      values: { scope: given },
    });
  },
});

const noClient = aadsts(700_016, "unauthorized_client", {
  when: "nothing in the tenant has the client id",
  text: "Application with identifier '<clientId>' was not found in the directory '<tenant>'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.",
  evidence: "documented",
});

const client = assertionRule({
  name: "client-exists",
  title: "An application or a user-assigned managed identity of the tenant has the client id.",
  sources: [sources.errors, sources.reports],
  evidence: "documented",
  note: "The client id is neither the object id nor the principal id.",
  answers: [noClient],
  needs: [],
  check({ request, client: found }) {
    if (found !== undefined) {
      const { credentials } = found;
      return accepted(`${credentials.length} federated credentials`, { credentials });
    }
    const clientId = request.clientId ?? "";
    return refusedWith(noClient, {
      why: `nothing in tenant ${request.tenant} has the client id ${shown(clientId)}`,
      next: "Set AZURE_CLIENT_ID to the identity's clientId, which is not its objectId or principalId: az identity show --query clientId.",
      values: { clientId, tenant: request.tenant },
    });
  },
});

const noResource = aadsts(500_011, "invalid_resource", {
  when: "the scope's resource is not known in the tenant",
  text: "The resource principal named <resource> was not found in the tenant named <tenant>. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.",
  evidence: "reported",
});

/** Looked at last: a token that would be refused learns nothing of the tenant's resources. */
export const resource = assertionRule({
  name: "resource-known",
  title: "The scope's resource is known in the tenant.",
  sources: [sources.errors, sources.recorded, sources.reports],
  evidence: "observed",
  answers: [noResource],
  needs: ["resource"],
  check({ request, isResourceKnown }, { resource: name }) {
    if (isResourceKnown) return accepted(`${name} is known`);
    return refusedWith(noResource, {
      why: `tenant ${request.tenant} knows no resource ${shown(name)}`,
      next: "Compare the scope with the resource's application ID URI, to the slash.",
      values: { resource: name, tenant: request.tenant },
    });
  },
});

/** What is looked at before the assertion. */
export const requestRules = [tenant, parameters, scope, client];
