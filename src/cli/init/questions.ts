import { errorText, PodtrustError, partitionOf } from "../../base/index.ts";
import { type ConfigProblem, parseConfig } from "../../config/index.ts";
import type { CommandContext } from "../context.ts";
import { askText, canAsk, dim, rich, yellow } from "../terminal/index.ts";
import type { Answers, Foundation, Publishing } from "./answers.ts";
import { configText } from "./config-text.ts";

/** What was typed; each answers a question, which is then not asked. */
export interface InitOptions {
  readonly stack?: string;
  /** `hetzner`, `hetzner/TYPE`, `hetzner/TYPE/LOCATION`, or USER@ADDRESS. */
  readonly machine?: string;
  /** A context of the kubeconfig; true for its current one. */
  readonly cluster?: string | true;
  readonly zone?: string;
  readonly dns?: string;
  readonly issuer?: string;
  readonly publisher?: string;
  readonly bucket?: string;
  readonly email?: string;
  readonly account?: string;
  readonly region?: string;
  readonly serviceAccount?: string;
  readonly policy?: string;
}

/** What stands in a config while its questions are not answered yet. */
const unanswered: Answers = {
  stack: "prod",
  foundation: { kind: "cluster", context: undefined },
  name: { issuer: "https://oidc.example.com" },
  publishing: { kind: "none" },
  account: "111122223333",
  region: "eu-central-1",
  serviceAccount: "default/app",
  policy: "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess",
};

/** Reads a config that nobody has yet. Throws `config-invalid`. */
export async function checkConfig(text: string, file: string, env: CommandContext["env"]): Promise<void> {
  // A name below a zone is made by `up`: any will do.
  await parseConfig(text, file, env, ({ zone }) => Promise.resolve({ host: `name.${zone}`, isNew: false }));
}

/** What the config's own rules say against an answer. */
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

const wrong = (flag: string, why: string): PodtrustError =>
  new PodtrustError("usage", `--${flag}: ${why}`, {
    next: "podtrust init --help says what each flag takes.",
  });

function ended(): PodtrustError {
  return new PodtrustError("interrupted", "podtrust init was ended at a question: nothing was written");
}

async function judged<T>({ flag, read, answers }: Question<T>, typed: string): Promise<T | PodtrustError> {
  const value = read(typed);
  if (value instanceof PodtrustError) return value;
  const complaint = await complaintOf(answers(value));
  return complaint === undefined ? value : wrong(flag, complaint);
}

/** Throws what the config's own rules say against an answer that nobody is asked for. */
async function demand(flag: string, answer: Partial<Answers>): Promise<void> {
  const complaint = await complaintOf(answer);
  if (complaint !== undefined) throw wrong(flag, complaint);
}

async function settled<T>(question: Question<T>, typed: string): Promise<T> {
  const value = await judged(question, typed);
  if (value instanceof PodtrustError) throw value;
  return value;
}

/** Asks until an answer is one, or takes what was given. */
class Interview {
  readonly #context: CommandContext;
  /** Flags of questions that nobody was there to answer. */
  readonly missing: string[] = [];

