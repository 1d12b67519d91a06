import { type Clock, type JsonRecord, recordOf } from "../../src/core/base/index.ts";
import type { IssuerDocuments, VendorRefusal } from "../../src/rules/judge/index.ts";
import { OwnWords, type UsedValues } from "./mask.ts";
import { parseJws } from "../../src/rules/oidc/index.ts";
import type { Measured, VendorAnswer, VendorName } from "./recording.ts";
import { documentsOf, type Signer, type Signers, type TokenOf } from "./tokens.ts";

/** What is asked: the rule that it is about, and what is done, as the end of a sentence. */
export interface RuleCase {
  readonly rule: string;
  readonly name: string;
}

/** The case of a name. Throws TypeError. */
export function caseNamed<Case extends RuleCase>(cases: readonly Case[], name: string): Case {
  const found = cases.find((one) => one.name === name);
  if (found === undefined) throw new TypeError(`there is no case ${name}`);
  return found;
}

/** What our rules answer to a case. */
export interface Judged {
  readonly outcome: "granted" | "refused";
  /** The rule that refuses. */
  readonly rule?: string;
  readonly status?: number;
  readonly code?: string;
  readonly number?: number | undefined;
  /** Each wording that is known. */
  readonly texts?: readonly string[];
}

/** Tokens that differ by a number, which is asked for from the least on until one is refused. */
export interface TokenLadder {
  readonly unit: Measured["unit"];
  readonly values: readonly number[];
  readonly token: (value: number) => TokenOf;
  /** The rule that ends it; absent: none of ours does. */
  readonly rule?: string;
}

/** A vendor's cases, and our own rules' answers to them: nothing here needs an account. */
export interface VendorCases {
  readonly vendor: VendorName;
  /** The names of its rules. */
  readonly rules: readonly string[];
  readonly cases: readonly RuleCase[];
  /** Rules without a case, each with the reason. */
  readonly notAsked: Readonly<Record<string, string>>;
  /** What is not known of it: names, each with the sentence that says what is asked. */
  readonly questions: Readonly<Record<string, string>>;
  /** Those of the questions that are asked by tokens. */
  readonly ladders: Readonly<Record<string, TokenLadder>>;
  /** What our rules say to the case of this name. */
  readonly judge: (name: string) => Promise<Judged>;
  /** What they say to a token. */
  judgeToken(token: TokenOf): Promise<Judged>;
}

/** All that our rules say to a vendor's cases, and the names of these. */
export async function ownWordsOf({ cases, rules, questions, judge }: VendorCases): Promise<OwnWords> {
  const judged = await Promise.all(cases.map(({ name }) => judge(name)));
  const names = [...rules, ...cases.map(({ name }) => name), ...Object.keys(questions)];
  return new OwnWords(
    judged.flatMap(({ texts = [] }) => texts),
    names,
  );
}

/** Where the documents of a run's issuer are served. */
export interface DocumentHost {
  readonly url: string;
  /** Has these documents served under `url`, and comes back once they are. */
  publish(documents: Readonly<Record<string, string>>): Promise<void>;
}

/** When an access token ends that is a JWT; undefined for any other. */
export function endOfJwt(token: string): number | undefined {
  try {
    const { exp } = parseJws(token).claims;
    return typeof exp === "number" ? exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}

export interface Sent {
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** One request, whatever its status. */
export type Send = (url: string, sent: Sent) => Promise<{ readonly status: number; readonly text: string }>;

/** The members of an answer; none where it is no JSON object. */
export function jsonOf(text: string): JsonRecord {
  try {
    return recordOf(JSON.parse(text));
  } catch {
    return {};
  }
}

/** What every vendor's recorder is given. */
export interface RecorderWorld {
  readonly clock: Clock;
  readonly send: Send;
  readonly used: UsedValues;
  readonly signers: Signers;
  /** How long one open question may take, in milliseconds. */
  readonly maxWaitMs: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** Something that this run has no answer for, and why. */
export class LeftOut extends Error {}

/** Throws LeftOut for an answer to who asks, and not to what was asked: a token that has ended is no limit of the vendor's. */
export function checkAccess({ status }: { readonly status: number }): void {
  if (status === 401) throw new LeftOut("the access token is not taken any more");
}

/** A vendor with an account behind it. */
export interface Recorder {
  readonly cases: VendorCases;
  /** How often a run may wait as long as it is allowed to. */
  readonly waits: number;
  /** When the first of its access tokens ends, in milliseconds since the epoch; undefined where that is not known, or it has none. */
  accessEnds(): Promise<number | undefined>;
  /** Removes what an earlier run left behind, by its mark; gives what it was. */
  sweep(): Promise<readonly string[]>;
  /** Makes what the cases need; each thing is on the list of `close` before it is made. */
  open(): Promise<void>;
  /** Throws LeftOut. */
  ask(name: string): Promise<VendorAnswer>;
  /** Throws LeftOut. */
  measure(question: string): Promise<Omit<Measured, "answer"> & { readonly answer?: VendorAnswer }>;
  /** Removes what this run made; gives what it could not remove. */
  close(): Promise<readonly string[]>;
}

/** What a run makes, with how it is taken away, in reverse. */
export class Made {
  readonly #undo: (readonly [what: string, remove: () => Promise<void>])[] = [];

  add(what: string, remove: () => Promise<void>): void {
    this.#undo.push([what, remove]);
  }

  /** Gives what could not be removed. */
  async remove(): Promise<readonly string[]> {
    const left: string[] = [];
    for (const [what, remove] of this.#undo.splice(0).reverse())
      await remove().catch((error: unknown) => left.push(`${what}: ${String(error)}`));
    return left;
  }
}

/** What an issuer of these keys serves, as the rules look at it. */
export function servedBy(issuer: string, keys: readonly Signer[]): IssuerDocuments {
  const documents = documentsOf(issuer, keys);
  return {
    ok: true,
    discovery: documents["/.well-known/openid-configuration"] ?? "",
    jwks: documents["/openid/v1/jwks"] ?? "",
  };
}

/** An issuer that serves nothing. */
export const unreadable: IssuerDocuments = {
  ok: false,
  at: "discovery",
  reason: "status",
  detail: "status 404",
};

/** A refusal of Google's or Azure's rules, as it is compared. */
export function judgedRefusal({ rule, status, code, number, message }: VendorRefusal): Judged {
  return { outcome: "refused", rule, status, code, number, texts: [message] };
}
