import { defined } from "../../core/base/index.ts";
import type { ControlledAzure, Controls } from "./controls.ts";
import type { ControlRoute } from "./route.ts";
import { refuseRequest } from "./token-request.ts";

function azureOf({ azure }: Controls): ControlledAzure {
  return azure ?? refuseRequest("the sandbox stands in for AWS alone", "Start it with --for azure.");
}

function front({ front: opened, azure, gcp }: Controls): object {
  if (opened === undefined) return {};
  const { url, ca, hosts, files } = opened;
  const environment = defined({ azure: azure?.environment, gcp: gcp?.environment });
  return { url, ca, hosts, ...files, environment };
}

function shown(azure: ControlledAzure): object {
  const { tenant, subscription, admin } = azure;
  return { tenant, subscription, admin, clients: azure.clients() };
}

const ids = {
  tenant: "11111111-2222-3333-4444-555555555555",
  subscription: "66666666-7777-8888-9999-000000000000",
};
const clientId = "3f1c7a52-5b0e-4d0c-9d53-0f4b7d1f2a9e";

/** The control API's routes of a stand-in for Azure. */
export const azureRoutes: readonly ControlRoute[] = [
  {
    method: "GET",
    path: "front",
    summary:
      "Says where the front is, with its CA, the hosts that it speaks for, and the variables that point clients of each cloud at it; nothing where the sandbox stands in for AWS alone.",
    open: true,
    whole: true,
    answer: {
      url: "http://127.0.0.1:4581",
      ca: "-----BEGIN CERTIFICATE-----\n…",
      hosts: ["login.microsoftonline.com", "*.vault.azure.net"],
      caFile: "/tmp/podtrust-sandbox-x/front-ca.pem",
      trustStore: "/tmp/podtrust-sandbox-x/front-ca.jks",
      environment: { azure: { AZURE_TENANT_ID: ids.tenant } },
    },
    run: (_first, { sandbox }) => front(sandbox),
  },
  {
    method: "GET",
    path: "azure",
    summary:
      "Gives the stand-in for Azure: tenant, subscription, the administrator's secret, and all that has a client id.",
    whole: true,
    answer: {
      ...ids,
      admin: { clientId: "0b7e…", clientSecret: "c2f1…" },
      clients: [{ name: "cart", clientId, objectId: "9a44…" }],
    },
    run: (_first, { sandbox }) => shown(azureOf(sandbox)),
  },
  {
    method: "POST",
    path: "azure/seed",
    summary:
      "Makes identities, applications, their federated credentials, and secrets, within Azure's limits; Entra sees them at once. Answers as `GET azure` does.",
    whole: true,
    body: {
      identities: [
        {
          name: "cart",
          credentials: [
            {
              name: "cart",
              issuer: "https://oidc.podtrust.test",
              subject: "system:serviceaccount:shop:cart",
            },
          ],
        },
      ],
      secrets: [{ vault: "shop", name: "color", value: "red", readers: ["cart"] }],
    },
    answer: {
      ...ids,
      admin: { clientId: "0b7e…", clientSecret: "c2f1…" },
      clients: [{ name: "cart", clientId, objectId: "9a44…" }],
    },
    async run(_first, { sandbox, body }) {
      const azure = azureOf(sandbox);
      await azure.seed(body);
      return shown(azure);
    },
  },
  {
    method: "GET",
    path: "azure/decisions",
    summary: "Gives the last thousand decisions of the stand-in for Azure, oldest first.",
    whole: true,
    answer: {
      decisions: [
        {
          time: 1795608000000,
          requestId: "0d6a0ee2-4bb5-4d3a-9f55-95b4ec3c6a5f",
          action: "entra:token",
          who: "system:serviceaccount:shop:till (as the token says)",
          resource: `https://login.microsoftonline.com/${ids.tenant}/oauth2/v2.0/token`,
          decision: "deny",
          rule: "credential-subject",
          code: "AADSTS700213",
        },
      ],
    },
    run: (_first, { sandbox }) => ({ decisions: azureOf(sandbox).decisions() }),
  },
];
