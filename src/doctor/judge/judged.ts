import type { IssuerJudgement, DocumentReading, IssuerFinding } from "../../issuer/index.ts";
import type { DoctorFacts } from "../facts.ts";

/** The facts, and what the one reader of issuers makes of the first reading. */
export interface Judged extends DoctorFacts {
  readonly judgement: IssuerJudgement;
}

type Answered = Extract<DocumentReading, { outcome: "answered" }>;

/** The reading that a finding is about, where an answer came. */
export function answerOf(
  { reading }: Judged,
  { document }: Pick<IssuerFinding, "document">,
): Answered | undefined {
  const one = document === "discovery" ? reading.discovery : reading.jwks;
  return one?.outcome === "answered" ? one : undefined;
}

type Response = Answered["response"];

const noAnswer: Response = { status: 0, headers: {}, body: Buffer.alloc(0) };

/** The answer that a finding is about; one of status 0 where none came. */
export function responseOf(facts: Judged, found: Pick<IssuerFinding, "document">): Response {
  return { ...noAnswer, ...answerOf(facts, found)?.response };
}

/** The reading that a finding is about. */
export function readingOf(
  { reading }: Judged,
  { document }: Pick<IssuerFinding, "document">,
): DocumentReading {
  return (document === "jwks" ? reading.jwks : undefined) ?? reading.discovery;
}

/** Whether a document came with status 200. */
export function isServed(reading: DocumentReading | undefined): boolean {
  return reading?.outcome === "answered" && reading.response.status === 200;
}

/** The JSON value of a body; undefined where it is none. */
export function jsonBody({ body }: Response): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}

const maxText = 4096;

/** The beginning of a body as text: enough for the marks by which servers are known. */
export function bodyStart({ body }: Response): string {
  return body.subarray(0, maxText).toString("utf8");
}
