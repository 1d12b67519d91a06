import { defined, isRecord, type JsonRecord, mapped } from "../../src/core/base/index.ts";
import { secretKind } from "../../src/core/credentials/index.ts";
import { isMasked, type OwnWords, type UsedValues } from "./mask.ts";

export const vendorNames = ["aws", "gcp", "azure"] as const;
export type VendorName = (typeof vendorNames)[number];

/** What a vendor answered, as it came: `text` may hold anything. */
export interface VendorAnswer {
  /** HTTP. */
  readonly status: number;
  /** Of an error: OAuth's `error`, or the vendor's own word. */
  readonly code?: string | undefined;
  /** Of Entra: the number after AADSTS. */
  readonly number?: number | undefined;
  readonly text?: string | undefined;
}

/** The same as it is written: a status, a word, a number and a masked text, and nothing else. */
export interface RecordedAnswer {
  readonly outcome: "granted" | "refused";
  readonly status: number;
  readonly code?: string;
  readonly number?: number;
  readonly text?: string;
}

/** A conformance case: which rule it is about, and what is done. */
export interface RecordedCase extends RecordedAnswer {
  readonly rule: string;
  readonly case: string;
}

/** What was measured: up to which value it was granted, and from which on refused. */
export interface Measured {
  readonly unit: "bytes" | "credentials" | "seconds";
  readonly granted?: number;
  readonly refused?: number;
  /** The refusal that came. */
  readonly answer?: RecordedAnswer;
}

export interface RecordedQuestion extends Measured {
  readonly question: string;
}

/** What one run recorded of a vendor. */
export interface Recording {
  readonly format: 1;
  readonly vendor: VendorName;
  /** The day, as `2026-11-29`. */
  readonly date: string;
  readonly cases: readonly RecordedCase[];
  readonly questions: readonly RecordedQuestion[];
}

const codeForm = /^[A-Za-z_]{1,64}$/u;

/** Masks an answer. A code that is no word becomes `other`. */
export function recordedAnswer({ status, code, number, text }: VendorAnswer, own: OwnWords): RecordedAnswer {
  if (status >= 200 && status < 300) return { outcome: "granted", status };
  return {
    outcome: "refused",
    status,
    ...defined({
      code: mapped(code, (word) => (codeForm.test(word) ? word : "other")),
      number,
      text: mapped(text, (words) => own.keep(words)),
    }),
  };
}

/** How each member looks that a recording may have; a member without a row is refused. */
type Shape = Readonly<Record<string, (value: unknown) => boolean>>;

const isText =
  (form: RegExp) =>
  (value: unknown): boolean =>
    typeof value === "string" && form.test(value);
const isNumber =
  (least: number, most: number) =>
  (value: unknown): boolean =>
    typeof value === "number" && Number.isInteger(value) && value >= least && value <= most;
const isName = isText(/^[A-Za-z0-9][A-Za-z0-9 ',:-]{2,120}$/u);
const listOf =
  (shape: Shape, needs: readonly string[]) =>
  (value: unknown): boolean =>
    Array.isArray(value) && value.length <= 500 && value.every((one) => fits(one, shape, needs));

const answerShape: Shape = {
  outcome: isText(/^(?:granted|refused)$/u),
  status: isNumber(100, 599),
  code: isText(codeForm),
  number: isNumber(1, 99_999_999),
  text: (value) => typeof value === "string" && isMasked(value),
};
const answerNeeds = ["outcome", "status"];
const measure = isNumber(0, 1_000_000_000);
const questionShape: Shape = {
  question: isName,
  unit: isText(/^(?:bytes|credentials|seconds)$/u),
  granted: measure,
  refused: measure,
  answer: (value) => fits(value, answerShape, answerNeeds),
};
const recordingShape: Shape = {
  format: (value) => value === 1,
  vendor: (value) => vendorNames.some((name) => name === value),
  date: isText(/^\d{4}-\d{2}-\d{2}$/u),
  cases: listOf({ ...answerShape, rule: isName, case: isName }, [...answerNeeds, "rule", "case"]),
  questions: listOf(questionShape, ["question", "unit"]),
};

function fits(value: unknown, shape: Shape, needs: readonly string[]): value is JsonRecord {
  return (
    isRecord(value) &&
    needs.every((name) => name in value) &&
    Object.entries(value).every(([name, member]) => Object.hasOwn(shape, name) && shape[name]?.(member))
  );
}

/** Reads a recording. Throws for whatever its schema does not have. */
export function parseRecording(text: string): Recording {
  const value: unknown = JSON.parse(text);
  if (fits(value, recordingShape, Object.keys(recordingShape))) return value as unknown as Recording;
  throw new Error("the file is no recording: it has a member or a value that the schema does not have");
}

/** Throws for a text that looks like a secret, whoever gave it. */
function refuseSecrets(value: unknown): void {
  if (typeof value === "object" && value !== null) Object.values(value).forEach(refuseSecrets);
  const kind = typeof value === "string" ? secretKind(value) : undefined;
  if (kind !== undefined) throw new Error(`${kind} would be written: nothing was`);
}

/** The file of a recording. Throws where it is none, where a value of the run stands in it, or what looks like a secret. */
export function recordingText(recording: Recording, used: UsedValues, own: OwnWords): string {
  const text = `${JSON.stringify(recording, undefined, 2)}\n`;
  parseRecording(text);
  used.refuseIn(text, own);
  refuseSecrets(recording);
  return text;
}
