import { randomUUID } from "node:crypto";
import { type Clock, defined } from "../../core/base/index.ts";
import type { FrontAnswer, FrontRequest } from "../front/index.ts";
import type { AccessTokens, ServicePrincipal } from "./access-tokens.ts";
import type { KnownIssuers } from "./issuers.ts";
import type { EntraTenant } from "./tenant.ts";

/** What each of the services works with. */
export interface AzureContext {
  readonly tenant: EntraTenant;
  readonly tokens: AccessTokens;
  readonly issuers: KnownIssuers;
  readonly clock: Clock;
}

/** What is written down of a request: who asked for what, and which rule decided. */
export interface Note {
  readonly who?: string;
  readonly rule: string;
  /** Azure's code and text, where the answer is an error. */
  readonly code?: string;
  readonly message?: string;
  readonly why?: string;
  readonly next?: string;
}

/** An answer, and what is written down of it. */
export interface Answered {
  readonly answer: FrontAnswer;
  readonly note: Note;
}

/** Answers requests to one of Azure's hosts. */
export type AzureService = (request: FrontRequest, context: AzureContext) => Promise<Answered>;

/** What an error has beside its code and text. */
interface ErrorMore {
  readonly headers?: Readonly<Record<string, string>>;
  readonly rule?: string;
  readonly next?: string;
}

/** An answer of ARM, Graph or Key Vault that is an error. */
export class AzureError extends Error {
  readonly status: number;
  readonly code: string;
  readonly more: ErrorMore;

  constructor(status: number, code: string, message: string, more: ErrorMore = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.more = more;
  }
}

/** What `act` gives, by the rule that let it; an AzureError as its answer. `inner` is what the service's errors have inside. */
export async function answering(
  who: () => string | undefined,
  act: () => Promise<FrontAnswer>,
  inner: object = {},
): Promise<Answered> {
  const named = (): Pick<Note, "who"> => {
    const name = who();
    return defined({ who: name });
  };
  try {
    return { answer: await act(), note: { ...named(), rule: "access-token" } };
  } catch (error) {
    if (!(error instanceof AzureError)) throw error;
    const { status, code, message, more } = error;
    const { headers = {}, rule = "request", next } = more;
    return {
      answer: { status, headers, body: { error: { code, message, ...inner } } },
      note: { ...named(), rule, code, message, ...defined({ next }) },
    };
  }
}

/** How a service refuses who shows no token of its own. */
export interface TokenChallenge {
  /** Its resources, without a slash at the end. */
  readonly audiences: readonly string[];
  readonly refuse: (why: "absent" | "foreign" | "expired" | "audience") => AzureError;
}

/** Whom a request's access token is of. Throws the service's own AzureError. */
export async function callerOf(
  { headers }: FrontRequest,
  { tokens, clock }: AzureContext,
  { audiences, refuse }: TokenChallenge,
): Promise<ServicePrincipal> {
  const [, token] = /^Bearer (\S{1,16384})$/iu.exec(headers["authorization"] ?? "") ?? [];
  if (token === undefined) throw refuse("absent");
  const read = await tokens.read(token, { audiences, now: Math.floor(clock.now() / 1000) });
  if (typeof read === "string") throw refuse(read);
  return read;
}

/** The body as a JSON object. Throws what `refused` makes. */
export function jsonOf({ body }: FrontRequest, refused: () => AzureError): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Said below.
  }
  throw refused();
}

/** The path without percent signs, where they are right; else as it came, which is no path of anything here. */
export function pathOf({ url }: FrontRequest): string {
  try {
    return decodeURI(url.pathname);
  } catch {
    return url.pathname;
  }
}

/** A client's own number for its request, as Microsoft's libraries send it, else one of ours. */
export function correlationOf({ headers, url }: FrontRequest): string {
  const given = headers["client-request-id"] ?? url.searchParams.get("client-request-id") ?? "";
  return /^[0-9a-f-]{36}$/iu.test(given) ? given : randomUUID();
}
