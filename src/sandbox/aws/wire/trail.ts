import { randomUUID } from "node:crypto";
import type { AwsError } from "./error.ts";
import type { Decision, DecisionNotes } from "./service.ts";

// Clients choose some of these texts, and a hundred decisions are stored and shown.
const maxText = 2048;

function cut(text: string): string {
  return text.length > maxText ? `${text.slice(0, maxText)}… (${text.length} characters)` : text;
}

/** What is learned about one request on its way, for the record of its decision. */
export class Trail {
  readonly requestId = randomUUID();
  /** Milliseconds. */
  readonly now: number;
  who = "anonymous";
  resource: string | undefined;
  #decision: Decision["decision"] = "invalid";
  #rule = "request-well-formed";
  #notes: DecisionNotes = {};

  constructor(now: number) {
    this.now = now;
  }

  /** The outcome if the next step ended the request. */
  at(decision: Decision["decision"], rule: string): void {
    this.#decision = decision;
    this.#rule = rule;
  }

  note(notes: DecisionNotes): void {
    this.#notes = { ...this.#notes, ...notes };
  }

  // An operation that asks a role's trust policy refuses by itself, after the caller was admitted.
  #outcome(error: AwsError | undefined): Decision["decision"] {
    return error?.status === 403 ? "deny" : this.#decision;
  }

  #decidingRule(error: AwsError | undefined): string {
    const ofError = this.#outcome(error) === "allow" ? undefined : error?.rule;
    return this.#notes.rule ?? ofError ?? this.#rule;
  }

  /** The record. Notes of the operation take precedence over outside observations. */
  decision(action: string, error: AwsError | undefined): Decision {
    const notes = this.#notes;
    const optional = {
      resource: notes.resource ?? this.resource,
      code: error?.code,
      message: error?.message,
      why: notes.why ?? error?.why,
      next: notes.next ?? error?.next,
    };
    const present = Object.entries(optional).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, cut(value)] as const],
    );
    return {
      time: this.now,
      requestId: this.requestId,
      action: cut(action),
      who: cut(notes.who ?? this.who),
      decision: this.#outcome(error),
      rule: this.#decidingRule(error),
      ...(Object.fromEntries(present) as Partial<Record<keyof typeof optional, string>>),
    };
  }
}
