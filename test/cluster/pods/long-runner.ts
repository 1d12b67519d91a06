import { podtrustFolder, tokenFile } from "./token-job.ts";

/** One exchange of a token for credentials, as the SDK sent it. Times are seconds since 1970. */
export interface Exchange {
  /** `sts` and `ssm` are clients that live as long as the pod; `fresh` is a new one now and then. */
  readonly client: "sts" | "ssm" | "fresh";
  /** When the token that it sent was issued, by the token's own `iat`. */
  readonly iat: number;
  readonly at: number;
}

/** What a pod of `longRunner` has said. */
export interface LongRun {
  readonly exchanges: readonly Exchange[];
  readonly refusals: readonly string[];
  /** Questions answered, in all. */
  readonly answered: number;
}

/**
 * A program for podtrust's image that does what a long-lived service does: it keeps the AWS SDK's clients and asks
 * STS and SSM every two seconds, for `seconds`, while the SDK sees to its own credentials. Beside them a client that
 * has just been made asks every `everySeconds`. It prints each token that the SDK sends, and ends with 1 at the first
 * refusal, also at one that the SDK would have tried again.
 *
 * The sessions are of 900 seconds, the shortest that AWS gives; the SDK asks for new ones 300 seconds before their
 * end, which is when a token of 600 seconds has just ended.
 */
export const longRunner = (seconds: number, everySeconds: number): string => `
const load = require("node:module").createRequire("${podtrustFolder}/package.json");
const { STSClient, GetCallerIdentityCommand } = load("@aws-sdk/client-sts");
const { SSMClient, GetParameterCommand } = load("@aws-sdk/client-ssm");
const { fromTokenFile } = load("@aws-sdk/credential-providers");
const now = () => Date.now() / 1000;
const end = now() + ${seconds};
const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const counts = { answered: 0 };

const seeRefusals = (next) => async (args) => {
  try {
    return await next(args);
  } catch (error) {
    console.log("refused", now(), String(error));
    throw error;
  }
};
const watch = (stack) => stack.add(seeRefusals, { step: "deserialize", priority: "high", name: "seeRefusals" });

function settings(client) {
  const seeToken = (next) => (args) => {
    const [, claims] = args.input.WebIdentityToken.split(".");
    const { iat } = JSON.parse(Buffer.from(claims, "base64url").toString());
    console.log("exchange", JSON.stringify({ client, iat, at: now() }));
    return next(args);
  };
  const plugin = {
    applyToStack(stack) {
      watch(stack);
      stack.add(seeToken, { step: "initialize", name: "seeToken" });
    },
  };
  const webIdentityTokenFile = "${tokenFile}";
  return { credentials: fromTokenFile({ webIdentityTokenFile, durationSeconds: 900, clientPlugins: [plugin] }) };
}

async function ask(client, command) {
  await client.send(command);
  counts.answered += 1;
}

async function keep(client, command) {
  watch(client.middlewareStack);
  for (; now() < end; await wait(2000)) await ask(client, command);
}

async function renew(command) {
  for (; now() < end; await wait(${everySeconds * 1000})) {
    const client = new STSClient(settings("fresh"));
    watch(client.middlewareStack);
    await ask(client, command);
    client.destroy();
  }
}

const who = new GetCallerIdentityCommand({});
Promise.all([
  keep(new STSClient(settings("sts")), who),
  keep(new SSMClient(settings("ssm")), new GetParameterCommand({ Name: "/demo/greeting" })),
  renew(who),
]).then(
  () => { console.log("answered", counts.answered); process.exit(0); },
  (error) => { console.log("refused", now(), String(error)); process.exit(1); },
);
`;

/** Reads what such a pod has printed. */
export function readLongRun(log: string): LongRun {
  const lines = log.split("\n");
  const after = (word: string): readonly string[] =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
  return {
    exchanges: after("exchange").map((text) => JSON.parse(text) as Exchange),
    refusals: after("refused"),
    answered: Number(after("answered")[0] ?? 0),
  };
}
