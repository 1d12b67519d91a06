import { isoTime, isRecord, PodtrustError } from "../../core/base/index.ts";
import { type DecisionFilter, decisionFilters } from "../aws/index.ts";
import { type IssuerFault, issuerFaults } from "../cluster/index.ts";
import { cloudRoutes } from "./cloud-routes.ts";
import type { ControlledAccount, ControlledIssuer } from "./controls.ts";
import type { ControlRequest, ControlRoute } from "./route.ts";
import { requestedToken, refuseRequest } from "./token-request.ts";

function recordOfBody({ body }: ControlRequest): Readonly<Record<string, unknown>> {
  if (isRecord(body)) return body;
  return refuseRequest("the body is not a JSON object");
}

function filterOf({ query }: ControlRequest): DecisionFilter {
  const names: readonly string[] = decisionFilters;
  for (const name of query.keys()) {
    if (!names.includes(name))
      refuseRequest(`decisions have no filter ${name}`, `They have ${names.join(", ")}.`);
  }
  return Object.fromEntries(query.entries());
}

/** Does what a request asks for; a wrong use of the library is a wrong request. */
function asked<Result>(act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    if (error instanceof PodtrustError && error.code === "usage") refuseRequest(error.message, error.next);
    throw error;
  }
}

function stateOf({ account, clock }: ControlledAccount): object {
  return { account, now: isoTime(clock.now()), aheadSeconds: clock.ahead / 1000 };
}

function advance(controls: ControlledAccount, request: ControlRequest): object {
  const { advanceSeconds: seconds } = recordOfBody(request);
  if (typeof seconds !== "number") return refuseRequest("advanceSeconds is not a number");
  asked(() => controls.clock.advance(seconds * 1000));
  return stateOf(controls);
}

function shownIssuer({ url, ca, connectTo }: ControlledIssuer): object {
  const rules = connectTo.map(({ host, port, address, toPort }) => [host, port, address, toPort].join(":"));
  return { url, ca, connectTo: rules };
}

/** The issuer that a body names, else the account's own. */
function issuerOf(
  account: ControlledAccount,
  { issuer }: Readonly<Record<string, unknown>>,
): Promise<ControlledIssuer> {
  if (issuer !== undefined && typeof issuer !== "string") refuseRequest("issuer is not a text");
  return account.issuer(issuer);
}

async function startIssuer(account: ControlledAccount, request: ControlRequest): Promise<object> {
  const { url } = recordOfBody(request);
  if (typeof url !== "string") return refuseRequest("url is not a text");
  return shownIssuer(await account.issuer(url));
}

async function token(account: ControlledAccount, request: ControlRequest): Promise<object> {
  const body = recordOfBody(request);
  const { forged, spec } = requestedToken(body);
  const issuer = await issuerOf(account, body);
  return { token: asked(() => (forged ? issuer.forgeToken(spec) : issuer.token(spec))) };
}

async function fail(account: ControlledAccount, request: ControlRequest): Promise<object> {
  const body = recordOfBody(request);
  const { fault } = body;
  if (fault !== null && !(typeof fault === "string" && issuerFaults.includes(fault)))
    return refuseRequest(
      `an issuer has no fault ${JSON.stringify(fault)}`,
      `It has ${issuerFaults.join(", ")}, or null for none.`,
    );
  (await issuerOf(account, body)).fail((fault as IssuerFault | null) ?? undefined);
  return {};
}

const shownAdmin = ({ account, admin }: ControlledAccount): object => ({ account, ...admin });

const exampleTrust = {
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Allow",
      Principal: { Federated: "arn:aws:iam::111122223333:oidc-provider/oidc.podtrust.test" },
      Action: "sts:AssumeRoleWithWebIdentity",
      Condition: {
        StringEquals: { "oidc.podtrust.test:sub": "system:serviceaccount:shop:cart" },
      },
    },
  ],
};

