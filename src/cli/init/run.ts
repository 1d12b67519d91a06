import { access, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { defined, errorText, mapped, PodtrustError, shellWord } from "../../core/base/index.ts";
import { distributions } from "../../rules/distribution/index.ts";
import { fileCode } from "../../core/files/index.ts";
import type { CommandContext } from "../context.ts";
import { bold, dim, rich, unbroken } from "../../core/terminal/index.ts";
import type { Answers } from "./answers.ts";
import { type ApiServerSteps, apiServerSteps, formerIssuerOf } from "./api-server.ts";
import { configText } from "./config-text.ts";
import { publisherSteps } from "./publisher-steps.ts";
import { checkConfig } from "./interview.ts";
import { answersOf, type InitOptions } from "./questions.ts";

export interface InitCommandOptions extends InitOptions {
  readonly file: string;
}

function taken(file: string): PodtrustError {
  return new PodtrustError("usage", `${file} exists already, and init writes over no file`, {
    next: `Give another name with -f FILE, or move the file away.`,
  });
}

/** Checked before anything is asked, so that no answer is in vain. */
async function checkFree(file: string): Promise<void> {
  try {
    await access(file);
  } catch {
    return;
  }
  throw taken(file);
}

async function write(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: "wx" });
  } catch (cause) {
    if (fileCode(cause) === "EEXIST") throw taken(file);
    throw new PodtrustError("usage", `${file} cannot be written: ${errorText(cause)}`, { cause });
  }
}

/** What has to exist before `podtrust up`, in the order in which it is needed. */
function steps({ foundation, name, publishing }: Answers, file: string): readonly string[] {
  const dns = "zone" in name ? name.dns : undefined;
  const named = file === "podtrust.yaml" ? "" : ` -f ${shellWord(file)}`;
  return [
    ...(foundation.kind === "hetzner" || dns === "hetzner" ? ["export HCLOUD_TOKEN=…"] : []),
    ...(dns === "cloudflare" ? ["export CLOUDFLARE_API_TOKEN=…"] : []),
    ...publisherSteps(foundation, publishing, file),
    `podtrust plan${named}`,
    `podtrust up${named}`,
  ];
}

function printApiServer({ output }: CommandContext, { sentence, instructions }: ApiServerSteps): void {
  output.line();
  output.line(sentence, 0);
  for (const { pass, where, lines, next, note } of instructions) {
    output.line();
    if (pass !== undefined) output.line(rich`  ${pass}.`, 4);
    output.line(rich`  ${bold(where)}:`, 4);
    // Printed without line breaks, so that they can be pasted.
    for (const line of lines) output.line(unbroken(`    ${line}`));
    if (next !== undefined) output.line(rich`  then: ${next}`, 4);
    if (note !== undefined) output.line(dim(`  ${note}`), 4);
  }
}

/** `podtrust init`: finds, asks, writes the file, and says what comes next. */
export async function runInit(context: CommandContext, options: InitCommandOptions): Promise<void> {
  const { output, env } = context;
  const file = context.path(options.file);
  await checkFree(file);
  const { answers, cluster } = await answersOf(context, options);
  const text = configText(answers, formerIssuerOf(answers, cluster));
  // The text is read as any other config before it is written.
  await checkConfig(text, file, env);
  await write(file, text);
  const next = steps(answers, options.file);
  const apiServer = apiServerSteps(answers, cluster);
  output.line(rich`${bold(basename(file))} is written. Next:`);
  for (const step of next) output.line(unbroken(`  ${step}`));
  if (apiServer !== undefined) printApiServer(context, apiServer);
  const distribution = cluster?.distribution;
  output.result({
    file,
    stack: answers.stack,
    next,
    ...defined({
      apiServer: mapped(apiServer, (server) => ({
        ...defined({
          distribution,
          title: mapped(distribution, (of) => distributions[of].title),
          presentIssuer: cluster?.issuer,
        }),
        instructions: server.instructions,
      })),
    }),
  });
}
