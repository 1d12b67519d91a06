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

/** The record of a request: caller, request, and the rule that decided. */
export interface Note {
  readonly who?: string;
  readonly rule: string;
  /** Azure's code and text, if the answer is an error. */
  readonly code?: string;
  readonly message?: string;
  readonly why?: string;
  readonly next?: string;
}

/** An answer, and its record. */
export interface Answered {
  readonly answer: FrontAnswer;
  readonly note: Note;
}

/** Answers requests to one of Azure's hosts. */
export type AzureService = (request: FrontRequest, context: AzureContext) => Promise<Answered>;

/** Members of an error beside its code and text. */
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

/**
 * The result of `act`, with the rule that allowed it; an AzureError becomes its answer. `inner` is what the service's
 * errors contain.
 */
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

/** How a service refuses a client without a valid token. */
export interface TokenChallenge {
  /** Its resources, without a trailing slash. */
  readonly audiences: readonly string[];
  readonly refuse: (why: "absent" | "foreign" | "expired" | "audience") => AzureError;
}

/** The principal of a request's access token. Throws the service's own AzureError. */
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

/** The body as a JSON object. Throws the result of `refused`. */
export function jsonOf({ body }: FrontRequest, refused: () => AzureError): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Handled below.
  }
  throw refused();
}

/** The path, percent-decoded if it is well-formed; else verbatim, which matches no path here. */
export function pathOf({ url }: FrontRequest): string {
  try {
    return decodeURI(url.pathname);
  } catch {
    return url.pathname;
  }
}

/** The client's own request id, which Microsoft's libraries send, else one of ours. */
export function correlationOf({ headers, url }: FrontRequest): string {
  const given = headers["client-request-id"] ?? url.searchParams.get("client-request-id") ?? "";
  return /^[0-9a-f-]{36}$/iu.test(given) ? given : randomUUID();
}