  constructor(context: CommandContext) {
    this.#context = context;
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

  /** An answer that somebody has to give; undefined where there is nobody to ask, and then its flag is missing. */
  async ask<T>(question: Question<T>): Promise<T | undefined> {
    if (question.given !== undefined) return settled(question, question.given);
    if (canAsk(this.#context)) return this.#asked(question, undefined);
    this.missing.push(`--${question.flag}`);
    return undefined;
  }

  /** An answer that is the usual one where nobody gives another. */
  async askOr<T>(standard: string, question: Question<T>): Promise<T> {
    if (question.given !== undefined || !canAsk(this.#context))
      return settled(question, question.given ?? standard);
    return this.#asked(question, standard);
  }
}

const machineAccepted = "hetzner, hetzner/TYPE/LOCATION such as hetzner/cax11/nbg1, or USER@ADDRESS";

function readMachine(typed: string): Foundation | PodtrustError {
  const [maker, type = "cax11", location = "nbg1", ...rest] = typed.split("/");
  if (maker === "hetzner" && rest.length === 0) return { kind: "hetzner", type, location };
  const at = typed.lastIndexOf("@");
  const [user, address] = [typed.slice(0, at), typed.slice(at + 1)];
  if (at > 0 && address !== "") return { kind: "ssh", user, address };
  return wrong("machine", `${JSON.stringify(typed)} is not ${machineAccepted}`);
}

function readFoundation(typed: string): Foundation | PodtrustError {
  if (typed === "1") return readMachine("hetzner");
  if (typed === "3" || typed === "cluster") return { kind: "cluster", context: undefined };
  if (typed.includes("@") || typed.startsWith("hetzner")) return readMachine(typed);
  return wrong("machine", `${JSON.stringify(typed)} is not 1, USER@ADDRESS of your machine, or 3`);
}

async function foundationOf(
  interview: Interview,
  context: CommandContext,
  { machine, cluster }: InitOptions,
): Promise<Foundation | undefined> {
  if (cluster !== undefined && machine !== undefined)
    throw new PodtrustError("usage", "--machine and --cluster are two answers to one question");
  if (cluster !== undefined) return { kind: "cluster", context: cluster === true ? undefined : cluster };
  if (machine === undefined && canAsk(context)) {
    const { err } = context.screen;
    err.line("What is there already?");
    err.line(rich`  1           ${dim("nothing: make a machine at Hetzner, with Kubernetes (k3s) on it")}`);
    err.line(rich`  USER@HOST   ${dim("a machine that I reach by SSH: put Kubernetes on it")}`);
    err.line(rich`  3           ${dim("a Kubernetes cluster, which my kubeconfig knows")}`);
  }
  return interview.ask({
    flag: machine === undefined ? "machine or --cluster" : "machine",
    given: machine,
    text: "1, USER@HOST or 3",
    read: machine === undefined ? readFoundation : readMachine,
    answers: (foundation) => ({ foundation }),
  });
}

const hostForm = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,62}$/u;

function checkNaming(foundation: Foundation | undefined, { zone, issuer }: InitOptions): void {
  if (zone === undefined) return;
  if (issuer !== undefined)
    throw new PodtrustError("usage", "--zone and --issuer are two answers to one question");
  if (foundation?.kind !== "cluster") return;
  throw new PodtrustError("usage", "--zone makes a name for a machine of ours, and --cluster has none", {
    next: "Give the name under which the cluster's issuer is public with --issuer.",
  });
}

async function nameOf(
  interview: Interview,
  foundation: Foundation | undefined,
  options: InitOptions,
): Promise<Answers["name"] | undefined> {
  checkNaming(foundation, options);
  const { zone, issuer, dns = "cloudflare" } = options;
  // A cluster that exists has its issuer; a machine of ours gets a name below a zone unless a URL is given.
  const isHost = issuer !== undefined || foundation?.kind === "cluster";
  const read = (typed: string): Answers["name"] | PodtrustError => {
    if (typed.startsWith("https://")) return { issuer: typed };
    if (isHost) return { issuer: `https://${typed}` };
    return hostForm.test(typed)
      ? { zone: typed, dns }
      : wrong("zone", `${JSON.stringify(typed)} is not the name of a zone such as example.com`);
  };
  return interview.ask({
    flag: isHost ? "issuer" : "zone",
    given: zone ?? issuer,
    text: isHost
      ? "Under which name is the issuer public, such as oidc.example.com"
      : "Your zone, such as example.com, or the issuer's whole URL",
    read,
    answers: (name) => ({ name }),
  });
}

function publishingOf({ publisher = "https", bucket, email }: InitOptions): Publishing {
  if (bucket !== undefined) return { kind: "s3", bucket };
  if (publisher === "none") return { kind: "none" };
  return { kind: "https", email };
}

/** A managed policy's ARN, or that of AWS's own policy of a name. */
function policyArn(typed: string, region: string): string {
  return typed.startsWith("arn:") ? typed : `arn:${partitionOf(region)}:iam::aws:policy/${typed}`;
}

const same = (typed: string): string => typed;

/** Asks what was not given. Throws `usage` with every flag that is missing, where there is nobody to ask. */
export async function answersOf(context: CommandContext, options: InitOptions): Promise<Answers> {
  const interview = new Interview(context);
  const { env } = context;
  const region = options.region ?? env["AWS_REGION"] ?? env["AWS_DEFAULT_REGION"] ?? unanswered.region;
  // What has a usual answer and is seldom another is no question.
  const { stack = unanswered.stack } = options;
  const publishing = publishingOf(options);
  await demand("stack", { stack });
  await demand("region", { region });
  await demand(options.bucket === undefined ? "email" : "bucket", { publishing });
  const foundation = await foundationOf(interview, context, options);
  const name = await nameOf(interview, foundation, options);
  const account = await interview.ask({
    flag: "account",
    given: options.account,
    text: "The AWS account that trusts it (12 digits)",
    read: (typed) => typed.replaceAll("-", ""),
    answers: (value) => ({ account: value }),
  });
  const serviceAccount = await interview.askOr(unanswered.serviceAccount, {
    flag: "service-account",
    given: options.serviceAccount,
    text: "The ServiceAccount that gets a role (NAMESPACE/NAME)",
    read: same,
    answers: (value) => ({ serviceAccount: value }),
  });
  const policy = await interview.askOr("AmazonSSMReadOnlyAccess", {
    flag: "policy",
    given: options.policy,
    text: "What may it do? A managed policy's name or ARN",
    read: (typed) => policyArn(typed, region),
    answers: (value) => ({ policy: value }),
  });
  if (foundation === undefined || name === undefined || account === undefined) {
    throw new PodtrustError("usage", "init has questions left, and there is no terminal to ask on", {
      next: `Answer them with ${interview.missing.join(", ")}.`,
    });
  }
  return { stack, foundation, name, publishing, account, region, serviceAccount, policy };
}
