import { isRecord, type JsonRecord, PodtrustError, shellWord, textOf } from "../../core/base/index.ts";
import { isLoopback, request } from "../../core/http/index.ts";
import { unbroken } from "../../core/terminal/index.ts";
import type { ActionContext } from "../../core/command-line/index.ts";
import { type FrontEndpoint, languages } from "../front/index.ts";
import { fronted, wordOf } from "./relying-parties.ts";

/** The command-line options. */
export interface TypedEnv {
  readonly for: string;
  readonly language?: string;
  readonly url: string;
}

function addressOf(text: string): URL {
  const url = URL.parse(text);
  if (url?.protocol === "http:" && isLoopback(url.hostname.replaceAll(/^\[|\]$/gu, ""))) return url;
  throw new PodtrustError("usage", `--url ${text} is not a sandbox's address on this machine`, {
    next: "Give the address that the sandbox printed, as http://127.0.0.1:4580.",
  });
}

/** The sandbox's information about its front; undefined if it has none. */
async function frontAt(url: URL): Promise<JsonRecord | undefined> {
  const response = await request(new URL("/_podtrust/front", url).href, {
    timeoutMs: 10_000,
    maxBytes: 64 * 1024,
    allowPlainHttp: true,
  });
  if (response.status !== 200) return undefined;
  try {
    const said: unknown = JSON.parse(response.body.toString("utf8"));
    return isRecord(said) ? said : undefined;
  } catch {
    return undefined;
  }
}

/** Where the front is; undefined if the answer is not of one on this machine. */
function placeOf(said: JsonRecord): FrontEndpoint | undefined {
  const [url, caFile, trustStore] = [textOf(said["url"]), textOf(said["caFile"]), textOf(said["trustStore"])];
  const parsed = URL.parse(url ?? "");
  if (parsed?.protocol !== "http:" || !isLoopback(parsed.hostname)) return undefined;
  if (caFile === undefined || trustStore === undefined) return undefined;
  return { url: parsed.origin, caFile, trustStore };
}

/** Of the variables in the answer, those that a cloud has: another program may listen at that port. */
function cloudVariables(said: JsonRecord, cloud: keyof typeof fronted): Record<string, string> {
  const environment: unknown = isRecord(said["environment"]) ? said["environment"][cloud] : undefined;
  if (!isRecord(environment)) return {};
  return Object.fromEntries(
    fronted[cloud].flatMap((name) => {
      const value = textOf(environment[name]);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}

/** Prints what points clients of a language, or of all, at a running sandbox's stand-in for a cloud, as lines for a shell. */
export async function runEnv({ output }: ActionContext, typed: TypedEnv): Promise<void> {
  const cloud = wordOf("--for", typed.for, Object.keys(fronted) as (keyof typeof fronted)[]);
  const all = Object.keys(languages) as (keyof typeof languages)[];
  const wanted = typed.language === undefined ? all : [wordOf("--language", typed.language, all)];
  const said = await frontAt(addressOf(typed.url));
  const place = said === undefined ? undefined : placeOf(said);
  if (said === undefined || place === undefined)
    throw new PodtrustError("usage", `the sandbox at ${typed.url} has no front`, {
      next: `Start it with --for ${cloud}, and give the address that it prints as --url.`,
    });
  const variables = wanted.map((language) => languages[language](place));
  const environment = Object.fromEntries(
    [...variables, cloudVariables(said, cloud)].flatMap((one) => Object.entries(one)),
  );
  for (const [name, value] of Object.entries(environment))
    output.line(unbroken(`export ${name}=${shellWord(value)}`));
  output.result({ environment });
}
