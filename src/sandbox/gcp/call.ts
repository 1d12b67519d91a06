import { isRecord, type JsonRecord } from "../../core/base/index.ts";
import type { DecisionTrail } from "./decisions.ts";
import type { Project } from "./project.ts";
import { invalid } from "./refusal.ts";
import type { GoogleCaller } from "./tokens.ts";

/** An answer that is no refusal. */
export interface ApiReply {
  readonly status: number;
  readonly body: object;
}

/** A request of limited size. */
export interface WireCall {
  readonly method: string;
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  /** Aborted when the client has gone or the server closes. */
  readonly signal: AbortSignal;
  /** The service of the requested host, as `sts`; absent: one address serves all of them. */
  readonly service?: string;
}

/** One request as an operation sees it. */
export class ApiCall {
  readonly project: Project;
  readonly query: URLSearchParams;
  readonly signal: AbortSignal;
  /** Milliseconds: when it came. */
  readonly now: number;
  /** The parts that the path's pattern matched, by name. */
  readonly names: Readonly<Record<string, string>>;
  readonly trail: DecisionTrail;
  /** Undefined if the operation needs no bearer token. */
  readonly caller: GoogleCaller | undefined;
  readonly #wire: WireCall;

  constructor(project: Project, wire: WireCall, known: Pick<ApiCall, "caller" | "names" | "now" | "trail">) {
    this.project = project;
    this.#wire = wire;
    this.query = wire.url.searchParams;
    this.signal = wire.signal;
    this.now = known.now;
    this.names = known.names;
    this.trail = known.trail;
    this.caller = known.caller;
  }

  header(name: string): string | undefined {
    return this.#wire.headers[name];
  }

  text(): string {
    return this.#wire.body.toString("utf8");
  }

  /** The body as a JSON object; none is an empty one. Throws INVALID_ARGUMENT. */
  json(): JsonRecord {
    const text = this.text();
    if (text.trim() === "") return {};
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      value = undefined;
    }
    return isRecord(value) ? value : invalid("Invalid JSON payload received. The body is no JSON object.");
  }

  /** A named part of the path's pattern. */
  name(of: string): string {
    return this.names[of] ?? "";
  }
}
