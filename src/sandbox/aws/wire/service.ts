import type { Caller } from "../state/records.ts";
import type { Input, ValueOf } from "./input.ts";
import type { Shape } from "./value.ts";

/** One permission that a call needs. All of an action's needs must be allowed. */
export interface Need {
  /** `iam:GetRole`. */
  readonly action: string;
  /** An ARN, or `*` if the action has no resource. */
  readonly resource: string;
  /** How AWS names the resource in a refusal, if not by its ARN: `role demo`. */
  readonly shown?: string;
  /** Condition keys with their values, beside the global ones that the server adds. */
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
}

/** What an action may add to the record of its decision. */
export interface DecisionNotes {
  readonly who?: string;
  readonly resource?: string;
  readonly rule?: string;
  readonly why?: string;
  readonly next?: string;
}

/** One request as an action sees it: parsed, bounded, its signature verified. */
export interface Call {
  readonly service: string;
  readonly protocol: "query" | "json";
  readonly action: string;
  readonly requestId: string;
  /** Milliseconds: when the request came. */
  readonly now: number;
  /** The signer. Never undefined, except in actions that are `unsigned`. */
  readonly caller: Caller | undefined;
  /** The region of the signature's scope; `us-east-1` if unsigned. */
  readonly region: string;
  readonly sourceAddress: string;
  readonly userAgent: string;
  /** Aborted when the client has gone or the server closes. */
  readonly signal: AbortSignal;
  /** Adds to the record of this decision; the last note wins. */
  note(notes: DecisionNotes): void;
}

/** An answer; undefined if AWS's has no result element. */
export type Result = Shape | undefined;

/** One operation: its parameters, the permissions it needs, and what it does, in the order in which they run. */
export interface ActionOf<Fields extends Input> {
  /** The parameters and their constraints; others are ignored, as AWS does. */
  readonly input: Fields;
  /** Empty: any signer may call it. Not asked for an `unsigned` action. */
  readonly access: (params: ValueOf<Fields>, call: Call) => readonly Need[];
  readonly run: (params: ValueOf<Fields>, call: Call) => Result | Promise<Result>;
  /** True: needs no signature, and ignores one (AssumeRoleWithWebIdentity). */
  readonly unsigned?: boolean;
}

/** An operation with its parameters' types erased, as a service lists it. */
export type ServiceAction = ActionOf<Input>;

/** Checks an operation's types and erases them. */
export function action<const Fields extends Input>(operation: ActionOf<Fields>): ServiceAction {
  return operation as unknown as ServiceAction;
}

/** The format of refusals. A service here speaks `query` or `json`; of others at least this is known. */
export type WireForm = "query" | "json" | "rest-xml" | "ec2";

export interface Service {
  /** As in ARNs and signature scopes: `iam`, `sts`, `ssm`. */
  readonly name: string;
  readonly protocol: "query" | "json";
  /** `2010-05-08`: distinguishes services in the query protocol. */
  readonly version: string;
  /** The XML namespace of answers; for JSON the prefix of X-Amz-Target (`AmazonSSM`). */
  readonly namespace: string;
  /** The code for parameters that break a constraint: `ValidationError`, or JSON's `ValidationException`. */
  readonly validationCode: string;
  readonly actions: Readonly<Record<string, ServiceAction>>;
}

/** A request for the web page: any GET or HEAD that names no Action. */
interface PageRequest {
  readonly method: string;
  readonly path: string;
  readonly host: string;
}
export interface PageResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
export type Page = (request: PageRequest) => PageResponse | Promise<PageResponse>;

/** One decision, as log, page and `decisions()` show it. */
export interface Decision {
  /** Milliseconds. */
  readonly time: number;
  readonly requestId: string;
  /** `sts:AssumeRoleWithWebIdentity`. */
  readonly action: string;
  /** The caller's ARN, a token's subject, or `anonymous`. */
  readonly who: string;
  readonly resource?: string;
  /** `invalid`: refused before authorization (unknown action, bad parameters). */
  readonly decision: "allow" | "deny" | "invalid";
  /** The rule that decided: `admin-key`, a policy's statement, a rule's name. */
  readonly rule: string;
  /** AWS's code and text, if the answer was an error (even one after `allow`). */
  readonly code?: string;
  readonly message?: string;
  readonly why?: string;
  readonly next?: string;
}
