import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isRecord, type JsonRecord, recordOf, recordsOf, textOf } from "../../src/core/base/index.ts";
import { type GoogleAnswer, refused } from "./google-answer.ts";
import { GoogleIam } from "./google-iam.ts";

/** What goes wrong with a request: before it is done, or after. */
export type GoogleMischief = "conflict" | "late-503" | "lost-answer" | "rate-limit" | "reset" | "unavailable";

interface Trouble {
  readonly what: GoogleMischief;
  /** Of `METHOD path`. */
  readonly at: RegExp;
  times: number;
}

/** A grant that was asked for at a token service. */
export interface ReceivedGrant {
  readonly path: string;
  readonly form: Readonly<Record<string, string>>;
  readonly authorization: string;
}

/** Google's token services and IAM on loopback, as far as podtrust calls them; their shapes are the documented ones. */
export interface GoogleModel {
  readonly url: string;
  readonly iam: GoogleIam;
  readonly grants: ReceivedGrant[];
  /** Each request of IAM, as `METHOD path?query`. */
  readonly calls: string[];
  /** Asked at each request of IAM: whether its answer is lost. */
  onCall: (line: string) => "answered" | "lost";
  /** Called before each request that changes something. */
  onWrite: (line: string) => void;
  /** What a token service answers in place of a token. */
  grantAnswer: GoogleAnswer | undefined;
  /** The file of a person's login, whose token this IAM takes. */
  credentials(): object;
  /** Access tokens that were given out end now. */
  revoke(): void;
  misbehave(what: GoogleMischief, at: RegExp, times?: number): void;
  close(): Promise<void>;
}

async function textOfRequest(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts).toString("utf8");
}

const isTokenPath = (path: string): boolean =>
  path === "/token" || path === "/v1/token" || path.endsWith(":generateAccessToken");

class Model implements GoogleModel {
  readonly iam = new GoogleIam();
  readonly grants: ReceivedGrant[] = [];
  readonly calls: string[] = [];
  onCall = (_line: string): "answered" | "lost" => "answered";
  onWrite = (_line: string): void => {};
  grantAnswer: GoogleAnswer | undefined;
  readonly #tokens = new Set<string>();
  #given = 0;
  #troubles: Trouble[] = [];
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  credentials(): object {
    return {
      type: "authorized_user",
      client_id: "client",
      client_secret: "client-secret-of-a-test",
      refresh_token: "refresh-token-of-a-test",
      token_uri: `${this.url}/token`,
    };
  }

  revoke(): void {
    this.#tokens.clear();
  }

  misbehave(what: GoogleMischief, at: RegExp, times = 1): void {
    this.#troubles.push({ what, at, times });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #trouble(line: string): GoogleMischief | undefined {
    const found = this.#troubles.find(({ at, times }) => times > 0 && at.test(line));
    if (found !== undefined) found.times -= 1;
    return found?.what;
  }

  #grant(path: string, body: string, authorization: string): GoogleAnswer {
    const isForm = !body.startsWith("{");
    const form = Object.fromEntries(
      isForm ? new URLSearchParams(body) : Object.entries(recordOf(JSON.parse(body))),
    );
    this.grants.push({ path, form: form as Record<string, string>, authorization });
    if (this.grantAnswer !== undefined) return this.grantAnswer;
    this.#given += 1;
    const token = `ya29.token-${this.#given}`;
    this.#tokens.add(token);
    return path.endsWith(":generateAccessToken")
      ? { status: 200, body: { accessToken: token, expireTime: "2026-11-29T05:00:00Z" } }
      : { status: 200, body: { access_token: token, expires_in: 3599, token_type: "Bearer" } };
  }

  #api(request: IncomingMessage, url: URL, body: string): GoogleAnswer {
    const token = (request.headers.authorization ?? "").replace(/^Bearer /u, "");
    if (!this.#tokens.has(token))
      return refused(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.");
    const parsed: unknown = body === "" ? {} : JSON.parse(body);
    return this.iam.answer(request.method ?? "GET", url, isRecord(parsed) ? parsed : {});
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", this.url);
    const body = await textOfRequest(request);
    const line = `${request.method} ${url.pathname}`;
    const send = ({ status, body: answer, headers = {} }: GoogleAnswer): void => {
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(JSON.stringify(answer));
    };
    if (isTokenPath(url.pathname))
      return send(this.#grant(url.pathname, body, request.headers.authorization ?? ""));
    this.calls.push(`${line}${url.search}`);
    if (request.method !== "GET" && !url.pathname.endsWith(":getIamPolicy")) this.onWrite(line);
    const isLost = this.onCall(line) === "lost";
    const trouble = this.#trouble(line);
    if (trouble === "reset") return void request.socket.destroy();
    if (trouble === "unavailable")
      return send(refused(503, "UNAVAILABLE", "The service is currently unavailable."));
    if (trouble === "conflict") return send(refused(409, "ABORTED", "There were concurrent policy changes."));
    if (trouble === "rate-limit")
      return send({
        ...refused(429, "RESOURCE_EXHAUSTED", "Quota exceeded."),
        headers: { "retry-after": "7" },
      });
    const answer = this.#api(request, url, body);
    if (isLost || trouble === "lost-answer") return void request.socket.destroy();
    return send(trouble === "late-503" ? refused(503, "UNAVAILABLE", "Deadline exceeded.") : answer);
  }
}

/** Starts it; `close` ends it. */
export async function startGoogleModel(): Promise<GoogleModel> {
  const model = new Model();
  await model.listen();
  return model;
}

/** Members of a role in a policy of the model. */
export function membersIn(policy: JsonRecord, role = "roles/iam.workloadIdentityUser"): readonly string[] {
  return recordsOf(policy["bindings"])
    .filter((binding) => binding["role"] === role && binding["condition"] === undefined)
    .flatMap((binding) => {
      const members: unknown = binding["members"];
      return Array.isArray(members) ? (members as readonly unknown[]) : [];
    })
    .flatMap((one) => textOf(one) ?? []);
}
