import { createHmac, type KeyObject, sign } from "node:crypto";
import { type HttpResponse, request } from "../../src/core/http/index.ts";
import { jwkThumbprint } from "../../src/rules/keys/index.ts";

/** A request by hand, written from RFC 8555 alone, so that the CA is not tested by the client it was built with. */
export interface SignedOptions {
  readonly kid?: string;
  readonly payload?: object | "";
  readonly nonce?: string;
  /** What the JWS says it is for, where that is not where it goes. */
  readonly saysUrl?: string;
  readonly alg?: string;
  readonly contentType?: string;
  readonly damage?: (body: Record<string, unknown>) => void;
}

const segment = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** The directory of a CA and a key, able to send requests to it. */
export class AcmeRequests {
  readonly #ca: string;
  readonly key: KeyObject;
  directory: Record<string, string> = {};
  #nonce: string | undefined;

  constructor(ca: string, key: KeyObject) {
    this.#ca = ca;
    this.key = key;
  }

  get(url: string, method = "GET"): Promise<HttpResponse> {
    return request(url, { ca: this.#ca, method });
  }

  async open(directoryUrl: string): Promise<this> {
    const { body } = await this.get(directoryUrl);
    this.directory = JSON.parse(body.toString()) as Record<string, string>;
    return this;
  }

  url(resource: string): string {
    return this.directory[resource] ?? "";
  }

  jwk(): Record<string, string> {
    const { d: _d, ...jwk } = this.key.export({ format: "jwk" }) as Record<string, string>;
    return jwk;
  }

  thumbprint(): string {
    return jwkThumbprint(this.jwk());
  }

  async freshNonce(): Promise<string> {
    const nonce = this.#nonce ?? (await this.get(this.url("newNonce"), "HEAD")).headers["replay-nonce"] ?? "";
    this.#nonce = undefined;
    return nonce;
  }

  /** A flattened JWS, ES256. */
  jws(header: object, payload: object | ""): Record<string, unknown> {
    const text = payload === "" ? "" : segment(payload);
    const input = `${segment(header)}.${text}`;
    const signature = sign("sha256", Buffer.from(input), { key: this.key, dsaEncoding: "ieee-p1363" });
    return { protected: segment(header), payload: text, signature: signature.toString("base64url") };
  }

  binding(kid: string, hmac: string): object {
    const header = segment({ alg: "HS256", kid, url: this.url("newAccount") });
    const payload = segment(this.jwk());
    const mac = createHmac("sha256", Buffer.from(hmac, "base64url")).update(`${header}.${payload}`);
    return { protected: header, payload, signature: mac.digest("base64url") };
  }

  async post(url: string, options: SignedOptions = {}): Promise<HttpResponse & { json: AcmeAnswer }> {
    const nonce = options.nonce ?? (await this.freshNonce());
    const who = options.kid === undefined ? { jwk: this.jwk() } : { kid: options.kid };
    const header = { alg: options.alg ?? "ES256", nonce, url: options.saysUrl ?? url, ...who };
    const body = this.jws(header, options.payload ?? {});
    options.damage?.(body);
    const response = await request(url, {
      ca: this.#ca,
      method: "POST",
      headers: { "content-type": options.contentType ?? "application/jose+json" },
      body: JSON.stringify(body),
    });
    this.#nonce = response.headers["replay-nonce"];
    const text = response.body.toString();
    return { ...response, json: (text.startsWith("{") ? JSON.parse(text) : {}) as AcmeAnswer };
  }
}

/** The members of ACME's objects that the tests look at. */
export interface AcmeAnswer {
  readonly type?: string;
  readonly detail?: string;
  readonly status?: string | number;
  readonly authorizations?: readonly string[];
  readonly challenges?: readonly { readonly type: string; readonly url: string; readonly token: string }[];
  readonly finalize?: string;
  readonly certificate?: string;
  readonly orders?: readonly string[];
  readonly error?: { readonly type: string };
  readonly wildcard?: boolean;
  readonly contact?: readonly string[];
}
