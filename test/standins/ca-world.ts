/** Stand-in CAs, and requests to them by hand. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { parseConnectTo } from "../../src/core/http/index.ts";
import { type StandInCa, type StandInCaOptions, startAuthority } from "../../src/sandbox/ca/index.ts";
import { type KeyPair, newKeyPair, subjectAltName, writeRequest } from "../../src/core/x509/index.ts";
import { TestClock } from "../support/clock.ts";
import { AcmeRequests, type AcmeAnswer } from "./acme-requests.ts";
import { type Challenged, startChallenged } from "./challenged.ts";
import { until } from "../support/until.ts";

function ecKey() {
  return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
}

/** A client with a key and no account. */
export async function client(of: StandInCa, key = ecKey()): Promise<AcmeRequests> {
  return new AcmeRequests(of.tlsCa, key).open(of.directoryUrl);
}

/** A new account of the CA. */
export async function account(of: StandInCa): Promise<{ acme: AcmeRequests; kid: string }> {
  const acme = await client(of);
  const made = await acme.post(acme.url("newAccount"), { payload: { termsOfServiceAgreed: true } });
  assert.equal(made.status, 201, made.body.toString());
  return { acme, kid: made.headers["location"] ?? "" };
}

/** A CSR, in base64url, by a key of its own; default: a new one. */
export async function csr(names: readonly string[], keys?: KeyPair): Promise<string> {
  const request = { extensions: [subjectAltName(names)] };
  return writeRequest(keys ?? (await newKeyPair()), request).toString("base64url");
}

/** What a problem is, without the prefix of ACME's. */
export const kindOf = (answer: AcmeAnswer): string | undefined =>
  answer.type?.replace("urn:ietf:params:acme:error:", "");

/** An authorization once it is decided. */
export async function decided(acme: AcmeRequests, kid: string, url: string): Promise<AcmeAnswer> {
  return until(
    `${url} is decided`,
    async () => {
      const { json } = await acme.post(url, { kid, payload: "" });
      return json.status !== "pending" && json.status !== "processing" && json;
    },
    { everyMs: 5 },
  );
}

/** CAs that ask one web server for HTTP-01, by one clock. */
export class CaWorld {
  readonly clock = new TestClock();
  /** Who is asked. */
  readonly challenged: Challenged;
  readonly #cas: StandInCa[] = [];

  private constructor(challenged: Challenged) {
    this.challenged = challenged;
  }

  static async start(): Promise<CaWorld> {
    return new CaWorld(await startChallenged());
  }

  /** Starts a CA, which ends with the world. */
  async startCa(options: StandInCaOptions = {}): Promise<StandInCa> {
    const connectTo = [parseConnectTo(`:80:127.0.0.1:${this.challenged.port}`)];
    const started = await startAuthority({ clock: this.clock, connectTo, ...options });
    this.#cas.push(started);
    return started;
  }

  /** An order of which HTTP-01 is answered with what `hold` gives; the order's URL and object come back. */
  async ordered(
    acme: AcmeRequests,
    kid: string,
    options: { names?: readonly string[]; hold?: (keyAuthorization: string) => string; more?: object } = {},
  ): Promise<{ url: string; order: AcmeAnswer; authorizations: readonly AcmeAnswer[] }> {
    const names = options.names ?? ["oidc.example.com"];
    const identifiers = names.map((value) => ({ type: "dns", value }));
    const made = await acme.post(acme.url("newOrder"), { kid, payload: { identifiers, ...options.more } });
    assert.equal(made.status, 201, made.body.toString());
    const authorizations: AcmeAnswer[] = [];
    for (const url of made.json.authorizations ?? []) {
      const { json } = await acme.post(url, { kid, payload: "" });
      const challenge = json.challenges?.find((one) => one.type === "http-01");
      const token = challenge?.token ?? "";
      const hold = options.hold ?? ((text) => text);
      this.challenged.held.set(token, hold(`${token}.${acme.thumbprint()}`));
      await acme.post(challenge?.url ?? "", { kid });
      authorizations.push(await decided(acme, kid, url));
    }
    const url = made.headers["location"] ?? "";
    return { url, order: (await acme.post(url, { kid, payload: "" })).json, authorizations };
  }

  /** The PEM chain of a certificate for oidc.example.com. */
  async certificate(acme: AcmeRequests, kid: string, more: object = {}): Promise<string> {
    const { order } = await this.ordered(acme, kid, { more });
    const payload = { csr: await csr(["oidc.example.com"]) };
    const { json } = await acme.post(order.finalize ?? "", { kid, payload });
    const { body, headers } = await acme.post(json.certificate ?? "", { kid, payload: "" });
    assert.equal(headers["content-type"], "application/pem-certificate-chain");
    return body.toString();
  }

  async close(): Promise<void> {
    for (const one of [this.challenged, ...this.#cas]) await one.close();
  }
}
