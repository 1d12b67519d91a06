import { isRecord, PodtrustError } from "../../base/index.ts";
import { type DecisionFilter, decisionFilters } from "../aws/index.ts";
import type { IssuerFault, TokenWish } from "../cluster/index.ts";
import type { ControlledIssuer, Controls } from "./controls.ts";

// Named here, since the cluster and the certificates of its servers are loaded only where somebody asks for a token.
const faults: Record<IssuerFault, true> = {
  slow: true,
  "not-found": true,
  "wrong-issuer": true,
  "key-gone": true,
};
/** What an issuer can be told to do wrong. */
export const issuerFaults: readonly string[] = Object.keys(faults);

/** What a request of the control API brings. */
interface Asked {
  readonly query: URLSearchParams;
  /** Of unknown form; undefined where none was sent. */
  readonly body: unknown;
}

/** One path and method of the control API. */
export interface ControlRoute {
  readonly method: "GET" | "POST" | "PUT";
  /** Below `/_podtrust/`. */
  readonly path: string;
  /** One sentence: what it does. */
  readonly summary: string;
  /** Whoever reaches the port may ask it, without a token. */
  readonly open?: true;
  /** What is sent, and in the query what may be, with examples. */
  readonly body?: object;
  readonly query?: readonly string[];
  /** What an answer looks like; absent: `{}`. */
  readonly answer?: object;
  readonly run: (controls: Controls, asked: Asked) => Promise<object> | object;
}

/** Throws the refusal of a request that is not as it should be. */
export function refuseRequest(message: string, next?: string): never {
  throw new PodtrustError("sandbox-control-request", message, next === undefined ? {} : { next });
}

function recordOfBody({ body }: Asked): Readonly<Record<string, unknown>> {
  if (isRecord(body)) return body;
  return refuseRequest("the body is not a JSON object");
}

function filterOf({ query }: Asked): DecisionFilter {
  const names: readonly string[] = decisionFilters;
  for (const name of query.keys()) {
    if (!names.includes(name))
      refuseRequest(`decisions have no filter ${name}`, `They have ${names.join(", ")}.`);
  }
  return Object.fromEntries(query.entries());
}

function stateOf({ account, clock }: Controls): object {
  return { account, now: new Date(clock.now()).toISOString(), aheadSeconds: clock.ahead / 1000 };
}

function advance(controls: Controls, asked: Asked): object {
  const { advanceSeconds: seconds } = recordOfBody(asked);
  if (typeof seconds !== "number") return refuseRequest("advanceSeconds is not a number");
  try {
    controls.clock.advance(seconds * 1000);
  } catch (error) {
    if (error instanceof TypeError) refuseRequest(error.message);
    throw error;
  }
  return stateOf(controls);
}

function shownIssuer({ url, ca, connectTo }: ControlledIssuer): object {
  const rules = connectTo.map(({ host, port, address, toPort }) => [host, port, address, toPort].join(":"));
  return { url, ca, connectTo: rules };
}

const textList = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === "string");

function wishOf(asked: Asked): TokenWish {
  const { namespace, serviceAccount, audiences, expirationSeconds } = recordOfBody(asked);
  if (typeof namespace !== "string" || typeof serviceAccount !== "string")
    return refuseRequest("namespace and serviceAccount are not both texts");
  if (audiences !== undefined && !textList(audiences))
    return refuseRequest("audiences is not a list of texts");
  if (expirationSeconds !== undefined && typeof expirationSeconds !== "number")
    return refuseRequest("expirationSeconds is not a number");
  return {
    namespace,
    name: serviceAccount,
    ...(audiences === undefined ? {} : { audiences }),
    ...(expirationSeconds === undefined ? {} : { expirationSeconds }),
  };
}

async function token(controls: Controls, asked: Asked): Promise<object> {
  const wish = wishOf(asked);
  try {
    return { token: (await controls.issuer()).token(wish) };
  } catch (error) {
    if (error instanceof TypeError) refuseRequest(error.message);
    throw error;
  }
}

async function fail(controls: Controls, asked: Asked): Promise<object> {
  const { fault } = recordOfBody(asked);
  if (fault !== null && !(typeof fault === "string" && issuerFaults.includes(fault)))
    return refuseRequest(
      `an issuer has no fault ${JSON.stringify(fault)}`,
      `It has ${issuerFaults.join(", ")}, or null for none.`,
    );
  (await controls.issuer()).fail((fault as IssuerFault | null) ?? undefined);
  return {};
}

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

/** All that the control API has, in the order of its page. */
export const controlRoutes: readonly ControlRoute[] = [
  {
    method: "GET",
    path: "health",
    summary: "Says that the sandbox answers.",
    open: true,
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
    path: "seed",
    summary:
      "Makes providers, roles and parameters, each by AWS's own operation; STS sees them at once. What AWS would refuse is refused, and what came before it stays.",
    body: {
      providers: [{ url: "https://oidc.podtrust.test", audiences: ["sts.amazonaws.com"] }],
      roles: [{ name: "cart", trustPolicy: exampleTrust }],
      parameters: [{ name: "/cart/color", value: "red" }],
    },
    async run(controls, { body }) {
      await controls.seed(body as Parameters<Controls["seed"]>[0]);
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
    run: (controls, asked) => ({ decisions: controls.decisions(filterOf(asked)) }),
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
    summary: "Ends IAM's propagation: STS sees every role as it stands.",
    async run(controls) {
      await controls.spread();
      return {};
    },
  },
  {
    method: "POST",
    path: "reset",
    summary:
      "Empties the account, forgets decisions and issuers' documents, puts the clock back and mends the issuer. The administrator's keys stay.",
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
    path: "issuer/token",
    summary: "Gives a token of a ServiceAccount of the stand-in cluster, as TokenRequest would.",
    body: {
      namespace: "shop",
      serviceAccount: "cart",
      audiences: ["sts.amazonaws.com"],
      expirationSeconds: 3600,
    },
    answer: { token: "eyJhbGciOiJFUzI1NiIs…" },
    run: token,
  },
  {
    method: "PUT",
    path: "issuer/fault",
    summary: `Has the issuer fail, and STS forget its documents: ${issuerFaults.join(", ")}, or null for no fault.`,
    body: { fault: "key-gone" },
    run: fail,
  },
];
