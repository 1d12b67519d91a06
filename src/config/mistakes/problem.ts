/** One mistake in a config file. */
export interface ConfigProblem {
  /** `aws[0].roles[1].maxSession`; empty for the file as a whole. */
  readonly key: string;
  /** From 1; where the key stands, or where it is missing. */
  readonly line: number;
  readonly column: number;
  /** The value as it was found, shortened; absent when there is none or when it must not be repeated. */
  readonly value?: string;
  /** What is wrong with it. */
  readonly message: string;
  /** What would be accepted. */
  readonly accepted?: string;
  /** The step to take, where it is more than writing something accepted. */
  readonly next?: string;
  /** The valid spelling that was probably meant. */
  readonly nearest?: string;
}

/** A path of keys and positions. */
export type KeyPath = readonly (string | number)[];

/** `["aws", 0, "roles"]` as `aws[0].roles`; keys that are no plain word are quoted. */
export function keyText(path: KeyPath): string {
  return path
    .map((part, index) => {
      if (typeof part === "number") return `[${part}]`;
      if (!/^[\w-]+$/u.test(part)) return `[${JSON.stringify(part)}]`;
      return index === 0 ? part : `.${part}`;
    })
    .join("");
}

const maxShown = 80;

/** A value as errors show it, shortened. */
export function valueText(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length > maxShown ? `${text.slice(0, maxShown)}…` : text;
}

/** One problem as a line: `podtrust.yaml:4:17: publisher.keyRetention: "1 day" is …`. */
export function problemText(file: string, problem: ConfigProblem): string {
  const { key, line, column, message, accepted, next, nearest } = problem;
  const where = `${file}:${line}:${column}: `;
  const subject = key === "" ? "" : `${key}: `;
  const hint = nearest === undefined ? "" : `; did you mean ${nearest}?`;
  const takes = accepted === undefined ? "" : `; accepted: ${accepted}`;
  const step = next === undefined ? "" : `. ${next}`;
  return `${where}${subject}${message}${hint}${takes}${step}`;
}
