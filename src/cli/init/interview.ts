import { errorText, PodtrustError } from "../../core/base/index.ts";
import { type ConfigProblem, parseConfig } from "../../config/index.ts";
import type { CommandContext } from "../context.ts";
import { askText, canAsk, yellow } from "../../core/terminal/index.ts";
import type { Answers } from "./answers.ts";
import { configText } from "./config-text.ts";
import { initEnded } from "./detect/detect.ts";

/** Placeholders while the questions are not answered yet. */
export const unanswered: Answers = {
  stack: "prod",
  identity: "3f2a91bc",
  foundation: { kind: "cluster", kubeconfig: "~/.kube/config", context: undefined, server: undefined },
  name: { issuer: "https://oidc.example.com" },
  publishing: { kind: "none" },
  account: "111122223333",
  region: "eu-central-1",
  serviceAccount: "default/app",
  policy: "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess",
};

/** Reads a config that is not written yet. Throws `config-invalid`. */
export async function checkConfig(text: string, file: string, env: CommandContext["env"]): Promise<void> {
  // A name below a zone is made by `up`: any will do.
  await parseConfig(text, file, env, ({ zone }) => Promise.resolve({ host: `name.${zone}`, isNew: false }));
}

/** Why the config's own rules refuse an answer; undefined if they do not. */
async function complaintOf(answer: Partial<Answers>): Promise<string | undefined> {
  try {
    await checkConfig(configText({ ...unanswered, ...answer }), "/podtrust.yaml", { HOME: "/" });
    return undefined;
  } catch (error) {
    if (!(error instanceof PodtrustError) || error.code !== "config-invalid") throw error;
    const [problem] = error.detail["problems"] as readonly ConfigProblem[];
    if (problem === undefined) return errorText(error);
    const { message, accepted } = problem;
    return accepted === undefined ? message : `${message}; accepted: ${accepted}`;
  }
}

interface Question<T> {
  /** The flag that answers it, without its hyphens. */
  readonly flag: string;
  readonly given: string | undefined;
  readonly text: string;
  readonly read: (typed: string) => T | PodtrustError;
  readonly answers: (value: T) => Partial<Answers>;
}

/** A wrong answer to a question, by its flag. */
export const wrong = (flag: string, why: string): PodtrustError =>
  new PodtrustError("usage", `--${flag}: ${why}`, {
    next: "podtrust init --help says what each flag takes.",
  });

function ended(): PodtrustError {
  return initEnded("podtrust init was ended at a question: nothing was written");
}

async function judged<T>({ flag, read, answers }: Question<T>, typed: string): Promise<T | PodtrustError> {
  const value = read(typed);
  if (value instanceof PodtrustError) return value;
  const complaint = await complaintOf(answers(value));
  return complaint === undefined ? value : wrong(flag, complaint);
}

/** Throws what the config's own rules say against an answer that was given by a flag. */
export async function demand(flag: string, answer: Partial<Answers>): Promise<void> {
  const complaint = await complaintOf(answer);
  if (complaint !== undefined) throw wrong(flag, complaint);
}

async function settled<T>(question: Question<T>, typed: string): Promise<T> {
  const value = await judged(question, typed);
  if (value instanceof PodtrustError) throw value;
  return value;
}

/** Asks until an answer is valid, or takes the given one. */
export class Interview {
  readonly #context: CommandContext;
  readonly #canAsk: boolean;
  readonly #takesFound: boolean;
  /** Flags of questions that could not be asked. */
  readonly missing: string[] = [];

  /** With `takesFound`, no question is asked. */
  constructor(context: CommandContext, takesFound: boolean) {
    this.#context = context;
    this.#canAsk = !takesFound && canAsk(context);
    this.#takesFound = takesFound;
  }

  /** Whether a person can answer. */
  get asks(): boolean {
    return this.#canAsk;
  }

  async #asked<T>(question: Question<T>, standard: string | undefined): Promise<T> {
    const { flag, text } = question;
    const shown = standard === undefined ? "" : ` [${standard}]`;
    for (;;) {
      const said = await askText(this.#context, `${text}${shown}: `, ended);
      if (said === undefined) throw ended();
      const value = await judged(question, said === "" ? (standard ?? "") : said);
      if (!(value instanceof PodtrustError)) return value;
      this.#context.screen.err.line(yellow(`  ${value.message.replace(`--${flag}: `, "")}`));
    }
  }

  /**
   * A required answer, if only by agreeing to what was found; undefined without a person to ask, and then its
   * flag is missing.
   */
  async ask<T>(question: Question<T>, found?: string): Promise<T | undefined> {
    if (question.given !== undefined) return settled(question, question.given);
    if (this.#canAsk) return this.#asked(question, found);
    if (found !== undefined && this.#takesFound) return settled(question, found);
    this.missing.push(`--${question.flag}`);
    return undefined;
  }

  /** An optional answer with a default. */
  async askOr<T>(standard: string, question: Question<T>): Promise<T> {
    if (question.given !== undefined || !this.#canAsk) return settled(question, question.given ?? standard);
    return this.#asked(question, standard);
  }
}
