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

const tenantShape = /^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[a-z0-9-]+(?:\.[a-z0-9-]+)+)$/iu;

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

const noAssertion = aadsts(7_000_218, "invalid_client", {
  when: "there is no client_assertion, or its type is another",
  text: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
  evidence: "documented",
});

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

const parameters = assertionRule({
  name: "token-request-parameters",
  title: "The call asks for a token by client credentials, with a JWT as its assertion.",
  sources: [sources.flow, sources.errors],
  evidence: "documented",
  answers: [grantType, noAssertion],
  needs: [],
  check({ request }) {
    const next =
      "Use Azure's own library with AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_FEDERATED_TOKEN_FILE.";
    if (request.grantType !== "client_credentials")
      return refusedWith(grantType, {
        why: `grant_type is ${shown(request.grantType)}`,
        next,
        values: { grantType: request.grantType ?? "" },
      });
    if (request.clientAssertionType === assertionType && (request.clientAssertion ?? "") !== "")
      return accepted("an assertion by client credentials");
    return refusedWith(noAssertion, { why: "the call brings no assertion of a JWT", next });
  },
});

const scopeForm = aadsts(1_002_012, "invalid_scope", {
  when: "scope does not end in /.default",
  text: "The provided value for scope <scope> is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).",
  evidence: "reported",
});

const scope = assertionRule({
  name: "scope-default",
  title: "scope is a resource with /.default behind it.",
  sources: [sources.flow, sources.reports],
  evidence: "documented",
  note: "The scopes openid, offline_access and profile, which some libraries add, are passed over.",
  answers: [scopeForm],
  needs: [],
  check({ request }) {
    const given = request.scope ?? "";
    const named = given.split(" ").find((one) => one.endsWith("/.default"));
    if (named !== undefined)
      return accepted(`for ${named}`, { resource: named.slice(0, -"/.default".length) });
    return refusedWith(scopeForm, {
      why: `scope is ${shown(given)}`,
      next: "Ask for RESOURCE/.default, as https://vault.azure.net/.default.",
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
  text: "The resource principal named <resource> was not found in the tenant named <tenant>.",
  evidence: "observed",
});

/** Looked at last: a token that would be refused hears nothing of the tenant's resources. */
export const resource = assertionRule({
  name: "resource-known",
  title: "The scope's resource is known in the tenant.",
  sources: [sources.errors, sources.recorded],
  evidence: "observed",
  note: "The first sentence of the text alone.",
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
