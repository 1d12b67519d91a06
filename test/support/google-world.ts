import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { defined, mapped } from "../../src/core/base/index.ts";
import { request } from "../../src/core/http/index.ts";
import type { GoogleSeed } from "../../src/sandbox/gcp.ts";
import {
  type Sandbox,
  type SandboxGoogleOptions,
  type SandboxIssuer,
  type StandInGoogle,
  startSandbox,
} from "../../src/sandbox/index.ts";
import { TestClock } from "./clock.ts";
import { maxWait } from "./until.ts";

export const cart = { namespace: "shop", name: "cart" };
export const cartEmail = "cart-prod@podtrust-sandbox.iam.gserviceaccount.com";
const number = "123456789012";
export const poolName = `projects/${number}/locations/global/workloadIdentityPools/prod`;
export const providerName = `${poolName}/providers/cluster`;
/** What the exchange's `audience` is. */
export const target = `//iam.googleapis.com/${providerName}`;
/** What a token is for. */
export const audience = `https:${target}`;
/** The member of a policy that lets the workload `cart` in. */
export const cartMember = `principal://iam.googleapis.com/${poolName}/subject/system:serviceaccount:shop:cart`;
export const workloadUser = "roles/iam.workloadIdentityUser";

/** A body as Google's APIs answer it, with the members that tests look at. */
export interface GoogleBody {
  readonly [name: string]: unknown;
  readonly access_token?: string;
  readonly expires_in?: number;
  readonly accessToken?: string;
  readonly expireTime?: string;
  readonly error_description?: string;
  readonly error?: unknown;
  readonly name?: string;
  readonly etag?: string;
}

/** An answer of the stand-in. */
export interface GoogleAnswer {
  readonly status: number;
  readonly body: GoogleBody;
}

export interface GoogleRequest {
  /** JSON, or a text as it is. */
  readonly body?: object | string;
  /** A bearer token; the administrator's by default, `""` for none. */
  readonly token?: string;
  readonly type?: string;
}

/** A sandbox with a stand-in for Google, its issuer, and whoever asks. */
export interface GoogleWorld {
  readonly sandbox: Sandbox;
  readonly google: StandInGoogle;
  readonly clock: TestClock;
  readonly issuer: SandboxIssuer;
  /** The issuer's JWK Set, as a cluster's admin uploads it. */
  readonly jwks: () => Promise<string>;
  readonly ask: (method: string, path: string, asked?: GoogleRequest) => Promise<GoogleAnswer>;
  /** The token exchange by a form, with parameters in place of the usual ones. */
  readonly exchange: (
    subjectToken: string,
    parameters?: Readonly<Record<string, string>>,
  ) => Promise<GoogleAnswer>;
}

/** Parameters of an exchange as Google's libraries send them. */
export function exchangeParameters(subjectToken: string): Record<string, string> {
  return {
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    audience: target,
    scope: "https://www.googleapis.com/auth/cloud-platform",
    requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
    subject_token: subjectToken,
    subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
  };
}

/** A pool with a provider that fetches the issuer's keys, and the service account that the workload `cart` may be. */
export const shop: GoogleSeed = {
  pools: [{ id: "prod", providers: [{ id: "cluster", oidc: { issuerUri: "https://oidc.podtrust.test" } }] }],
  serviceAccounts: [{ id: "cart-prod", bindings: { [workloadUser]: [cartMember] } }],
  secrets: [
    {
      id: "color",
      value: "red",
      bindings: { "roles/secretmanager.secretAccessor": [`serviceAccount:${cartEmail}`] },
    },
  ],
};

async function answerOf(response: Response): Promise<GoogleAnswer> {
  return { status: response.status, body: (await response.json()) as GoogleBody };
}

/** An issuer's JWK Set, as a cluster's admin uploads it. */
export async function jwksOf({ url, ca, connectTo }: SandboxIssuer): Promise<string> {
  const reading = { ca, connectTo, timeoutMs: maxWait, maxBytes: 100_000 };
  return (await request(`${url}/openid/v1/jwks`, reading)).body.toString("utf8");
}

/** Starts it, empty. */
export async function googleWorld(t: TestContext, options: SandboxGoogleOptions = {}): Promise<GoogleWorld> {
  const clock = new TestClock("2026-11-29T00:00:00Z");
  const sandbox = await startSandbox({ clock, gcp: options });
  t.after(() => sandbox.close());
  const { gcp: google } = sandbox;
  if (google === undefined) throw new TypeError("the sandbox has no stand-in for Google");
  const issuer = await sandbox.issuer();
  const ask: GoogleWorld["ask"] = async (method, path, { body, token = google.adminToken, type } = {}) =>
    answerOf(
      await fetch(`${google.url}${path}`, {
        method,
        headers: {
          "content-type": type ?? "application/json",
          ...(token === "" ? {} : { authorization: `Bearer ${token}` }),
        },
        ...defined({
          body: mapped(body, (value) => (typeof value === "string" ? value : JSON.stringify(value))),
        }),
      }),
    );
  return {
    sandbox,
    google,
    clock,
    issuer,
    ask,
    jwks: () => jwksOf(issuer),
    exchange(subjectToken, parameters = {}) {
      const form = new URLSearchParams({ ...exchangeParameters(subjectToken), ...parameters });
      return ask("POST", "/v1/token", {
        body: form.toString(),
        token: "",
        type: "application/x-www-form-urlencoded",
      });
    },
  };
}

export interface GoogleFault {
  readonly code: number;
  readonly message: string;
  readonly status: string;
  readonly details?: readonly { readonly reason?: string }[];
}

export const faultOf = ({ body }: GoogleAnswer): GoogleFault => body.error as GoogleFault;

/** Checks a refusal: its status word, and a part of its text. */
export function refused(answer: GoogleAnswer, status: string, text: RegExp | string): void {
  const found = faultOf(answer);
  assert.deepEqual([found?.status, found?.code], [status, answer.status], JSON.stringify(answer.body));
  if (typeof text === "string") assert.equal(found.message, text);
  else assert.match(found.message, text);
}

/** What an account's token is asked for. */
export const cloud = { scope: ["https://www.googleapis.com/auth/cloud-platform"] };
export const impersonation = `/v1/projects/-/serviceAccounts/${cartEmail}:generateAccessToken`;

/** A federated token of the workload `cart`. */
export async function federated({ issuer, exchange }: GoogleWorld): Promise<string> {
  return (await exchange(issuer.token({ ...cart, audiences: [audience] }))).body.access_token ?? "";
}
