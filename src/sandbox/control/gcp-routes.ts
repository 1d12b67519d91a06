import { isRecord } from "../../core/base/index.ts";
import type { ControlledGoogle, Controls } from "./controls.ts";
import type { ControlRoute } from "./route.ts";
import { refuseRequest } from "./token-request.ts";

function googleOf({ gcp }: Controls): ControlledGoogle {
  return gcp ?? refuseRequest("the sandbox has no stand-in for Google Cloud", "Start it with --for gcp.");
}

function shown({ url, project, projectNumber, adminToken }: ControlledGoogle): object {
  return { url, project, projectNumber, adminToken };
}

const cart =
  "principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/prod/subject/system:serviceaccount:shop:cart";

/** The control API's routes of a stand-in for Google Cloud. */
export const googleRoutes: readonly ControlRoute[] = [
  {
    method: "GET",
    path: "gcp",
    summary:
      "Gives where the stand-in for Google Cloud listens, its project, and a bearer token that may do everything there.",
    whole: true,
    answer: {
      url: "http://127.0.0.1:41237",
      project: "podtrust-sandbox",
      projectNumber: "123456789012",
      adminToken: "ya29.podtrust-fYm2J…",
    },
    run: (_first, { sandbox }) => shown(googleOf(sandbox)),
  },
  {
    method: "POST",
    path: "gcp/seed",
    summary:
      "Makes pools, providers, service accounts and secrets with their grants, which count at once. What Google would refuse is refused, and what came before it stays.",
    whole: true,
    body: {
      pools: [
        { id: "prod", providers: [{ id: "cluster", oidc: { issuerUri: "https://oidc.podtrust.test" } }] },
      ],
      serviceAccounts: [{ id: "cart-prod", bindings: { "roles/iam.workloadIdentityUser": [cart] } }],
      secrets: [{ id: "color", value: "red", bindings: { "roles/secretmanager.secretAccessor": [cart] } }],
    },
    run(_first, { sandbox, body }) {
      googleOf(sandbox).seed(isRecord(body) ? body : refuseRequest("the body is not a JSON object"));
      return {};
    },
  },
  {
    method: "GET",
    path: "gcp/decisions",
    summary: "Gives the last thousand decisions of the stand-in for Google Cloud, oldest first.",
    whole: true,
    answer: {
      decisions: [
        {
          time: 1795608000000,
          requestId: "0d6a0ee2-4bb5-4d3a-9f55-95b4ec3c6a5f",
          action: "sts:token",
          who: "anonymous",
          decision: "deny",
          rule: "subject-token-audience",
          code: "invalid_grant",
        },
      ],
    },
    run: (_first, { sandbox }) => ({ decisions: googleOf(sandbox).decisions() }),
  },
];