/** All routes of the control API, in the order of its page. */
export const controlRoutes: readonly ControlRoute[] = [
  {
    method: "GET",
    path: "health",
    summary: "Says that the sandbox answers.",
    open: true,
    whole: true,
    answer: { status: "ready" },
    run: () => ({ status: "ready" }),
  },
  {
    method: "GET",
    path: "state",
    summary: "Gives the account, and the time by which the sandbox judges.",
    answer: { account: "111122223333", now: "2026-11-25T12:00:00.000Z", aheadSeconds: 0 },
    run: stateOf,
  },
  {
    method: "GET",
    path: "admin",
    summary: "Gives the administrator's keys, by which clients sign calls that may do everything.",
    answer: { accessKeyId: "AKIA4X2QH7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI…" },
    run: ({ admin }) => admin,
  },
  {
    method: "POST",
    path: "accounts",
    summary:
      "Makes an empty account with its own number, for tests that share the sandbox: roles, parameters, keys, decisions, clock and issuers are its own. It is in memory, and at most a thousand are open.",
    whole: true,
    answer: {
      account: "482910375516",
      accessKeyId: "AKIA4X2QH7EXAMPLE",
      secretAccessKey: "wJalrXUtnFEMI…",
    },
    run: async (_first, { sandbox }) => shownAdmin(await sandbox.newAccount()),
  },
  {
    method: "DELETE",
    path: "accounts/ID",
    summary: "Ends an account that was made so: its keys and roles are unknown from now on.",
    whole: true,
    async run(account) {
      await account.close();
      return {};
    },
  },
  {
    method: "POST",
    path: "seed",
    summary:
      "Makes providers, roles and parameters, each by AWS's own operation; STS sees them at once. What AWS would refuse is refused, and what came before it stays.",
    body: {
      providers: [{ url: "https://oidc.podtrust.test", audiences: ["sts.amazonaws.com"] }],
      roles: [{ name: "cart", trustPolicy: exampleTrust }],
      parameters: [{ name: "/cart/color", value: "red" }],
    },
    async run(controls, { body }) {
      await controls.seed(body as Parameters<ControlledAccount["seed"]>[0]);
      return {};
    },
  },
  {
    method: "GET",
    path: "decisions",
    summary: "Gives those of the last thousand decisions that fit, oldest first.",
    query: decisionFilters,
    answer: {
      decisions: [
        {
          time: 1795608000000,
          requestId: "0d6a0ee2-4bb5-4d3a-9f55-95b4ec3c6a5f",
          action: "sts:AssumeRoleWithWebIdentity",
          who: "system:serviceaccount:shop:till (as the token says)",
          decision: "deny",
          rule: "trust-policy",
          code: "AccessDenied",
        },
      ],
    },
    run(controls, request) {
      const filter = filterOf(request);
      return { decisions: asked(() => controls.decisions(filter)) };
    },
  },
  {
    method: "POST",
    path: "clock",
    summary:
      "Moves the clock on by which tokens and sessions expire and changes spread. Signatures are judged by the machine's own.",
    body: { advanceSeconds: 3600 },
    answer: { account: "111122223333", now: "2026-11-25T13:00:00.000Z", aheadSeconds: 3600 },
    run: advance,
  },
  {
    method: "POST",
    path: "spread",
    summary:
      "Ends IAM's propagation: STS sees every role as it is, Entra every credential, and Google every policy.",
    async run(controls) {
      await controls.spread();
      return {};
    },
  },
  {
    method: "POST",
    path: "reset",
    summary:
      "Empties the account, forgets its decisions and its issuers' documents, resets its clock and ends its issuers' faults. The administrator's keys stay, and so do the other accounts.",
    async run(controls) {
      await controls.reset();
      return {};
    },
  },
  {
    method: "GET",
    path: "issuer",
    summary:
      "Gives the stand-in cluster's issuer: its URL, the root that its certificate leads to, and where it listens as curl's --connect-to has it.",
    answer: {
      url: "https://oidc.podtrust.test",
      ca: "-----BEGIN CERTIFICATE-----\n…",
      connectTo: ["oidc.podtrust.test:443:127.0.0.1:41235"],
    },
    run: async (controls) => shownIssuer(await controls.issuer()),
  },
  {
    method: "POST",
    path: "issuers",
    summary: "Starts another issuer, of any URL, and gives what GET issuer gives of the first.",
    body: { url: "https://token.actions.githubusercontent.com" },
    answer: {
      url: "https://token.actions.githubusercontent.com",
      ca: "-----BEGIN CERTIFICATE-----\n…",
      connectTo: ["token.actions.githubusercontent.com:443:127.0.0.1:41236"],
    },
    run: startIssuer,
  },
  {
    method: "POST",
    path: "issuer/token",
    summary: "Gives a token of a ServiceAccount of the stand-in cluster, as TokenRequest would.",
    body: {
      namespace: "shop",
      serviceAccount: "cart",
      audiences: ["sts.amazonaws.com"],
      expirationSeconds: 3600,
    },
    more: [
      "With any of these it is forged, and TokenRequest's bounds are not its own: `claims` and `header` are set over the default ones, `withoutClaims` and `withoutHeader` take some away, `signedBy` is `cluster`, `foreign-key` (an unknown key, under the cluster's kid) or `{\"kid\": KID}`, `issuedAt` is in seconds since 1970, and `expirationSeconds` may be negative. `issuer` names another issuer by its URL. Where `claims` has a `sub`, it need be no ServiceAccount's:",
      {
        issuer: "https://token.actions.githubusercontent.com",
        claims: { sub: "repo:octo-org/octo-repo:ref:refs/heads/main", repository: "octo-org/octo-repo" },
        signedBy: "foreign-key",
      },
    ],
    answer: { token: "eyJhbGciOiJFUzI1NiIs…" },
    run: token,
  },
  {
    method: "PUT",
    path: "issuer/fault",
    summary: `Has the issuer, or another one that \`issuer\` names by its URL, fail, and STS forget its documents: ${issuerFaults.join(", ")}, or null for no fault.`,
    body: { fault: "key-gone" },
    run: fail,
  },
  ...cloudRoutes,
];
