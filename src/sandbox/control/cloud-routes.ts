import { defined, isRecord } from "../../core/base/index.ts";
import type { ControlledClouds, Controls } from "./controls.ts";
import type { ControlRoute } from "./route.ts";
import { refuseRequest } from "./token-request.ts";

/** A stand-in for a cloud beside AWS in the control API: what its three routes say and do. */
interface CloudRoutes<Controlled> {
  /** What is said where the sandbox does not have it. */
  readonly absent: string;
  readonly title: string;
  /** What GET gives, in words and as an example. */
  readonly summary: string;
  readonly example: object;
  readonly shown: (controlled: Controlled) => object;
  readonly seed: {
    readonly summary: string;
    readonly body: object;
    readonly make: (controlled: Controlled, body: unknown) => Promise<void> | void;
    /** Whether it answers as GET does, since what it makes gets ids; otherwise with nothing. */
    readonly isShown: boolean;
  };
  /** An example, beside its time and request. */
  readonly decision: object;
}

const ids = {
  tenant: "11111111-2222-3333-4444-555555555555",
  subscription: "66666666-7777-8888-9999-000000000000",
};

const cart =
  "principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/prod/subject/system:serviceaccount:shop:cart";

const exampleRequest = { time: 1795608000000, requestId: "0d6a0ee2-4bb5-4d3a-9f55-95b4ec3c6a5f" };

/** One row for each cloud that a sandbox may stand in for beside AWS. */
const clouds: { readonly [Name in keyof ControlledClouds]: CloudRoutes<ControlledClouds[Name]> } = {
  azure: {
    absent: "the sandbox stands in for AWS alone",
    title: "Azure",
    summary:
      "Gives the stand-in for Azure: tenant, subscription, the administrator's secret, and all that has a client id.",
    example: {
      ...ids,
      admin: { clientId: "0b7e…", clientSecret: "c2f1…" },
      clients: [{ name: "cart", clientId: "3f1c7a52-5b0e-4d0c-9d53-0f4b7d1f2a9e", objectId: "9a44…" }],
    },
    shown(azure) {
      const { tenant, subscription, admin } = azure;
      return { tenant, subscription, admin, clients: azure.clients() };
    },
    seed: {
      summary:
        "Makes identities, applications, their federated credentials, and secrets, within Azure's limits; Entra sees them at once. Answers as `GET azure` does.",
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
      make: (azure, body) => azure.seed(body),
      isShown: true,
    },
    decision: {
      action: "entra:token",
      who: "system:serviceaccount:shop:till (as the token says)",
      resource: `https://login.microsoftonline.com/${ids.tenant}/oauth2/v2.0/token`,
      decision: "deny",
      rule: "credential-subject",
      code: "AADSTS700213",
    },
  },
  gcp: {
    absent: "the sandbox has no stand-in for Google Cloud",
    title: "Google Cloud",
    summary:
      "Gives where the stand-in for Google Cloud listens, its project, and a bearer token that may do everything there.",
    example: {
      url: "http://127.0.0.1:41237",
      project: "podtrust-sandbox",
      projectNumber: "123456789012",
      adminToken: "ya29.podtrust-fYm2J…",
    },
    shown: ({ url, project, projectNumber, adminToken }) => ({ url, project, projectNumber, adminToken }),
    seed: {
      summary:
        "Makes pools, providers, service accounts and secrets with their grants, which count at once. What Google would refuse is refused, and what came before it stays.",
      body: {
        pools: [
          { id: "prod", providers: [{ id: "cluster", oidc: { issuerUri: "https://oidc.podtrust.test" } }] },
        ],
        serviceAccounts: [{ id: "cart-prod", bindings: { "roles/iam.workloadIdentityUser": [cart] } }],
        secrets: [{ id: "color", value: "red", bindings: { "roles/secretmanager.secretAccessor": [cart] } }],
      },
      make: (google, body) =>
        google.seed(isRecord(body) ? body : refuseRequest("the body is not a JSON object")),
      isShown: false,
    },
    decision: {
      action: "sts:token",
      who: "anonymous",
      decision: "deny",
      rule: "subject-token-audience",
      code: "invalid_grant",
    },
  },
};

function routesOf<Name extends keyof ControlledClouds>(
  path: Name,
  row: CloudRoutes<ControlledClouds[Name]>,
): readonly ControlRoute[] {
  const controlled = ({ clouds: running }: Controls): ControlledClouds[Name] =>
    running[path] ?? refuseRequest(row.absent, `Start it with --for ${path}.`);
  const { seed } = row;
  return [
    {
      method: "GET",
      path,
      summary: row.summary,
      whole: true,
      answer: row.example,
      run: (_first, { sandbox }) => row.shown(controlled(sandbox)),
    },
    {
      method: "POST",
      path: `${path}/seed`,
      summary: seed.summary,
      whole: true,
      body: seed.body,
      ...(seed.isShown ? { answer: row.example } : {}),
      async run(_first, { sandbox, body }) {
        const made = controlled(sandbox);
        await seed.make(made, body);
        return seed.isShown ? row.shown(made) : {};
      },
    },
    {
      method: "GET",
      path: `${path}/decisions`,
      summary: `Gives the last thousand decisions of the stand-in for ${row.title}, oldest first.`,
      whole: true,
      answer: { decisions: [{ ...exampleRequest, ...row.decision }] },
      run: (_first, { sandbox }) => ({ decisions: controlled(sandbox).decisions() }),
    },
  ];
}

function front({ front: opened, clouds: { azure, gcp } }: Controls): object {
  if (opened === undefined) return {};
  const { url, ca, hosts, files } = opened;
  const environment = defined({ azure: azure?.environment, gcp: gcp?.environment });
  return { url, ca, hosts, ...files, environment };
}

/** The control API's routes of the front, and of the stand-ins for clouds beside AWS. */
export const cloudRoutes: readonly ControlRoute[] = [
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
  ...routesOf("azure", clouds.azure),
  ...routesOf("gcp", clouds.gcp),
];
