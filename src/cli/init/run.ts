import { writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { errorText, PodtrustError, shellWord } from "../../base/index.ts";
import { fileCode } from "../../files/index.ts";
import type { CommandContext } from "../context.ts";
import { bold, rich } from "../terminal/index.ts";
import type { Answers } from "./answers.ts";
import { configText } from "./config-text.ts";
import { answersOf, checkConfig, type InitOptions } from "./questions.ts";

export interface InitCommandOptions extends InitOptions {
  readonly file: string;
  readonly force?: boolean;
}

function taken(file: string): PodtrustError {
  return new PodtrustError("usage", `${file} exists already, and init replaces nothing unasked`, {
    next: `Give another name with -f FILE, or --force to replace it.`,
  });
}

async function write(file: string, text: string, force: boolean): Promise<void> {
  try {
    await writeFile(file, text, { flag: force ? "w" : "wx" });
  } catch (cause) {
    if (fileCode(cause) === "EEXIST") throw taken(file);
    throw new PodtrustError("usage", `${file} cannot be written: ${errorText(cause)}`, { cause });
  }
}

/** What has to be there before `podtrust up`, in the order in which it is needed. */
function steps({ foundation, name, publishing }: Answers, file: string): readonly string[] {
  const dns = "zone" in name ? name.dns : undefined;
  const named = file === "podtrust.yaml" ? "" : ` -f ${shellWord(file)}`;
  return [
    ...(foundation.kind === "hetzner" || dns === "hetzner" ? ["export HCLOUD_TOKEN=…"] : []),
    ...(dns === "cloudflare" ? ["export CLOUDFLARE_API_TOKEN=…"] : []),
    ...(foundation.kind === "cluster" && publishing.kind !== "none"
      ? ["podtrust manifests publisher-rbac | kubectl apply -f -"]
      : []),
    `podtrust plan${named}`,
    `podtrust up${named}`,
  ];
}

/** `podtrust init`: asks, writes the file, and says what comes next. */
export async function runInit(context: CommandContext, options: InitCommandOptions): Promise<void> {
  const { output, env } = context;
  const file = context.path(options.file);
  const answers = await answersOf(context, options);
  const text = configText(answers);
  // What we write is read as any other config before anybody has it.
  await checkConfig(text, file, env);
  await write(file, text, options.force === true);
  const next = steps(answers, options.file);
  output.line(rich`${bold(basename(file))} is written. Next:`);
  for (const step of next) output.line(`  ${step}`);
  output.result({ file, stack: answers.stack, next });
}
